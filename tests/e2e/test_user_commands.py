"""`users`, as it is typed at an installation."""

from collections.abc import Iterator

import pytest

from otp_service.domain.keys import parse_ring
from otp_service.ledger import factor_users, meta
from otp_service.ledger.engine import make_engine, reading
from otp_service.service.factors.users import user_index_of
from tests.e2e.loaded import Loaded
from tests.e2e.operating import Operator, operating

NAME = "anabel@example.com"


class Keys:
    """As much of a core as naming a user takes."""

    def __init__(self, index_key: bytes) -> None:
        self.index_key = index_key


@pytest.fixture
def operator(commands: Loaded) -> Iterator[Operator]:
    """An installation with one application, and a user whom wrong codes have disabled."""
    with operating(commands) as made:
        made.reads("migrate")
        shop = made.gets("apps", "create", "shop", "--countries", "CH")["id"]
        settings = made.made.environment
        ring, engine = parse_ring(settings["OTP_MASTER_KEYS"]), make_engine(settings["OTP_DATABASE_URL"])
        with reading(engine) as connection:
            key = ring.open(meta.read(connection, "index_key") or "", "index_key")
        index = user_index_of(Keys(key), shop, NAME)  # type: ignore[arg-type]
        with engine.begin() as connection:
            factor_users.introduce(connection, index, shop, False, ring.seal(NAME.encode(), index, b"n" * 12), 1)
            factor_users.hold(connection, index, 2**42)
            factor_users.disable(connection, index, 1)
        engine.dispose()
        yield made


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
