"""Delivery receipts, from the code that goes out through Twilio's API to the status that a caller reads."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import pytest
from twilio.request_validator import RequestValidator
from werkzeug.test import TestResponse

from otp_service import wiring
from otp_service.domain.times import milliseconds
from otp_service.service.core import now_ms
from otp_service.settings import Settings
from tests.contract.spec import validate_response
from tests.couriers import running_courier
from tests.keyspace import drain, facts
from tests.servers import at_work, wait_until
from tests.world import NUMBER, World

ACCOUNT, TOKEN = "AC" + "0" * 31 + "1", "a-token-of-the-test"


@dataclass
class Twilio:
    """A local server that takes messages as Twilio's API does."""

    url: str = ""
    forms: list[dict[str, str]] = field(default_factory=list)
    asked_ms: list[int] = field(default_factory=list)

    def sid(self) -> str:
        return f"SM{len(self.forms):032d}"


@pytest.fixture
def twilio() -> Iterator[Twilio]:
    """The vendor, on a free port."""
    vendor = Twilio()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            vendor.asked_ms.append(now_ms())
            vendor.forms.append(dict(parse_qsl(body)))
            answer = json.dumps({"sid": vendor.sid(), "status": "queued"}).encode()
            self.send_response(201)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_: object) -> None:
            """Nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    vendor.url = f"http://127.0.0.1:{server.server_port}"
    with at_work(server):
        yield vendor


@pytest.fixture
def sent(settings: Settings, twilio: Twilio, tmp_path: Path) -> Iterator[tuple[World, str, dict[str, str]]]:
    """A service whose provider is Twilio, a verification of it, and the form by which its message was handed over."""
    file = tmp_path / "otp-service.toml"
    options = f'account_sid = "{ACCOUNT}"\nauth_token = "{TOKEN}"\nsender = "Shop"\nbase_url = "{twilio.url}"\n'
    file.write_text(f'[[providers]]\nname = "twilio"\nkind = "twilio"\n{options}')
    world = World(wiring.build(settings.model_copy(update={"config": file}), development_server=True))
    with running_courier(world.parts):
        id_ = world.api.start().get_json()["id"]
        wait_until(lambda: status(world, id_) == "accepted", 60)
        yield world, id_, twilio.forms[0]
    world.core.engine.dispose()


def status(world: World, id_: str) -> str:
    """The status of the verification's message, as callers read it."""
    return str(world.api.get(f"/v1/verifications/{id_}").get_json()["messages"][0]["status"])


def report(world: World, form: dict[str, str], said: str, signature: str | None = None, **more: str) -> TestResponse:
    """Twilio's status callback to the URL that its message named."""
    url = form["StatusCallback"].partition("#")[0]
    body = {"MessageSid": "SM" + "0" * 31 + "1", "MessageStatus": said, "To": form["To"], **more}
    made = RequestValidator(TOKEN).compute_signature(url, body) if signature is None else signature
    path = urlsplit(url).path
    answer = world.app.test_client().post(path, data=body, headers={"X-Twilio-Signature": made})
    validate_response("POST", path, answer.status_code, answer.headers, answer.get_data())
    return answer


Sent = tuple[World, str, dict[str, str]]


def test_the_code_goes_out_with_a_place_to_report_to(sent: Sent, twilio: Twilio) -> None:
    """The vendor gets number, text and sender, what is left of the code's life, and a URL to report to."""
    world, id_, form = sent
    assert (form["To"], form["From"]) == (NUMBER, "Shop")
    assert world.code(id_) in form["Body"]
    left_ms = milliseconds(world.api.get(f"/v1/verifications/{id_}").get_json()["expires_at"]) - twilio.asked_ms[0]
    assert left_ms // 1000 <= int(form["ValidityPeriod"]) <= 600
    assert form["StatusCallback"].startswith("https://otp.example/v1/callbacks/twilio/")


def test_a_receipt_moves_the_message_up_and_never_down(sent: Sent) -> None:
    """`delivered` counts though `sent` comes after it, in the store and in the ledger, and approves nothing."""
    world, id_, form = sent
    assert [report(world, form, said).status_code for said in ("delivered", "sent", "delivered")] == [204, 204, 204]
    assert status(world, id_) == "delivered"
    drain(world)
    world.core.link.command("FLUSHALL")
    found = world.api.get(f"/v1/verifications/{id_}").get_json()
    assert (found["messages"][0]["status"], found["messages"][0]["provider"]) == ("delivered", "twilio")
    assert found["approved_at"] is None


def test_a_failure_is_told_with_its_reason(sent: Sent) -> None:
    """Twilio's error code reaches the caller in the service's words."""
    world, id_, form = sent
    report(world, form, "undelivered", ErrorCode="30006")
    message = world.api.get(f"/v1/verifications/{id_}").get_json()["messages"][0]
    assert (message["status"], message["reason"]) == ("undelivered", "not_mobile")


def test_a_forged_receipt_changes_nothing(sent: Sent) -> None:
    """A wrong signature, another provider's name or a changed token is refused, and the message stays as it was."""
    world, id_, form = sent
    assert report(world, form, "delivered", signature="bm90IHR3aWxpbw==").status_code == 401
    elsewhere = {**form, "StatusCallback": form["StatusCallback"].replace("/twilio/", "/simulator/")}
    assert report(world, elsewhere, "delivered").status_code == 404
    changed = {**form, "StatusCallback": form["StatusCallback"].replace("/receipts", "A/receipts")}
    assert report(world, changed, "delivered").status_code == 401
    assert status(world, id_) == "accepted"


def test_a_receipt_a_thousand_times_is_one_change(sent: Sent) -> None:
    """A replayed receipt is answered, and leaves nothing more behind than the first."""
    world, id_, form = sent
    report(world, form, "delivered")
    drain(world)
    before = world.record(id_)
    assert {report(world, form, "delivered").status_code for _ in range(1000)} == {204}
    assert world.record(id_) == before
    assert facts(world) == []
