"""The commands of operators, as they are typed: what they answer, and how they refuse."""

import json
import re
import shutil
import socket
from collections.abc import Iterator
from pathlib import Path

import click
import httpx
import pytest
from click.testing import CliRunner

from otp_service.__main__ import COMMANDS, cli
from tests.e2e.loaded import Loaded
from tests.e2e.operating import Operator, operating
from tests.servers import wait_until
from tests.world import MASTER_KEYS

REVOKED_WITHIN_S = 60  # on a machine that is not busy it is five
APPLICATION = {"id", "name", "created_at", "most_per_hour_micros", "policy"}
KEY = {"id", "application", "name", "scopes", "test", "ips", "expires_at", "revoked_at"}
OTHER_KEYS = "k1:" + "QkJC" * 10 + "QkI="
UNREACHABLE = "postgresql://otp:wordpass@127.0.0.1:1/otp"


@pytest.fixture(scope="module")
def shop(migrated: Path, commands: Loaded) -> Iterator[Operator]:
    """An installation with the application `Shop`, and nothing running."""
    with operating(commands) as operator:
        shutil.copy(migrated, operator.made.folder / "otp.db")
        operator.reads("apps", "create", "Shop", "--countries", "CH,DE")
        yield operator


def commands_of(group: click.Group, path: str = "") -> Iterator[tuple[str, click.Command]]:
    """Every command by its path, with those of groups."""
    context = click.Context(group)
    for name in group.list_commands(context):
        found = group.get_command(context, name)
        assert found
        yield f"{path} {name}".strip(), found
        if isinstance(found, click.Group):
            yield from commands_of(found, name)


def test_every_command_tells_what_it_does() -> None:
    """Every command has a --help that says in a sentence what it does, and what each of its options does."""
    mute = []
    for path, command in commands_of(cli):
        told = CliRunner().invoke(cli, [*path.split(), "--help"])
        options = [each for each in command.params if isinstance(each, click.Option)]
        if told.exit_code or not command.help or command.help.splitlines()[0] not in " ".join(told.output.split()):
            mute.append(path)
        mute += [f"{path} {option.opts[0]}" for option in options if not option.help]

    assert mute == []


def test_the_list_of_commands_cuts_no_sentence() -> None:
    """`otp-service --help` has a whole sentence for each command."""
    told = CliRunner().invoke(cli, ["--help"], terminal_width=80)
    listed = told.output.partition("Commands:\n")[2].splitlines()

    assert len(listed) == len(COMMANDS)
    assert all(line.endswith(".") and not line.endswith("...") for line in listed)


def test_an_application_is_created_shown_and_listed(shop: Operator) -> None:
    """`apps create` makes an application, `apps show` says what an hour of it can cost, and `apps list` has it."""
    created = shop.gets("apps", "create", "Kiosk", "--countries", "all")
    shown = shop.gets("apps", "show", "Kiosk")
    listed = shop.gets("apps", "list")

    assert created == shown
    assert shown.keys() == APPLICATION
    assert shown["policy"]["countries"] == "*"
    assert shown["most_per_hour_micros"] > 0
    assert {"Shop", "Kiosk"} <= {each["name"] for each in listed}
    assert f"{shown['id']}  Kiosk" in shop.reads("apps", "list")


def test_a_policy_is_set_field_by_field(shop: Operator) -> None:
    """`apps set` changes the fields that it names, nested ones too, and leaves the others."""
    before = shop.gets("apps", "show", "Shop")["policy"]

    changed = shop.gets("apps", "set", "Shop", "policy.ttl_s=300", "policy.limits.ip=10 per hour")

    limits = {**before["limits"], "ip": "10 per hour"}
    assert changed["policy"] == {**before, "ttl_s": 300, "limits": limits}


def test_a_policy_that_makes_no_sense_is_refused_by_its_fields(shop: Operator) -> None:
    """`apps set` names every field that is wrong in a line each, and changes nothing."""
    before = shop.gets("apps", "show", "Shop")

    told = shop.is_told("apps", "set", "Shop", "policy.max_attempts=99", "policy.nonsense=1", "policy.max_sends=2")

    assert [line.split(": ")[:2] for line in told.splitlines()] == [
        ["otp-service", "policy.max_attempts"],
        ["otp-service", "policy.nonsense"],
    ]
    assert shop.gets("apps", "show", "Shop") == before


def test_a_key_is_shown_once(shop: Operator) -> None:
    """`keys create` prints the key; `keys list` knows its id and scopes, in one line each, and no secret."""
    created = shop.gets("keys", "create", "--application", "Shop", "--name", "till", "--scopes", "verifications:start")
    listed = shop.gets("keys", "list", "--application", "Shop")
    table = shop.reads("keys", "list")

    assert created["key"].startswith(f"otp_live_{created['id'].removeprefix('key_')}_")
    (mine,) = (key for key in listed if key["id"] == created["id"])
    assert mine.keys() == KEY
    assert (mine["name"], mine["scopes"], mine["revoked_at"]) == ("till", ["verifications:start"], None)
    assert re.search(rf"^{created['id']}  till +verifications:start +false", table, re.MULTILINE)
    secret = created["key"].removeprefix(f"otp_live_{created['id'].removeprefix('key_')}_")
    assert secret not in table + json.dumps(listed)


def test_a_revoked_key_is_refused_by_a_running_service(shop: Operator) -> None:
    """A key that `keys revoke` ends is refused by a service that runs, within seconds."""
    created = shop.gets("keys", "create", "--application", "Shop")
    server = shop.made.serve(workers=1)
    shop.made.ready()

    def status() -> int:
        headers = {"Authorization": f"Bearer {created['key']}"}
        return httpx.get(f"{server.url}/v1/verifications/ver_none", headers=headers, timeout=60).status_code

    assert status() == 404

    assert created["id"] in shop.reads("keys", "revoke", created["id"])

    wait_until(lambda: status() == 401, REVOKED_WITHIN_S, 0.1)
    server.terminate()


def test_settings_hide_every_secret(shop: Operator) -> None:
    """`settings` shows every setting in force, and no password and no key in any of them."""
    secrets = {"OTP_DATABASE_URL": UNREACHABLE, "OTP_REDIS_URL": "rediss://otp:wordpass@redis.example:6380/1"}

    text = shop.reads("settings", **secrets)
    shown = shop.gets("settings", **secrets)

    assert shown["OTP_MASTER_KEYS"] == "k1:•••"
    assert shown["OTP_DATABASE_URL"] == "postgresql://otp:•••@127.0.0.1:1/otp"
    assert shown["OTP_REDIS_URL"] == "rediss://otp:•••@redis.example:6380/1"
    assert shown["OTP_PUBLIC_URL"] == "https://otp.example"
    assert all(f"{name} " in text for name in shown)
    assert not [word for word in ("wordpass", MASTER_KEYS.partition(":")[2]) if word in text + json.dumps(shown)]


@pytest.mark.parametrize(
    ("arguments", "settings", "words"),
    [
        (("apps", "show", "Nobody"), {}, "there is no such application"),
        (("apps", "create", "Shop", "--countries", "CH"), {}, "an application of this name exists"),
        (("apps", "create", "Other"), {}, "policy.countries: say which countries may be sent to"),
        (("apps", "create", "Other", "--countries", "CH,XX"), {}, "policy.countries"),
        (("keys", "create", "--application", "Nobody"), {}, "there is no such application"),
        (
            ("keys", "create", "--application", "Shop", "--scopes", "all"),
            {},
            "scopes: there is a scope that is unknown",
        ),
        (("keys", "create", "--application", "Shop", "--expires-at", "soon"), {}, "expires_at: write it as 2027"),
        (("keys", "revoke", "key_none"), {}, "there is no such key"),
        (("apps", "list"), {"OTP_DATABASE_URL": UNREACHABLE}, "OTP_DATABASE_URL: the database can't be reached"),
        (("migrate",), {"OTP_DATABASE_URL": UNREACHABLE}, "OTP_DATABASE_URL: the database can't be reached"),
        (("migrate",), {"OTP_DATABASE_URL": "sqlite:////nowhere/otp.db"}, "OTP_DATABASE_URL: /nowhere/otp.db can't be"),
        (("migrate",), {"OTP_DATABASE_URL": "mysql://host/otp"}, "OTP_DATABASE_URL: must begin with"),
        (("apps", "list"), {"OTP_DATABASE_URL": "sqlite:///fresh.db"}, "run `otp-service migrate`"),
        (("apps", "list"), {"OTP_MASTER_KEYS": "k1:c2hvcnQ="}, "OTP_MASTER_KEYS: entry 1 (k1) has 5 bytes"),
        (
            ("apps", "list"),
            {"OTP_MASTER_KEYS": OTHER_KEYS},
            "OTP_MASTER_KEYS: a key has the right kid but",
        ),
        (("serve",), {"OTP_MASTER_KEYS": ""}, "OTP_MASTER_KEYS: production needs a key ring"),
        (("serve",), {"OTP_REDIS_URL": "redis://127.0.0.1:1"}, "Redis can't be reached"),
        (("serve",), {"OTP_REDIS_CELLS": "7"}, "OTP_REDIS_CELLS: this Redis was first started with OTP_REDIS_CELLS=1"),
        (("worker",), {"OTP_CONFIG": "/nowhere.toml"}, "OTP_CONFIG: /nowhere.toml can't be read"),
        (("worker", "dead"), {"OTP_REDIS_URL": "redis://127.0.0.1:1"}, "OTP_REDIS_URL: Redis can't be asked"),
    ],
)
def test_what_is_wrong_is_said_in_a_line(
    shop: Operator, arguments: tuple[str, ...], settings: dict[str, str], words: str
) -> None:
    """A command that cannot do what it shall says why in a line that names the setting or field, and no secret."""
    with shop.made.redis.client() as client:
        client.set("otp:cells", 1)

    told = shop.is_told(*arguments, **settings)

    assert words in told
    assert len([line for line in told.splitlines() if "settings are wrong" not in line]) == 1
    assert "wordpass" not in told


def test_a_busy_port_of_serve_is_said_in_a_line(shop: Operator) -> None:
    """`serve` on a port that another program has says so in a line."""
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]

        told = shop.is_told("serve", "--port", str(port))

    assert told == f"Error: 127.0.0.1:{port} can't be opened: Address already in use\n"
