"""What the ledger finds of one number, address, user or id."""

from sqlalchemy import Engine, update

from otp_service.ledger import finding, reading, webhooks
from otp_service.ledger.affected import Affected, affected
from otp_service.ledger.applications import Application
from otp_service.ledger.deliveries import fan_out
from otp_service.ledger.engine import reading as looking
from otp_service.ledger.facts import apply_facts
from otp_service.ledger.schema import verifications
from tests.ledger.telling import DAY, NOW, SECOND, changing, numbered, started, story, turned

SEEN = {"ip": "ip-1", "network": "net-1", "user": "user-1"}


def _found(engine: Engine, by: reading.By, value: str) -> list[str]:
    with looking(engine) as connection:
        return [row.id for row in reading.found_by(connection, by, [value], NOW, 10).items]


def _affected(engine: Engine, kind: str, value: str, since_ms: int = NOW) -> Affected:
    with looking(engine) as connection:
        return affected(connection, kind, [value], since_ms)


def test_codes_are_found_by_whom_they_are_of(engine: Engine, app: Application) -> None:
    """A number, an address and a user each lead to their codes of every application, newest first."""
    people = numbered("per")
    first, second = started("ver_1", app.id, "ana", client=SEEN), started("ver_2", "other", "ana", NOW + SECOND)
    apply_facts(engine, [first, second, started("ver_3", app.id, "ben")], lambda: next(people))
    assert _found(engine, "number", "index-ana") == ["ver_2", "ver_1"]
    assert _found(engine, "ip", "ip-1") == _found(engine, "user", "user-1") == ["ver_1"]
    assert _found(engine, "id", "ver_3") == ["ver_3"]


def test_a_forgotten_number_leads_nowhere(engine: Engine, app: Application) -> None:
    """A code whose number is no longer kept is not found by the number, but still by its id."""
    apply_facts(engine, [started("ver_1", app.id)])
    with engine.begin() as connection:
        connection.execute(update(verifications).values(number_kept=False))
    assert _found(engine, "number", "index-ana") == []
    assert _found(engine, "id", "ver_1") == ["ver_1"]


def test_a_trail_has_every_step_try_report_and_telling(engine: Engine, app: Application) -> None:
    """Of a code its turns, its message's tries, and which webhooks were told what are found in one look."""
    with changing(engine) as opened:
        endpoint = webhooks.create(opened, app.id, "https://shop.example/hooks", [])
    apply_facts(engine, story(1, app.id))
    fan_out(engine, NOW)
    with looking(engine) as connection:
        found = finding.trail(connection, ["ver_1"], ["msg_1"])
        assert finding.verification_of(connection, "msg_1") == "ver_1"
    assert [step.event for step in found.steps["ver_1"]] == ["started", "guessed", "approved"]
    assert [(each.provider, each.verdict) for each in found.attempts["msg_1"]] == [("simulator", "accepted")]
    told = found.tellings["ver_1"] + found.tellings["msg_1"]
    assert {each.webhook_id for each in told} == {endpoint.id}
    assert {"verification.started", "verification.approved", "message.delivered"} <= {each.type for each in told}
    assert {each.status for each in told} == {"pending"}


def test_a_request_leads_to_what_it_turned(engine: Engine, app: Application) -> None:
    """The id of a request leads to the verification that it started or checked."""
    apply_facts(engine, [started("ver_1", app.id, request="request-one"), turned("ver_1", 2, "guessed", request="two")])
    with looking(engine) as connection:
        assert finding.by_request(connection, "request-one") == finding.by_request(connection, "two") == ["ver_1"]
        assert finding.by_request(connection, "three") == []


def test_a_block_would_have_met_what_it_covers(engine: Engine, app: Application) -> None:
    """What a block covers is counted by code, person and success, whatever its kind, for as long as was asked."""
    people = numbered("per")
    again = started("ver_2", app.id, "person-1", client=SEEN)
    apply_facts(engine, [*story(1, app.id), again, started("ver_9", app.id, "old", NOW - DAY)], lambda: next(people))
    one_of_two = Affected(2, 1, 1)
    assert _affected(engine, "number", "index-person-1") == one_of_two
    assert _affected(engine, "country", "CH") == one_of_two
    assert _affected(engine, "ip", "ip-1") == _affected(engine, "network", "net-1") == Affected(1, 1, 0)
    assert _affected(engine, "country", "DE") == Affected()
    assert _affected(engine, "country", "CH", NOW - DAY) == Affected(3, 2, 1)


def test_a_prefix_meets_the_blocks_below_and_above_it(engine: Engine, app: Application) -> None:
    """A prefix counts the blocks that begin with it, and the one that it lies in."""
    told = {"number_index": "index-x", "to_sealed": "k1.x", "country": "CH", "block": "+4179123"}
    apply_facts(engine, [started("ver_1", app.id, person=told)])
    assert [_affected(engine, "prefix", value).requests for value in ("41", "4179123", "41791234", "43")] == [
        1,
        1,
        1,
        0,
    ]
