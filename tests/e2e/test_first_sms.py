"""docs/first-sms.md, played as it stands there, with Twilio's API nearby instead of far away."""

import base64
import contextlib
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from otp_service.providers.twilio_words import ERRORS
from tests.e2e.terminal import ROOT, STARTS_WITHIN_S, Dev, dev, shell, surroundings, typed
from tests.e2e.twilio import Sms, Twilio, twilio_nearby
from tests.servers import RedisServer, free_port, redis_server, wait_until

PAGE = (ROOT / "docs/first-sms.md").read_text()
COMMANDS = [
    command
    for block in re.findall(r"^```sh\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)
    for command in re.split(r"(?<!\\)\n", block.strip())
]
TYPED = [command for command in COMMANDS if not command.startswith("export ")]
EXPLAIN, SEND, START, CHECK, LOOK, CERTIFY = TYPED[1:]
NUMBER, PROVEN, TRIAL, REPORTED = (f"+4179123456{last}" for last in (7, 8, 9, 6))
ARRIVES_WITHIN_S = 90


def exported(*, reports: bool) -> str:
    """What the page exports, in its order: up to step 6, or all of it."""
    exports = [command for command in COMMANDS if command.startswith("export ")]
    return "\n".join(each for each in exports if reports or "OTP_PUBLIC_URL" not in each)


@dataclass(frozen=True)
class Newcomer:
    """Somebody who follows the page in a folder, and the Twilio that answers."""

    folder: Path
    twilio: Twilio
    redis: RedisServer

    def shell_after(self, exports: str) -> dict[str, str]:
        """The environment of a shell in which this was typed."""
        told = shell(f"{exports}\nenv -0", surroundings(), self.folder)
        assert told.returncode == 0, told.stderr
        return dict(line.split("=", 1) for line in told.stdout.split("\0") if line)

    @contextlib.contextmanager
    def service(self, *, reports: bool = False) -> Iterator["Running"]:
        """The service of step 5, or the one of step 7, with its tunnel."""
        environment, port = self.shell_after(exported(reports=reports)), free_port()
        # Its store may be as late as a busy machine makes it: nothing here is about that.
        given = {**environment, "OTP_REDIS_URL": self.redis.url}
        with typed(f"{SEND} --json --port {port}", given, self.folder) as popen:
            running = Dev(popen.popen, popen.out, popen.err)
            url = f"http://127.0.0.1:{port}"
            assert running.ready["url"] == ("https://something.example.com" if reports else url)
            wait_until(lambda: httpx.get(f"{url}/readyz", timeout=60).status_code == 200, STARTS_WITHIN_S)
            self.twilio.tunnel = url if reports else ""
            yield Running(self, {**environment, "URL": url, "KEY": running.key})


@dataclass(frozen=True)
class Running:
    """The service, and a second shell in which URL and KEY are set."""

    newcomer: Newcomer
    environment: Mapping[str, str]

    def pasted(self, command: str, to: str = NUMBER, **names: str) -> Any:
        """What a curl command of the page answers, with the newcomer's own number in it."""
        told = shell(command.replace(NUMBER, to), {**self.environment, **names}, self.newcomer.folder)
        assert told.returncode == 0, told.stderr
        return json.loads(told.stdout)

    def message(self, id: str) -> Any:
        """What step 6 shows, which is a problem as long as the ledger does not have the message."""
        return self.pasted(LOOK, MESSAGE_ID=id)

    def becomes(self, id: str, status: str) -> Any:
        """The message, once it has come to this."""
        wait_until(lambda: self.message(id)["status"] == status, ARRIVES_WITHIN_S, 0.2)
        return self.message(id)

    def arrived(self, to: str) -> Sms:
        """What the number was sent, once it was."""
        wait_until(lambda: bool(self.newcomer.twilio.sent_to(to)), ARRIVES_WITHIN_S)
        return self.newcomer.twilio.sent_to(to)[0]


@pytest.fixture(scope="module")
def newcomer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Newcomer]:
    """Somebody who has done steps 1 to 3; what is different is where Twilio's API stands."""
    folder = tmp_path_factory.mktemp("first-sms")
    with dev(folder / ".otp-service"):
        pass  # step 1 is played by the test of README.md; here it leaves its folder behind
    (configuration,) = re.findall(r"^```toml\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)
    token = re.findall(r"TWILIO_AUTH_TOKEN=(\w+)", PAGE)[0]
    with twilio_nearby(token) as twilio, redis_server() as redis:
        (folder / "otp-service.toml").write_text(f'{configuration}base_url = "{twilio.url}"\n')
        yield Newcomer(folder, twilio, redis)


@pytest.fixture
def running(newcomer: Newcomer) -> Iterator[Running]:
    with newcomer.service() as made:
        yield made


@pytest.fixture
def reported(newcomer: Newcomer) -> Iterator[Running]:
    with newcomer.service(reports=True) as made:
        yield made


def test_the_commands_are_those_that_are_played_here() -> None:
    """The page has the commands that these tests play, in that order."""
    assert TYPED[0] == "make dev"
    assert SEND == "otp-service dev"
    assert [command.split()[:3] for command in (EXPLAIN, CERTIFY)] == [
        ["otp-service", "route", "explain"],
        ["otp-service", "providers", "certify"],
    ]


def test_a_look_before_sending_names_the_vendor(newcomer: Newcomer) -> None:
    """Step 4, typed before anything runs, names the provider, its sender and its price."""
    told = shell(EXPLAIN, newcomer.shell_after(exported(reports=False)), newcomer.folder)

    assert told.returncode == 0, told.stderr
    assert re.search(r"^1 +twilio +\+15005550006 +0\.\d+ USD", told.stdout, re.MULTILINE)


def test_a_service_with_a_vendor_asks_for_ones_own_number(newcomer: Newcomer) -> None:
    """In step 5 the line to copy says by whom the code goes out, and that the number in it is nobody's to try."""
    with typed(f"{SEND} --port 0", newcomer.shell_after(exported(reports=False)), newcomer.folder) as running:
        running.wait_for("Ctrl-C stops it.")

        assert "Request a code; it goes out by twilio, so put your own number in:" in running.said


def test_a_code_arrives_and_is_right(running: Running) -> None:
    """Step 5 hands one message to Twilio, as the account and sender of the page, and its code is a login."""
    started = running.pasted(START)
    sms = running.arrived(NUMBER)
    code = re.search(r"\b\d{6}\b", sms.form["Body"])
    assert code
    checked = running.pasted(CHECK.replace("CODE", code[0]))

    account, token = (running.environment[f"TWILIO_{name}"] for name in ("ACCOUNT_SID", "AUTH_TOKEN"))
    assert sms.path == f"/2010-04-01/Accounts/{account}/Messages.json"
    assert sms.authorization == "Basic " + base64.b64encode(f"{account}:{token}".encode()).decode()
    assert sms.form["From"] == "+15005550006"
    assert 0 < int(sms.form["ValidityPeriod"]) <= 600
    assert "StatusCallback" not in sms.form  # nobody could call it: Twilio would refuse the message
    assert running.becomes(started["message_id"], "accepted")["receipts"] == []
    assert (checked["valid"], checked["id"]) == (True, started["id"])


def test_what_a_trial_account_refuses_is_told_and_mended(running: Running) -> None:
    """Step 6 shows the try with the sentence of the page; once the number is verified the code arrives by itself."""
    twilio = running.newcomer.twilio
    twilio.unverified.add(TRIAL)
    started = running.pasted(START, TRIAL)
    tried: list[Any] = []
    wait_until(
        lambda: bool(tried) or tried.extend(running.message(started["message_id"]).get("attempts", ())),
        ARRIVES_WITHIN_S,
        0.2,
    )
    attempt = tried[0]
    twilio.unverified.clear()
    told = running.becomes(started["message_id"], "accepted")

    assert (attempt["provider"], attempt["verdict"], attempt["raw"]) == ("twilio", "misconfigured", "21608")
    assert attempt["detail"] == ERRORS["21608"].hint
    assert f'`21608`: "{attempt["detail"]}"' in " ".join(PAGE.split())
    assert [each["verdict"] for each in told["attempts"]][-1] == "accepted"
    assert len(twilio.sent_to(TRIAL)) == 1


def test_a_signed_report_and_no_other_ends_the_message(reported: Running) -> None:
    """Step 7: a report that Twilio's SDK signed makes it delivered; a changed one is refused and moves nothing."""
    twilio = reported.newcomer.twilio
    tunnel, twilio.tunnel = twilio.tunnel, ""
    started = reported.pasted(START, REPORTED)
    sms = reported.arrived(REPORTED)
    reported.becomes(started["message_id"], "accepted")
    twilio.tunnel = tunnel
    forged = twilio.report(sms, "failed", signed_for="delivered")
    believed = twilio.report(sms, "delivered")
    told = reported.becomes(started["message_id"], "delivered")

    assert sms.form["StatusCallback"].startswith("https://something.example.com/v1/callbacks/twilio/")
    assert (forged, believed) == (401, 204)
    assert [(each["status"], each["provider_message_id"]) for each in told["receipts"]] == [("delivered", sms.sid)]


def test_the_proof_is_kept(reported: Running) -> None:
    """Step 8 sends one message, hears its report, and writes how far it came, without the number or a secret."""
    told = shell(CERTIFY.replace(NUMBER, PROVEN), reported.environment, reported.newcomer.folder)
    assert told.returncode == 0, told.stdout + told.stderr
    (file,) = (reported.newcomer.folder / "docs/providers/proven").glob("twilio-*.json")
    kept = file.read_text()

    assert json.loads(kept)["proven"] == "delivered"
    (sms,) = reported.newcomer.twilio.sent_to(PROVEN)
    secrets = (PROVEN[1:], sms.form["Body"], *(reported.environment[f"TWILIO_{name}"] for name in ("ACCOUNT_SID",)))
    assert not [secret for secret in secrets if secret in kept]
