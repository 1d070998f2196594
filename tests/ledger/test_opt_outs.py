"""Opt-outs are truths: kept, told to every snapshot, and no news when they are told twice."""

from dataclasses import replace

from sqlalchemy import Connection, Engine

from otp_service.ledger import opt_outs
from otp_service.ledger.applications import Application
from otp_service.ledger.opt_outs import OptOut
from otp_service.ledger.retention import retain
from otp_service.ledger.snapshot import load_snapshot
from tests.ledger.telling import DAY, NOW


def opted_out(app: Application, **fields: object) -> OptOut:
    return replace(OptOut(app.id, False, "index-ana", "k1.sealed-ana", "promotional", "api", NOW), **fields)


def put(engine: Engine, wanted: OptOut) -> OptOut:
    with engine.begin() as connection:
        return opt_outs.put(connection, wanted)


def test_an_opt_out_reaches_the_snapshot(engine: Engine, app: Application) -> None:
    """With its scope, under the application, whether test keys told it, and the number's index."""
    put(engine, opted_out(app))
    put(engine, opted_out(app, test=True, scope="all"))
    told = {(app.id, False, "index-ana"): "promotional", (app.id, True, "index-ana"): "all"}
    assert load_snapshot(engine).opted_out == told


def test_only_news_makes_a_new_version(engine: Engine, app: Application) -> None:
    """An opt-out that is told again changes nothing; another scope, and lifting it, do."""
    first = put(engine, opted_out(app))
    known = load_snapshot(engine)
    assert put(engine, opted_out(app, created_at=NOW + 1)) == first
    assert load_snapshot(engine, known) is known
    assert put(engine, opted_out(app, scope="all")) == replace(first, scope="all")
    known = load_snapshot(engine, known)
    with engine.begin() as connection:
        assert _lift(connection, app) is not None
        assert _lift(connection, app) is None
    assert load_snapshot(engine, known).opted_out == {}


def test_an_opt_out_outlives_what_policies_keep(engine: Engine, app: Application) -> None:
    """Whoever wanted no messages still wants none when nothing else is known of them."""
    put(engine, opted_out(app))
    retain(engine, NOW + 4000 * DAY)
    assert load_snapshot(engine).opted_out == {(app.id, False, "index-ana"): "promotional"}


def _lift(connection: Connection, app: Application) -> OptOut | None:
    return opt_outs.remove(connection, app.id, False, "index-ana")
