"""Production on PostgreSQL as an operator sets it up: with the commands of the guide and nothing else."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from otp_service.client import Client
from tests.e2e.production import Production, installation
from tests.e2e.sinks import found, tables
from tests.ledger.postgres import postgres_server
from tests.servers import wait_until

NUMBER = "+41791234567"
SCOPES = "verifications:start,verifications:check,reports"


@pytest.fixture(scope="module")
def made() -> Iterator[Production]:
    """An installation on an empty PostgreSQL."""
    with postgres_server() as database, installation(database.url.format(name="postgres"), "everysec") as made:
        yield made


def told(made: Production, *command: str) -> Any:
    """What a command answers in JSON."""
    ended = made.command(*command, "--json")
    assert ended.returncode == 0, ended.stderr
    return json.loads(ended.stdout)


def test_a_login_on_postgresql_from_the_first_command_to_the_used_up_code(made: Production) -> None:
    """From an empty PostgreSQL, commands make an application and a key; the doctor is content, and a login runs."""
    assert "The ledger is at" in made.command("migrate").stdout
    told(made, "apps", "create", "Shop", "--countries", "CH")
    told(made, "apps", "set", "Shop", "policy.code_length=10")
    key = told(made, "keys", "create", "--application", "Shop", "--scopes", SCOPES)["key"]
    made.serve()
    made.work()
    made.ready()
    assert "0 blockers for production" in made.command("doctor", "--production").stdout

    with Client(made.url, key, timeout=60) as client:
        started = client.start(NUMBER, locale="de-CH")
        wait_until(lambda: made.vendor.sent_to(NUMBER), 60)
        (sms,) = made.vendor.sent_to(NUMBER)
        guesses = [client.check(id=started.id, code=code) for code in ("0000000000", sms.code, sms.code)]
        made.settles()
        (listed,) = client.list(to=NUMBER)

    assert [(guess.valid, guess.reason) for guess in guesses] == [
        (False, "wrong_code"),
        (True, None),
        (False, "already_used"),
    ]
    assert (listed.id, listed.status, listed.to) == (started.id, "approved", NUMBER)
    assert [(message.status, message.provider) for message in listed.messages] == [("accepted", "vendor")]
    assert found([sms.code, NUMBER[1:], key.split("_")[3]], {"tables": tables(made)}) == []
