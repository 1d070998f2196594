"""Senders that a vendor called unregistered are out until an admin puts them back."""

from sqlalchemy import Engine

from otp_service.domain.routes.senders import is_suspended
from otp_service.ledger import audit, suspensions
from otp_service.ledger.snapshot import load_snapshot
from otp_service.ledger.suspensions import Suspension
from tests.ledger.telling import NOW, changing


def suspend(engine: Engine, country: str | None = "US", sent_ms: int = NOW) -> Suspension | None:
    with changing(engine) as change:
        return suspensions.suspend(change, "p", "Shop", country, "unregistered_sender", "30034", sent_ms=sent_ms)


def lift(engine: Engine, country: str | None = None) -> list[Suspension]:
    with changing(engine) as change:
        return suspensions.lift(change, "p", "Shop", country)


def in_force(engine: Engine) -> list[Suspension]:
    with engine.connect() as connection:
        return suspensions.in_force(connection)


def test_a_suspended_sender_is_in_the_snapshot(engine: Engine) -> None:
    """Requests know of a suspended sender, in its country and with its provider only."""
    suspend(engine)
    suspended = load_snapshot(engine).suspended
    assert is_suspended(suspended, "p", "Shop", "US")
    assert not is_suspended(suspended, "p", "Shop", "CA")
    assert not is_suspended(suspended, "q", "Shop", "US")


def test_a_sender_suspended_everywhere_is_out_in_every_country(engine: Engine) -> None:
    """A suspension without a country holds in all of them."""
    suspend(engine, None)
    assert is_suspended(load_snapshot(engine).suspended, "p", "Shop", "CH")
    assert suspend(engine, "CH") is None


def test_what_is_suspended_is_not_suspended_again(engine: Engine) -> None:
    """However often a vendor says it, there is one suspension and one entry of the audit."""
    assert suspend(engine) is not None
    assert suspend(engine) is None
    assert len(in_force(engine)) == 1
    with engine.connect() as connection:
        assert [entry.act for entry in audit.entries(connection)] == ["sender.suspend"]


def test_an_admin_puts_a_sender_back(engine: Engine) -> None:
    """A lifted suspension no longer holds; who lifted it and when is kept and audited."""
    suspend(engine)
    assert [each.country for each in lift(engine)] == ["US"]
    assert in_force(engine) == []
    assert load_snapshot(engine).suspended == {}
    with engine.connect() as connection:
        newest = audit.entries(connection)[0]
    assert (newest.act, newest.before and newest.before["sender"]) == ("sender.restore", "Shop")


def test_a_sender_is_put_back_in_one_country(engine: Engine) -> None:
    """What is put back in one country stays out in the others."""
    suspend(engine, "US")
    suspend(engine, "SG")
    lift(engine, "SG")
    assert [each.country for each in in_force(engine)] == ["US"]


def test_lifting_what_is_not_suspended_changes_nothing(engine: Engine) -> None:
    """There is nothing to put back, and nothing audited."""
    version = load_snapshot(engine).version
    assert lift(engine) == []
    assert load_snapshot(engine).version == version


def test_a_late_receipt_does_not_undo_what_an_admin_did(engine: Engine) -> None:
    """A message that was sent before a sender was put back says nothing of it now; a later one does."""
    suspend(engine)
    lift(engine)
    assert suspend(engine, sent_ms=NOW - 1) is None
    assert suspend(engine, sent_ms=NOW + 1) is not None
