"""`fraud`, as it is typed at an installation."""

from collections.abc import Iterator

import pytest

from otp_service.domain.fraud.thresholds import Thresholds
from otp_service.domain.keys import parse_ring
from otp_service.ledger import meta
from otp_service.ledger.engine import make_engine, reading
from otp_service.service.core import now_ms
from otp_service.store import fraud
from otp_service.store.connect import connect
from tests.e2e.loaded import Loaded
from tests.e2e.operating import Operator, operating

NUMBER, IP = "+41791234567", "203.0.113.7"
OF = ("--application", "shop")


@pytest.fixture
def operator(commands: Loaded) -> Iterator[Operator]:
    """An installation whose application was asked for one code that nobody typed."""
    with operating(commands) as made:
        made.reads("migrate")
        shop = made.gets("apps", "create", "shop", "--countries", "CH")["id"]
        settings = made.made.environment
        engine = make_engine(settings["OTP_DATABASE_URL"])
        with reading(engine) as connection:
            key = parse_ring(settings["OTP_MASTER_KEYS"]).open(meta.read(connection, "index_key") or "", "index_key")
        engine.dispose()
        brake = fraud.brake(key, shop, NUMBER, "CH", IP, Thresholds(), 50_000, 0.9)
        fraud.decide(connect(settings["OTP_REDIS_URL"]), brake, now=str(now_ms()))
        yield made


def test_what_is_owed_is_shown_and_forgiven(operator: Operator) -> None:
    """`fraud show` tells what each scope owes, and `fraud forgive` ends the debt of one, audited with its reason."""
    shown = operator.gets("fraud", "show", *OF, "--to", NUMBER, "--ip", IP)
    assert {state["scope"] for state in shown["states"] if state["owed_micros"]} == set(fraud_scopes())
    assert (shown["to"], shown["country"]) == ("+4179•••4567", "CH")
    assert "network" in operator.reads("fraud", "show", *OF, "--ip", IP)
    for scope, by in fraud_scopes().items():
        told = operator.reads("fraud", "forgive", scope, *OF, *by, "--reason", "codes came late")
        assert told == f"Nothing speaks against this {scope} any more.\n"
    left = operator.gets("fraud", "show", *OF, "--to", NUMBER, "--ip", IP)["states"]
    assert [state["owed_micros"] for state in left] == [0] * len(fraud_scopes())
    audited = operator.gets("audit", "list", "--act", "fraud.forgive")
    assert {(entry["actor"], entry["after"]["reason"]) for entry in audited} == {("cli", "codes came late")}
    assert len(audited) == len(fraud_scopes())


def test_what_names_no_scope_is_told(operator: Operator) -> None:
    """A scope that there is not, or that nothing was given to find by, is refused in a line."""
    assert "'operator' is not one of" in operator.is_told("fraud", "forgive", "operator", *OF)
    assert "ip: say which network" in operator.is_told("fraud", "forgive", "network", *OF, "--to", NUMBER)


def fraud_scopes() -> dict[str, tuple[str, ...]]:
    """Each scope, and the options by which it is found."""
    to, country = ("--to", NUMBER), ("--country", "CH")
    return {"number": to, "block": to, "prefix": to, "country": country, "application": (), "network": ("--ip", IP)}
