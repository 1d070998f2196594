"""`otp-service doctor`: what is wrong with an installation, and what to do about it."""

import json
import re
import shutil
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.loaded import Loaded
from tests.e2e.operating import Operator, operating

FINDING = {"level", "about", "said", "advice"}


@pytest.fixture(scope="module")
def well(migrated: Path, commands: Loaded) -> Iterator[Operator]:
    """An installation that is as it should be."""
    with operating(commands) as operator:
        shutil.copy(migrated, operator.made.folder / "otp.db")
        yield operator


@pytest.fixture
def redis_that_forgets(well: Operator) -> Iterator[None]:
    """Redis as nobody should run it, for the length of a test."""
    with well.made.redis.client() as client:
        client.config_set("appendonly", "no")
        client.config_set("maxmemory-policy", "allkeys-lru")
        yield
        client.config_set("maxmemory-policy", "noeviction")
        client.config_set("appendonly", "yes")


def blockers(told: str) -> list[str]:
    """The numbered lines at the end, without their numbers."""
    count, lines = re.search(r"\n(\d+) blockers for production[.:]\n(.*)\Z", told, re.DOTALL).groups()  # type: ignore[union-attr]
    numbered = re.findall(r"^(\d+)\. (.+)$", lines, re.MULTILINE)
    assert [int(number) for number, _ in numbered] == list(range(1, int(count) + 1))
    return [line for _, line in numbered]


def test_a_good_installation_has_no_blockers(well: Operator) -> None:
    """On an installation that is as it should be `doctor --production` finds no blocker and exits 0."""
    told = well.reads("doctor", "--production")

    assert blockers(told) == []
    assert "BLOCKER" not in told
    for words in ("the ring holds k1", "schema at this release's", "vendor (webhook)", "append-only", "evicts nothing"):
        assert words in told


@pytest.mark.usefixtures("redis_that_forgets")
def test_every_blocker_is_numbered_and_says_what_to_do(well: Operator) -> None:
    """`doctor --production` exits 1 and ends with all blockers, numbered, each with what to do."""
    wrong = {"OTP_PUBLIC_URL": "http://otp.example", "OTP_CONFIG": "", "OTP_DATABASE_URL": "sqlite:///fresh.db"}

    told = well.types("doctor", "--production", **wrong)

    assert told.returncode == 1
    found = dict(line.split(" - ") for line in blockers(told.stdout))
    assert found == {
        "public url: OTP_PUBLIC_URL is not https": "put a TLS proxy in front and name its URL",
        "ledger: OTP_DATABASE_URL: the ledger has no tables yet: run `otp-service migrate`": (
            "run `otp-service migrate`, or look at the URL and the keys"
        ),
        "providers: none is configured": "name one in the file of OTP_CONFIG; see docs/providers.md",
        "redis: keeps no append-only file: a restart forgets failures and limits": "set appendonly yes",
        "redis: maxmemory-policy allkeys-lru deletes failure counts": "set it to noeviction",
    }


def test_an_old_schema_is_a_blocker(well: Operator) -> None:
    """A ledger that an older release left is a blocker, with both revisions and the command that brings it on."""
    path = well.made.folder / "old.db"
    shutil.copy(well.made.folder / "otp.db", path)
    with sqlite3.connect(path) as old:
        old.execute("UPDATE alembic_version SET version_num = '0000'")
    old.close()

    told = well.types("doctor", "--production", OTP_DATABASE_URL=f"sqlite:///{path}")

    assert told.returncode == 1
    (only,) = blockers(told.stdout)
    assert re.search(r"is at revision 0000, this release needs \d{4}: run `otp-service migrate`", only)


def test_a_redis_that_is_away_is_a_blocker(well: Operator) -> None:
    """A Redis that does not answer is a blocker, and everything else is looked at all the same."""
    told = well.types("doctor", "--production", OTP_REDIS_URL="redis://127.0.0.1:1/0")

    assert told.returncode == 1
    assert blockers(told.stdout) == [
        "redis: it does not answer - look at OTP_REDIS_URL and whether the server runs",
    ]


def test_settings_that_are_wrong_are_blockers(well: Operator) -> None:
    """Settings that cannot be read are blockers, all of them at once."""
    told = well.types("doctor", "--production", OTP_MASTER_KEYS="", OTP_REDIS_URL="memory://")

    assert told.returncode == 1
    assert [line.split(": ")[:2] for line in blockers(told.stdout)] == [
        ["settings", "OTP_MASTER_KEYS"],
        ["settings", "OTP_REDIS_URL"],
    ]


def test_json_has_every_finding(well: Operator) -> None:
    """With --json the doctor answers each finding with level, subject, words and advice; a blocker still exits 1."""
    told = well.types("doctor", "--json", OTP_CONFIG="")
    found = json.loads(told.stdout)

    assert told.returncode == 1
    assert all(finding.keys() == FINDING for finding in found)
    assert [finding["about"] for finding in found if finding["level"] == "blocker"] == ["providers"]


def test_what_only_production_needs_is_a_note_in_development(well: Operator) -> None:
    """In development the simulator is provider enough and a public URL is not missed: the doctor exits 0."""
    found = well.gets("doctor", OTP_ENV="development", OTP_CONFIG="", OTP_PUBLIC_URL="")

    assert [finding["about"] for finding in found if finding["level"] == "note"] == ["public url"]
    assert "simulator (simulator)" in [finding["said"] for finding in found]


def test_a_captcha_without_keys_is_noted(well: Operator) -> None:
    """A policy that asks for a CAPTCHA which the configuration does not have is noted, with what to add."""
    well.reads("apps", "create", "Guarded", "--countries", "CH")
    well.reads("apps", "set", "Guarded", "policy.challenge=turnstile")

    told = well.reads("doctor")

    well.reads("apps", "set", "Guarded", "policy.challenge=none")
    assert "a policy asks for turnstile, which has no keys: proof of work is asked for instead" in told
    assert "add [captchas.turnstile]" in told
