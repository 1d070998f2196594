"""Starts: who may get a code, and what it says."""

from typing import Any

import pytest

from otp_service.service.sealed import envelope_of
from otp_service.service.wording import minutes
from tests.clock import MINUTE, TimedWorld
from tests.keyspace import drain, everything, facts, outbox
from tests.servers import RedisServer
from tests.world import NUMBER, World

GERMAN, AMERICAN = "+4915112345678", "+12015550123"


def code_of(response: Any) -> str:
    return "" if response.status_code < 300 else str(response.json["code"])


def test_the_courier_knows_the_purpose(world: World) -> None:
    """The sealed message says what its code is for, so that routes can go by it."""
    started = world.api.start(purpose="payment").json
    record = world.record(started["id"])
    envelope = envelope_of(world.core, record["env"], record["mid"])
    assert envelope
    assert envelope["purpose"] == "payment"


@pytest.mark.parametrize(
    ("to", "policy", "code"),
    [
        (GERMAN, {"countries": ["CH", "AT"]}, "country_not_allowed"),
        (AMERICAN, {"countries": ["CH"]}, "country_not_allowed"),
        ("+442030123456", {"countries": ["GB"]}, ""),
        (NUMBER, {"countries": []}, "country_not_allowed"),
        ("+447012345678", {}, "line_type_not_allowed"),
        ("+19002345678", {}, "line_type_not_allowed"),
        ("+18002345678", {}, "line_type_not_allowed"),
        ("+870301234567", {}, "line_type_not_allowed"),
        ("+883510000000", {}, "line_type_not_allowed"),
        ("+979123456789", {}, "line_type_not_allowed"),
        ("+18002345678", {"blocked_line_types": []}, ""),
    ],
)
def test_codes_go_where_the_policy_allows(world: World, to: str, policy: dict[str, Any], code: str) -> None:
    """Countries and line types that the policy does not allow are 403."""
    world.policy(**policy)
    response = world.api.start(to)
    assert code_of(response) == code
    assert response.status_code == (403 if code else 201)


@pytest.mark.parametrize(("kind", "value"), [("number", NUMBER), ("prefix", "+4179123")])
def test_a_blocked_number_gets_no_code(world: World, redis: RedisServer, kind: str, value: str) -> None:
    """From the next snapshot on a block holds for every spelling of the number, and leaves no trace."""
    assert world.admin.post("/v1/admin/blocks", {"kind": kind, "value": value, "reason": "abuse"}).status_code == 201
    world.parts.truths.refresh()
    before = everything(redis)
    for to in (NUMBER, "+41 79 123 45 67"):
        assert code_of(world.api.start(to)) == "destination_blocked"
    assert everything(redis) == before
    assert world.api.start("+41791999999").status_code == 201


def test_a_forbidden_destination_comes_before_any_limit(world: World) -> None:
    """403 is said although limits would refuse, too."""
    world.policy(countries=["DE"], limits={"to": "0 per hour"})
    assert code_of(world.api.start()) == "country_not_allowed"


@pytest.mark.parametrize(
    ("asked", "got"),
    [("de-CH", "de"), ("DE_ch", "de"), ("pt-BR", "pt"), ("xx", "en"), ("zh-Hant-TW", "zh"), ("ja", "ja"), ("en", "en")],
)
def test_the_locale_falls_back(world: World, asked: str, got: str) -> None:
    """From the exact one to its language to English; what was asked for is kept, what was sent is told."""
    assert world.api.start(locale=asked).status_code == 201
    by_type = {fact.type: fact.data for fact in facts(world)}
    assert (by_type["verification"]["locale"], by_type["message"]["locale"]) == (asked, got)


@pytest.mark.parametrize(
    "value", ["a\nb", "x@y", "#1", "http://a", "evil.example.com", "www.evil.com", "\u202e", "\x07"]
)
def test_a_variable_can_not_change_what_the_text_means(world: World, redis: RedisServer, value: str) -> None:
    """Line breaks, `@`, `#`, links, host names and control characters are refused in variables and in bindings."""
    before = everything(redis)
    for field in ("variables", "binding"):
        response = world.api.start(**{field: {"name": value}})
        assert (response.status_code, response.json["errors"][0]["field"]) == (422, field)
        assert value not in response.json["detail"]
    assert everything(redis) == before


@pytest.mark.parametrize("name", ["code", "minutes", "app"])
def test_a_variable_can_not_take_the_service_s_place(world: World, name: str) -> None:
    """The slots that the service fills in itself are reserved."""
    assert world.api.start(variables={name: "000000"}).json["errors"][0]["field"] == "variables"


def test_variables_that_make_a_link_together_are_refused(world: World) -> None:
    """Values that are clean alone and a link with the template's words are 422 before anything is counted."""
    saved = {"application": "shop", "name": "long", "locale": "en", "body": "{code} is {name}com"}
    assert world.admin.post("/v1/admin/templates", saved).status_code == 201
    answer = world.api.start(template="long", variables={"name": "evil."})
    assert (answer.status_code, answer.json["errors"][0]["field"]) == (422, "variables")
    assert outbox(world) == []


def test_a_template_that_is_not_there_is_refused(world: World) -> None:
    """An unknown name, or a known one without its values, is 422 before anything is counted."""
    assert world.api.start(template="nonsense").json["errors"][0]["field"] == "template"
    assert world.api.start(template="transaction").json["errors"][0]["field"] == "variables"
    assert outbox(world) == []


def test_a_bound_transaction_is_named_in_the_text(world: World) -> None:
    """Amount and payee choose the template that shows them (PSD2 RTS, article 5)."""
    world.api.start(binding={"amount": "12.50 CHF", "payee": "Shop"})
    (queued,) = [fact.data for fact in facts(world) if fact.type == "message"]
    assert queued["template"] == "transaction"


def test_metadata_is_kept_for_the_caller(world: World) -> None:
    """It comes back from the store and from the ledger."""
    id_ = world.api.start(metadata={"order": "42", "schöner Name": "Wert ✓"}).json["id"]
    drain(world)
    (kept,) = world.caller("reports").get("/v1/verifications").json["items"]
    told = world.api.get(f"/v1/verifications/{id_}").json
    assert kept["metadata"] == told["metadata"] == {"order": "42", "schöner Name": "Wert ✓"}


def test_the_queue_holds_a_sealed_envelope(world: World) -> None:
    """What the courier needs is sealed and bound to its message; outside there are ids and times only."""
    id_ = world.api.start(user="u1", locale="de").json["id"]
    (entry,) = outbox(world)
    sealed, message = entry[b"e"].decode(), entry[b"m"].decode()
    assert set(entry) == {b"v", b"m", b"i", b"k", b"c", b"d", b"e", b"r", b"q", b"p"}
    assert (entry[b"i"].decode(), entry[b"k"], entry[b"c"]) == (id_, b"k1", b"digits:6")
    opened = envelope_of(world.core, sealed, message)
    assert opened
    assert (opened["to"], opened["user"], opened["code"], opened["test"]) == (NUMBER, "u1", None, False)
    with pytest.raises(ValueError, match="moved"):
        world.core.ring.open(sealed, "msg_other")


def test_people_are_told_whole_minutes() -> None:
    """The lifetime is told in minutes begun, as the courier tells what is left of it."""
    assert [minutes(ttl_s) for ttl_s in (30, 60, 119, 600)] == [1, 1, 2, 10]


def test_a_resend_is_queued_with_what_is_left(timed: TimedWorld) -> None:
    """A start that sends a live code again queues it with the end that it had, from which its text tells the time."""
    timed.api.start()
    timed.clock.pass_(4 * MINUTE)
    timed.api.start()
    assert [int(entry[b"d"]) - int(entry[b"q"]) for entry in outbox(timed)] == [10 * MINUTE, 6 * MINUTE]
