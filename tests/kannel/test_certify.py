"""`providers certify` sends one real message and keeps a proof that may be shown."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from otp_service.commands.certify import certify, last_proven
from otp_service.providers.matrix import NEVER, markdown, vendors
from tests.kannel.conftest import Joined
from tests.world import MASTER_KEYS

NUMBER = "+41791110042"


@pytest.fixture
def run(joined: Joined, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """The joined service's settings as the environment, and a folder for transcripts."""
    settings = joined.world.parts.settings
    monkeypatch.chdir(tmp_path)
    for name, value in {
        "ENV": settings.env,
        "REDIS_URL": settings.redis_url,
        "DATABASE_URL": settings.database_url.get_secret_value(),
        "MASTER_KEYS": MASTER_KEYS,
        "PUBLIC_URL": settings.public_url,
        "CONFIG": str(settings.config),
        "LOG_LEVEL": "error",
    }.items():
        monkeypatch.setenv(f"OTP_{name}", value)
    return tmp_path / "proven"


def certified(out: Path, name: str = "own", to: str = NUMBER, timeout: int = 60) -> Result:
    """What the command did."""
    return CliRunner().invoke(certify, [name, "--to", to, "--timeout", str(timeout), "--out", str(out)])


def test_a_delivered_message_is_proven(joined: Joined, run: Path) -> None:
    """One message goes out, its receipt is waited for, and the transcript says how far it came."""
    result = certified(run)
    assert result.exit_code == 0, result.output
    assert len(joined.stand.centre.submitted(NUMBER)) == 1
    (file,) = run.glob("*.json")
    told = json.loads(file.read_text())
    assert told["proven"] == "delivered"
    assert [receipt["status"] for receipt in told["receipts"]][-1] == "delivered"
    assert last_proven(run) == {"kannel": f"{told['at'][:10]} (delivered)"}
    assert f"{told['at'][:10]} (delivered)" in markdown(last_proven(run))


def test_a_transcript_holds_neither_number_nor_text_nor_secret(joined: Joined, run: Path) -> None:
    """Whoever reads a transcript learns nothing that he could use or that is a person's."""
    certified(run, to="+41791110043")
    (file,) = run.glob("*.json")
    kept = file.read_text()
    (sent,) = joined.stand.centre.submitted("+41791110043")
    for secret in ("41791110043", sent["text"], "hush-hush", joined.world.parts.settings.public_url):
        assert secret not in kept


def test_a_failed_message_proves_no_delivery(joined: Joined, run: Path) -> None:
    """A receipt that says no is in the transcript, and proves no more than that the vendor took the message."""
    joined.stand.centre.tell("stat UNDELIV err 043")
    certified(run, to="+41791110044")
    (file,) = run.glob("*.json")
    told = json.loads(file.read_text())
    assert (told["proven"], told["receipts"][-1]["raw"]) == ("accepted", "err.043")


def test_an_unknown_name_is_refused_with_those_there_are(run: Path) -> None:
    """A name that is not configured is refused before anything is sent."""
    refused = certified(run, name="nobody")
    assert refused.exception
    assert "there are own" in str(refused.exception)
    assert not run.exists()


def test_nothing_proven_is_said_to_be_never() -> None:
    """A vendor without a transcript was never proven live."""
    assert markdown({}).count(NEVER) == len(vendors())
