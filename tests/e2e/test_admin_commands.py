"""`admins`, as it is typed at an installation."""

import re
from collections.abc import Iterator

import pyotp
import pytest
from flask.testing import FlaskClient

from otp_service.domain.errors import Refusal
from otp_service.ledger import admin_passkeys
from otp_service.service.console import accounts, sessions, totp
from otp_service.service.core import now_ms
from tests.e2e.loaded import Loaded
from tests.e2e.operating import Operator, operating
from tests.e2e.shop import operator as holder_of_keys
from tests.world import World

BASE = "https://otp.example"
LINK = re.compile(rf"{BASE}(/console/set-up/[\w-]{{43}})")
UNKNOWN = "there is no admin of this name"
LISTED = ["id", "name", "role", "set_up", "disabled_at", "created_at"]


@pytest.fixture
def admin(commands: Loaded) -> Iterator[Operator]:
    """An installation without a single admin."""
    with operating(commands) as operator:
        operator.reads("migrate")
        yield operator


@pytest.fixture
def world(admin: Operator) -> World:
    """The same installation's console, and the eyes of who holds its keys."""
    return holder_of_keys(admin.made)


def page(world: World, path: str, token: str = "") -> int:
    """How a page of the console answers, to a stranger or in a session."""
    client: FlaskClient = world.app.test_client()
    if token:
        client.set_cookie("__Host-otp_console", token, domain="otp.example", secure=True)
    return client.get(path, base_url=BASE).status_code


def path_of(told: str) -> str:
    """The way to the page that a printed link opens."""
    return LINK.findall(told)[0]


def set_up(world: World, path: str) -> str:
    """Sets up the account of a link as its owner does; the token of a session that they begin."""
    secret = totp.new_secret()
    code = pyotp.TOTP(secret).at(now_ms() // 1000)
    account = accounts.set_up(world.core, path.rpartition("/")[2], "correct horse battery", secret, code)
    return sessions.begin(world.core, account.id, "127.0.0.1", "a test")


def acts(admin: Operator) -> list[tuple[str, str]]:
    """What the audit tells of admins, the oldest first."""
    entries = admin.gets("audit", "list")
    return [(each["actor"], each["act"]) for each in reversed(entries) if each["act"].startswith("admin.")]


def test_an_account_is_made_with_a_link_for_its_owner(admin: Operator, world: World) -> None:
    """`admins create` prints a link that opens the page to set up the account, as a viewer unless told otherwise."""
    told = admin.reads("admins", "create", "ana")
    assert "Its owner opens this link, once, within a day:" in told
    assert page(world, path_of(told)) == 200
    (listed,) = admin.gets("admins", "list")
    assert list(listed) == LISTED
    assert (listed["name"], listed["role"], listed["set_up"], listed["disabled_at"]) == ("ana", "viewer", False, None)


def test_programs_read_the_link_too(admin: Operator, world: World) -> None:
    """With --json the account and its link are one object, and `list` never shows a link."""
    made = admin.gets("admins", "create", "ana@shop.example", "--role", "admin")
    assert list(made) == [*LISTED, "link"]
    assert page(world, path_of(made["link"])) == 200
    assert admin.gets("admins", "list") == [{name: made[name] for name in LISTED}]


def test_nobody_is_listed_at_first(admin: Operator) -> None:
    """Without an admin the list is empty, in words and for programs."""
    assert admin.reads("admins", "list") == "There are none yet.\n"
    assert admin.gets("admins", "list") == []


def test_a_name_is_taken_however_it_is_written(admin: Operator) -> None:
    """Two accounts never differ in capitals alone."""
    admin.reads("admins", "create", "ana")
    assert "an admin of this name exists" in admin.is_told("admins", "create", "ANA")
    assert len(admin.gets("admins", "list")) == 1


def test_a_role_that_is_none_makes_nothing(admin: Operator) -> None:
    """A wrong role is refused with those that there are, at `create` and at `role`."""
    admin.reads("admins", "create", "ana")
    for arguments in (("create", "bea", "--role", "root"), ("role", "ana", "root")):
        told = admin.is_told("admins", *arguments)
        assert all(role in told for role in ("viewer", "fraud", "admin"))
    assert [(each["name"], each["role"]) for each in admin.gets("admins", "list")] == [("ana", "viewer")]


@pytest.mark.parametrize(
    "arguments", [("role", "bea", "fraud"), ("disable", "bea"), ("enable", "bea"), ("reset", "bea")]
)
def test_an_unknown_name_is_told(admin: Operator, arguments: tuple[str, ...]) -> None:
    """Each command about an account says if there is none of this name, and no audit tells of it."""
    assert UNKNOWN in admin.is_told("admins", *arguments)
    assert acts(admin) == []


def test_another_role_ends_the_sessions_of_the_old_one(admin: Operator, world: World) -> None:
    """`admins role` takes effect at once: whoever is signed in has to come in again, with the new role."""
    token = set_up(world, path_of(admin.reads("admins", "create", "ana", "--role", "admin")))
    assert page(world, "/console/admins", token) == 200
    assert admin.reads("admins", "role", "Ana", "fraud") == "ana is now fraud.\n"
    assert page(world, "/console/admins", token) == 303
    assert admin.gets("admins", "role", "ana", "viewer")["role"] == "viewer"


def test_a_disabled_account_is_out_until_it_is_enabled(admin: Operator, world: World) -> None:
    """`admins disable` ends sessions and links at once; `admins enable` lets the owner sign in as before."""
    token = set_up(world, path_of(admin.reads("admins", "create", "ana")))
    assert admin.reads("admins", "disable", "ana") == "ana can't sign in any more.\n"
    assert page(world, "/console/profile", token) == 303
    assert admin.gets("admins", "list")[0]["disabled_at"]
    assert admin.gets("admins", "enable", "ana")["disabled_at"] is None
    assert page(world, "/console/profile", token) == 303
    (listed,) = admin.gets("admins", "list")
    assert (listed["disabled_at"], listed["set_up"]) == (None, True)


def test_the_last_admin_may_be_disabled_here_and_comes_back_the_same_way(admin: Operator) -> None:
    """Whoever holds the host is above the console: the last admin is disabled like any other, and enabled again."""
    admin.reads("admins", "create", "ana", "--role", "admin")
    assert admin.gets("admins", "disable", "ana")["disabled_at"]
    assert admin.gets("admins", "enable", "ana")["disabled_at"] is None


def test_a_reset_takes_everything_back(admin: Operator, world: World) -> None:
    """`admins reset` ends sessions, forgets what signed in, kills the old link and prints a new one."""
    old = path_of(admin.reads("admins", "create", "ana"))
    token = set_up(world, old)
    new = path_of(admin.gets("admins", "reset", "ana")["link"])
    assert page(world, "/console/profile", token) == 303
    assert (page(world, old), page(world, new)) == (404, 200)
    assert not admin.gets("admins", "list")[0]["set_up"]
    set_up(world, new)
    assert admin.gets("admins", "list")[0]["set_up"]


def test_a_passkey_alone_is_an_account_that_is_set_up(admin: Operator, world: World) -> None:
    """Who signs in by a passkey and has no password counts as set up."""
    made = admin.gets("admins", "create", "ana")
    with world.core.engine.begin() as connection:
        admin_passkeys.add(connection, "cred", made["id"], "Laptop", "key", 0, now_ms())
    assert admin.gets("admins", "list")[0]["set_up"]


def test_a_disabled_accounts_new_link_waits_for_it(admin: Operator, world: World) -> None:
    """A link that is made while the account is disabled opens nothing before it is enabled."""
    admin.reads("admins", "create", "ana")
    admin.reads("admins", "disable", "ana")
    path = path_of(admin.reads("admins", "reset", "ana"))
    assert page(world, path) == 404
    with pytest.raises(Refusal, match="used before, or has ended"):
        accounts.of_ticket(world.core, path.rpartition("/")[2])
    admin.reads("admins", "enable", "ana")
    assert page(world, path) == 200


def test_the_audit_tells_what_was_typed_here(admin: Operator) -> None:
    """Each change is in the audit as done by the command line, and no entry holds a link."""
    links = [admin.gets("admins", "create", "ana")["link"]]
    for arguments in (("role", "ana", "admin"), ("disable", "ana"), ("enable", "ana")):
        admin.reads("admins", *arguments)
    links.append(admin.gets("admins", "reset", "ana")["link"])
    verbs = ("create", "set_role", "disable", "enable", "reset")
    assert acts(admin) == [("cli", f"admin.{verb}") for verb in verbs]
    told = admin.reads("audit", "list", "--json")
    assert not [link for link in links if link.rpartition("/")[2] in told]
