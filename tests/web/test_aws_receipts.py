"""AWS from the message to its end: what is sent, what the topic brings, and whom it is believed."""

import json
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from otp_service import wiring
from otp_service.domain.times import milliseconds
from otp_service.service import vendor_fetch
from otp_service.service.core import now_ms
from otp_service.service.receipts import connection_path
from otp_service.settings import Settings
from tests.couriers import running_courier
from tests.nearby import Vendor, vendor_nearby
from tests.providers.sns_topic import KEY, TOPIC, certificate, signed
from tests.servers import at_work, wait_until
from tests.world import World


class Aws(BaseHTTPRequestHandler):
    """AWS's endpoint: it takes every message and names it by its turn."""

    taken: list[dict[str, Any]]
    taken_ms: list[int]

    def do_POST(self) -> None:
        self.taken_ms.append(now_ms())
        self.taken.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        answer = json.dumps({"MessageId": f"m-{len(self.taken)}"}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, format: str, *args: Any) -> None:
        pass


@pytest.fixture
def aws() -> Iterator[ThreadingHTTPServer]:
    """AWS's endpoint on a free port."""

    class Mine(Aws):
        taken: list[dict[str, Any]] = []  # noqa: RUF012
        taken_ms: list[int] = []  # noqa: RUF012

    server = ThreadingHTTPServer(("127.0.0.1", 0), Mine)
    with at_work(server):
        yield server


@pytest.fixture
def sns(monkeypatch: pytest.MonkeyPatch) -> Iterator[type[Vendor]]:
    """The host that keeps the topic's certificate and confirms subscriptions."""
    with vendor_nearby(certificate(KEY, at=time.time())) as sns:
        monkeypatch.setattr(vendor_fetch.FETCHED, "transport", sns.transport)
        monkeypatch.setattr(vendor_fetch.FETCHED, "_certificates", {})
        # A busy machine may need longer than a vendor is given.
        monkeypatch.setattr(vendor_fetch, "WAITS", dict.fromkeys(vendor_fetch.WAITS, 60))
        monkeypatch.setattr(vendor_fetch, "LIMIT_S", 60)
        yield sns


@pytest.fixture
def world(settings: Settings, tmp_path: Path, aws: ThreadingHTTPServer, sns: type[Vendor]) -> Iterator[World]:
    """A service that sends by AWS, with its courier."""
    file = tmp_path / "otp-service.toml"
    file.write_text(
        f"""[[providers]]
name = "aws"
kind = "aws_sms"
region = "eu-central-1"
access_key_id = "AKIDEXAMPLE000000001"
secret_access_key = "hush"
configuration_set = "otp"
topic_arn = "{TOPIC}"
base_url = "http://127.0.0.1:{aws.server_address[1]}"
"""
    )
    world = World(wiring.build(settings.model_copy(update={"config": file}), development_server=True))
    with running_courier(world.parts):
        yield world
    world.core.engine.dispose()


def posted(world: World, envelope: dict[str, str]) -> int:
    """The status with which the service answers an envelope at the address that the topic was given."""
    path = connection_path(world.core, "aws")
    answer = world.app.test_client().post(path, data=json.dumps(envelope), content_type="text/plain; charset=UTF-8")
    return answer.status_code


def event(kind: str, id_: str = "m-1", **changes: str) -> dict[str, str]:
    return signed(Message=json.dumps({"eventType": kind, "messageId": id_}), **changes)


def sent(world: World) -> str:
    """The id of a verification whose message AWS has taken."""
    id_: str = world.api.start().get_json()["id"]
    wait_until(lambda: status(world, id_) == "accepted", 60)
    return id_


def status(world: World, id_: str) -> str:
    return str(world.api.get(f"/v1/verifications/{id_}").get_json()["messages"][0]["status"])


def test_message_is_followed_to_its_end(world: World, aws: ThreadingHTTPServer) -> None:
    """A code goes out with its remaining life, and the topic's events move it up."""
    id_ = sent(world)
    (taken,), (taken_ms,) = aws.RequestHandlerClass.taken, aws.RequestHandlerClass.taken_ms  # type: ignore[attr-defined]
    left_ms = milliseconds(world.api.get(f"/v1/verifications/{id_}").get_json()["expires_at"]) - taken_ms
    assert left_ms // 1000 <= taken["TimeToLive"] <= 600
    assert posted(world, event("TEXT_SUCCESSFUL")) == 204
    assert status(world, id_) == "sent"
    assert posted(world, event("TEXT_DELIVERED")) == 204
    assert status(world, id_) == "delivered"


def test_subscription_is_confirmed_by_itself(world: World, sns: type[Vendor]) -> None:
    """The request to confirm is answered, and SNS is told so at its own host."""
    assert posted(world, signed(kind="SubscriptionConfirmation")) == 204
    assert [path for _, path in sns.asked if "ConfirmSubscription" in path] == [
        f"/?Action=ConfirmSubscription&TopicArn={TOPIC}&Token=2336412f37"
    ]


def test_forged_envelope_is_refused_and_changes_nothing(world: World, sns: type[Vendor]) -> None:
    """An event or a request to confirm that was changed on its way is 401, and confirms nothing."""
    id_ = sent(world)
    assert posted(world, {**event("TEXT_DELIVERED"), "Timestamp": "2026-09-21T13:00:01.000Z"}) == 401
    assert posted(world, {**signed(kind="SubscriptionConfirmation"), "Token": "0123"}) == 401
    assert posted(world, event("TEXT_DELIVERED", TopicArn=TOPIC + "-of-others")) == 401
    assert status(world, id_) == "accepted"
    assert [path for _, path in sns.asked if "ConfirmSubscription" in path] == []


def test_event_waits_with_the_vendor_while_the_certificate_cant_be_had(world: World, sns: type[Vendor]) -> None:
    """Without the certificate an event is 503, so that SNS sends it again, and is taken then."""
    id_ = sent(world)
    sns.answers["status"] = 503
    assert posted(world, event("TEXT_DELIVERED")) == 503
    sns.answers["status"] = 200
    assert posted(world, event("TEXT_DELIVERED")) == 204
    assert status(world, id_) == "delivered"
