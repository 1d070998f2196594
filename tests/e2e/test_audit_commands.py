"""`audit`, as it is typed at an installation."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from otp_service.domain.heads import from_line, is_signed, sign, to_line
from otp_service.domain.keys import parse_ring
from otp_service.ledger import audit
from otp_service.ledger.engine import make_engine, reading
from tests.e2e.loaded import Loaded
from tests.e2e.operating import Operator, operating
from tests.world import MASTER_KEYS


@pytest.fixture
def operator(commands: Loaded) -> Iterator[Operator]:
    """An installation with three applications."""
    with operating(commands) as made:
        made.reads("migrate")
        for name in ("shop", "bank", "club"):
            made.reads("apps", "create", name, "--countries", "CH")
        yield made


@pytest.fixture
def engine(operator: Operator) -> Iterator[Engine]:
    """Its ledger, for those who get at it past the service."""
    made = make_engine(operator.made.environment["OTP_DATABASE_URL"])
    yield made
    made.dispose()


def test_a_good_audit_is_said_to_be_good(operator: Operator) -> None:
    """`audit verify` ends with 0 and tells how many entries there are."""
    told = operator.gets("audit", "verify")
    assert (told["good"], told["verified_to"], told["bad"]) == (True, 3, None)


def test_who_waits_at_a_terminal_sees_how_far_it_is(operator: Operator) -> None:
    """A terminal shows a bar with the entries that were read, on standard error; a pipe gets the answer alone."""
    shown = operator.types("audit", "verify", FORCE_COLOR="1", TERM="xterm", COLUMNS="100")
    assert shown.returncode == 0
    assert "verifying" in shown.stderr
    assert "3/3" in shown.stderr
    assert operator.types("audit", "verify").stderr == ""
    assert operator.reads("audit", "verify") == "All 3 entries are as they were written, and so is every head.\n"


def test_the_first_bad_entry_is_named(operator: Operator, engine: Engine) -> None:
    """`audit verify` ends with 1 and names the entry in which one letter was changed."""
    with engine.begin() as connection:
        connection.execute(text("UPDATE audit SET actor = 'nobody' WHERE seq = 2"))

    found = operator.types("audit", "verify")
    as_json = operator.types("audit", "verify", "--json")

    assert (found.returncode, as_json.returncode) == (1, 1)
    assert found.stdout.startswith("Entry 2 is not what was written: its hash does not fit what it says.")
    assert json.loads(as_json.stdout)["bad"]["seq"] == 2


def test_heads_from_elsewhere_show_what_was_cut_off(operator: Operator, engine: Engine) -> None:
    """A ledger that was turned back in every table is good by itself, and bad by a file of heads."""
    with reading(engine) as connection:
        head = sign(parse_ring(MASTER_KEYS), *audit.head(connection), 1_800_000_000_000)
    file = Path(operator.made.folder) / "heads.jsonl"
    file.write_text(to_line(head) + "\n")
    assert operator.gets("audit", "verify", "--heads", str(file))["heads"] == 1

    with engine.begin() as connection:
        connection.execute(text("DELETE FROM audit WHERE seq = 3"))
        connection.execute(
            text("UPDATE meta SET value = (SELECT '2:' || hash FROM audit WHERE seq = 2) WHERE name = 'audit_head'")
        )

    assert operator.gets("audit", "verify")["good"]
    found = operator.types("audit", "verify", "--heads", str(file))
    assert found.returncode == 1
    assert found.stdout.startswith("Entry 3 is missing at the end: a head signed at 2027-01-15T08:00:00")


def test_a_file_of_something_else_is_refused(operator: Operator) -> None:
    """A line that is no head is named, and nothing is said to be good."""
    file = Path(operator.made.folder) / "heads.jsonl"
    file.write_text('{"seq": 1}\n')
    found = operator.types("audit", "verify", "--heads", str(file))
    assert found.returncode == 1
    assert f"line 1 of {file} is no head" in found.stderr


def test_the_keys_of_heads_are_told(operator: Operator) -> None:
    """`audit key` tells the public key that verifies what this installation signs."""
    (key,) = operator.gets("audit", "key")["keys"]
    head = sign(parse_ring(MASTER_KEYS), 7, "x", 1)
    assert is_signed(from_line(to_line(head)), key["x"])
    assert key["x"] in operator.reads("audit", "key")


def test_it_is_listed_and_exported(operator: Operator) -> None:
    """`audit list` tells the newest first and can be filtered; `audit export` writes all of it, oldest first."""
    listed = operator.gets("audit", "list")
    assert [entry["seq"] for entry in listed] == [3, 2, 1]
    assert [entry["seq"] for entry in operator.gets("audit", "list", "--application", "bank")] == [2]
    assert operator.gets("audit", "list", "--act", "key.*", "--from", "2020-01-01T00:00:00Z") == []
    newest = operator.types("audit", "list", "--limit", "2", "--json")
    assert (json.loads(newest.stdout), "these are the newest 2" in newest.stderr) == (listed[:2], True)
    assert operator.types("audit", "list", "--limit", "3").stderr == ""
    assert operator.gets("audit", "list", "--all") == listed
    file = Path(operator.made.folder) / "audit.jsonl"
    operator.reads("audit", "export", str(file))
    assert [json.loads(line) for line in file.read_text().splitlines()] == listed[::-1]
