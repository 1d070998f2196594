"""Forgetting a person in the ledger, on both databases: their rows count on and lead nowhere."""

from sqlalchemy import Engine, select

from otp_service.domain.facts import Fact
from otp_service.ledger import dossier, people
from otp_service.ledger.applications import Application
from otp_service.ledger.chain import Keys, verify
from otp_service.ledger.engine import reading
from otp_service.ledger.facts import apply_facts
from otp_service.ledger.people import Whom
from otp_service.ledger.schema import METADATA, audit, hard_locks, receipts, verification_history, verifications
from tests.ledger.telling import (
    AUDIT_KEY,
    NOW,
    changing,
    locked,
    queued,
    rows,
    started,
    tried,
    turned,
)

SUBJECT, OTHERS = "SUBJECT_OF-ana16", "SUBJECT_OF-bob16"
WHO = "ana@home"  # what no random id or hash can spell
ANA = Whom(f"index-{WHO}", (SUBJECT,))
HERS, HIS = f"ver_{SUBJECT}{'x' * 32}", f"ver_{OTHERS}{'x' * 32}"


def story(id: str, message: str, who: str, app: Application) -> list[Fact]:
    """A code that was sent, reported and typed, and a lock."""
    client = {"ip": f"ip-of-{who}", "user": f"user-{who}"}
    heard = {
        "message": message,
        "verification": id,
        "provider": "simulator",
        "provider_message_id": f"sim-{who}",
        "status": "delivered",
        "raw": f"to {who}",
    }
    return [
        started(id, app.id, who, message=message, client=client),
        queued(message, id, app.id, who),
        tried(message, 1, "simulator", "accepted"),
        turned(id, 2, "approved"),
        Fact(f"{message}:r:1", "receipt", NOW + 1, heard),
        locked(f"{id}:lock100", app.id, id[4:20], who),
    ]


def dump(engine: Engine) -> str:
    """Every value of the ledger."""
    return "\n".join(str(row) for table in METADATA.sorted_tables for row in rows(engine, table))


def test_every_table_forgets(engine: Engine, app: Application) -> None:
    """No table holds an index, a subject, an id or a client of a person who was forgotten; another's rows stay."""
    apply_facts(engine, story(HERS, "msg_hers", WHO, app))
    apply_facts(engine, story(HIS, "msg_his", "bob", app))
    with changing(engine) as opened:
        person_id = people.person_of(opened.connection, ANA.index)
        erased = people.erase(opened, ANA)
    left = dump(engine)

    assert (erased.verifications, erased.messages, erased.hard_locks) == (1, 1, 1)
    assert not [name for name in (WHO, SUBJECT, "msg_hers") if name in left]
    assert all(name in left for name in ("index-bob", HIS, "msg_his", "ip-of-bob", f"{HIS}:lock100"))
    with reading(engine) as connection:
        newest = connection.execute(select(audit).order_by(audit.c.seq.desc()).limit(1)).one()
        assert verify(connection, Keys(lambda kid: AUDIT_KEY.key)).bad is None
    assert (newest.act, newest.target) == ("person.erase", person_id)


def test_what_belongs_together_stays_together(engine: Engine, app: Application) -> None:
    """A code keeps its steps, its message and its receipt under the new ids, and what came of it."""
    apply_facts(engine, story(HERS, "msg_hers", WHO, app))
    with changing(engine) as opened:
        people.erase(opened, ANA)
    (code,), steps = rows(engine, verifications), rows(engine, verification_history)
    (message,) = rows(engine, METADATA.tables["messages"])
    (receipt,) = rows(engine, receipts)

    assert code["status"] == "approved"
    assert {step["verification_id"] for step in steps} == {code["id"]} == {message["verification_id"]}
    assert [step["fact_id"] for step in steps] == [f"{code['id']}:1", f"{code['id']}:2"]
    assert (receipt["message_id"], receipt["status"], receipt["raw"]) == (message["id"], "delivered", None)
    assert message["cost_micros"] is None or message["cost_micros"] >= 0
    assert message["person_id"] == code["person_id"]


def test_what_comes_late_is_found_by_its_id(engine: Engine, app: Application) -> None:
    """A fact that comes after the erasure leads to a row that a second erasure finds, though no person is left."""
    with changing(engine) as opened:
        assert people.erase(opened, ANA) == people.Erased(0, 0, 0, 0, 0)
    apply_facts(engine, [turned(HERS, 2, "approved"), *story(HERS, "msg_hers", WHO, app)[2:3]])
    with changing(engine) as opened:
        assert people.erase(opened, ANA).verifications == 1
    assert SUBJECT not in dump(engine)


def test_everything_is_told_in_order(engine: Engine, app: Application) -> None:
    """The dossier has every kind of thing, oldest first, and nothing by which the service finds the person."""
    apply_facts(engine, story(HERS, "msg_hers", WHO, app))
    with reading(engine) as connection:
        items = dossier.known(connection, ANA, people.traces(connection, ANA))
        about = dossier.about(connection, ANA.index)
    kinds = [item.kind for item in items]

    assert about == {"country": "CH", "block": "41791"}
    assert sorted(set(kinds)) == ["attempt", "lock", "message", "receipt", "step", "verification"]
    assert [item.at for item in items] == sorted(item.at for item in items)
    assert not [item for item in items if {"number_index", "to_sealed", "subject", "person_id"} & set(item.said)]


def test_an_introduction_is_made_once(engine: Engine) -> None:
    """Somebody who is named by an act has one random id, whoever names them."""
    row = {"number_index": "index-ana", "to_sealed": "k1.x", "country": "CH", "block": "41791"}
    with changing(engine) as opened:
        first, second = (people.introduce(opened.connection, dict(row)) for _ in range(2))
    assert first == second
    assert first.startswith("per_")
    assert rows(engine, hard_locks) == []
