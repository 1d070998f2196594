"""`users`, as it is typed at an installation."""

import contextlib
import json
from collections.abc import Iterator, Sequence

import pytest
from sqlalchemy import Connection

from otp_service.domain.keys import parse_ring
from otp_service.ledger import factor_users, meta
from otp_service.ledger.engine import make_engine
from otp_service.service.factors.users import user_index_of
from tests.e2e.loaded import Loaded
from tests.e2e.operating import Operator, operating

NAME = "anabel@example.com"


class Keys:
    """As much of a core as naming a user takes."""

    def __init__(self, index_key: bytes) -> None:
        self.index_key = index_key


LEFT_OUT = "More are left out: these are the newest {}."


@pytest.fixture
def operator(commands: Loaded) -> Iterator[Operator]:
    """An installation with one application, and a user whom wrong codes have disabled."""
    with operating(commands) as made:
        made.reads("migrate")
        made.gets("apps", "create", "shop", "--countries", "CH")
        (index,) = introduced(made, [NAME])
        with ledger(made) as connection:
            factor_users.hold(connection, index, 2**42)
            factor_users.disable(connection, index, 1)
        yield made


@contextlib.contextmanager
def ledger(operator: Operator) -> Iterator[Connection]:
    """The installation's ledger, within one transaction."""
    engine = make_engine(operator.made.environment["OTP_DATABASE_URL"])
    with engine.begin() as connection:
        yield connection
    engine.dispose()


def introduced(operator: Operator, names: Sequence[str]) -> list[str]:
    """The ids of users of the shop of these names, each made a moment after the one before."""
    ring, (shop,) = parse_ring(operator.made.environment["OTP_MASTER_KEYS"]), operator.gets("apps", "list")
    with ledger(operator) as connection:
        keys = Keys(ring.open(meta.read(connection, "index_key") or "", "index_key"))
        found = [user_index_of(keys, shop["id"], name) for name in names]  # type: ignore[arg-type]
        for at, (index, name) in enumerate(zip(found, names, strict=True), 1):
            sealed = ring.seal(name.encode(), index, b"n" * 12)
            factor_users.introduce(connection, index, shop["id"], False, sealed, at)
    return found


def test_a_disabled_user_is_listed_shown_and_lifted(operator: Operator) -> None:
    """`users list`, `show` and `lift` name the user masked, and lifting is audited with its reason."""
    of = ("--application", "shop")
    (listed,) = operator.gets("users", "list", *of, "--disabled")
    assert (listed["user"], listed["disabled_at"] is not None) == ("an•••@example.com", True)
    assert operator.gets("users", "show", *of, NAME)["id"] == listed["id"]
    assert "an•••@example.com" in operator.reads("users", "show", *of, NAME)
    lifted = operator.gets("users", "lift", *of, NAME, "--reason", "called back")
    assert (lifted["disabled_at"], lifted["history"][0]["event"]) == (None, "lifted")
    (entry,) = operator.gets("audit", "list", "--act", "user.lift")
    assert (entry["actor"], entry["target"], entry["after"]) == ("cli", listed["id"], {"reason": "called back"})


def test_forgetting_asks_first(operator: Operator) -> None:
    """`users erase` does nothing until it is confirmed; afterwards there is no such user."""
    of = ("--application", "shop", NAME)
    assert operator.types("users", "erase", *of).returncode == 1
    assert operator.reads("users", "erase", *of, "--yes") == "Forgotten: 0 factors, 0 devices.\n"
    assert "no such user" in operator.is_told("users", "show", *of)


def test_a_list_says_what_it_leaves_out(operator: Operator) -> None:
    """`users list` shows as many as it is told, across pages, and says on standard error that there are more."""
    ids = introduced(operator, [f"user-{number}" for number in range(1200)])[::-1]
    of = ("users", "list", "--application", "shop", "--json")
    shown = {more: operator.types(*of, *more) for more in ((), ("--limit", "700"), ("--limit", "1201"), ("--all",))}
    listed = {more: [each["id"] for each in json.loads(told.stdout)] for more, told in shown.items()}
    assert listed[()] == ids[:50]
    assert listed["--limit", "700"] == ids[:700]
    assert listed["--all",][:1199] == ids[:1199]
    assert [len(listed[more]) for more in (("--limit", "1201"), ("--all",))] == [1201, 1201]
    said = {more: told.stderr.partition(" --limit")[0].strip() for more, told in shown.items()}
    expected = {(): LEFT_OUT.format(50), ("--limit", "700"): LEFT_OUT.format(700)}
    assert said == {("--limit", "1201"): "", ("--all",): ""} | expected
