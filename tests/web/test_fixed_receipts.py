"""Receipts to one address for all messages: matched by the vendor's ids, whatever their order, spelling and number."""

import json
import random
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from otp_service import wiring
from otp_service.service.receipts import connection_path, receipts_path
from otp_service.service.unmatched import PATIENCE_MS
from otp_service.settings import Settings
from otp_service.store import unmatched
from tests.couriers import running_courier
from tests.keyspace import raw_client
from tests.servers import wait_until
from tests.web.vonage import NAME, SECRET, Vonage, elsewhere, served, vendor
from tests.world import World

TWO = 'sender = "Shop"\napi_key = "a1b2c3d4"\napi_secret = "s3cr3t"'
Stand = tuple[World, Vonage]


@pytest.fixture
def stand(settings: Settings, tmp_path: Path) -> Iterator[Stand]:
    """A service on a port of its own with its courier, and two accounts of a vendor, of which the first is asked."""
    with vendor() as vonage:
        file = tmp_path / "otp-service.toml"
        options = f'{TWO}\nsignature_secret = "{SECRET}"\nbase_url = "{vonage.url}"\n'
        entries = (
            f'[[providers]]\nname = "{name}"\npriority = {priority}\nkind = "vonage_sms"\n{options}'
            for priority, name in enumerate((NAME, "other"), 1)
        )
        file.write_text("\n".join(entries))
        world = World(wiring.build(settings.model_copy(update={"config": file}), development_server=True))
        with served(world, vonage), running_courier(world.parts):
            yield world, vonage
        world.core.engine.dispose()


def started(world: World) -> str:
    """The id of a fresh verification."""
    return str(world.api.start().get_json()["id"])


def status(world: World, id_: str) -> str:
    """The status of the verification's message, as callers read it."""
    return str(world.api.get(f"/v1/verifications/{id_}").get_json()["messages"][0]["status"])


def becomes(world: World, id_: str, wanted: str) -> None:
    """Waits until the message is in this status."""
    wait_until(lambda: status(world, id_) == wanted, 60)


def message(world: World, id_: str) -> dict[str, object]:
    """The verification's message with its tries and reports."""
    name = world.api.get(f"/v1/verifications/{id_}").get_json()["messages"][0]["id"]
    found: dict[str, object] = world.api.get(f"/v1/messages/{name}").get_json()
    return found


def test_reports_find_their_message_by_the_vendors_id(stand: Stand) -> None:
    """Each segment is reported by its id, by POST or GET; the last one concludes, a repeat changes nothing."""
    world, vonage = stand
    vonage.ids = lambda number: ["0B01", "0B02"]
    id_ = started(world)
    becomes(world, id_, "accepted")
    assert [vonage.report("0B01"), vonage.report("0B01"), vonage.report("0B01", get=True)] == [204, 204, 204]
    assert status(world, id_) == "sent"
    assert vonage.report("0B02", get=True) == 204
    assert status(world, id_) == "delivered"


def test_a_report_before_the_answer_is_matched_once_the_answer_is_known(stand: Stand) -> None:
    """jookies/jasmin issue 423: a receipt that came before the answer to its message was stored was lost."""
    world, vonage = stand
    heard: list[int] = []
    vonage.before_answer = lambda ids: heard.append(vonage.report(ids[0]))
    id_ = started(world)
    becomes(world, id_, "delivered")
    assert heard == [204]
    with raw_client(world) as client:
        wait_until(lambda: client.exists(*unmatched.KEYS) == 0, 60)


@pytest.mark.parametrize(
    ("answered", "reported"),
    [
        ("0054321", "54321"),
        ("1e240", "123456"),
        ("0e99d2a4-7c1b-4f0e-9d3a-1b2c3d4e5f60", "E99D2A47C1B4F0E9D3A1B2C3D4E5F60"),
    ],
    ids=["leading zeros", "another base", "a UUID in capitals without dashes"],
)
def test_an_id_in_another_spelling_is_the_same_message(stand: Stand, answered: str, reported: str) -> None:
    """What jookies/jasmin lost in issues 375, 616, 643 and 763 is found."""
    world, vonage = stand
    vonage.ids = lambda number: [answered]
    id_ = started(world)
    becomes(world, id_, "accepted")
    vonage.report(reported)
    assert status(world, id_) == "delivered"


def test_a_thousand_reports_in_any_order_are_one_change(stand: Stand) -> None:
    """SECURITY row 25: a thousand duplicate and reordered reports of two segments end delivered, each told once."""
    world, vonage = stand
    vonage.ids = lambda number: ["0B01", "0B02"]
    id_ = started(world)
    becomes(world, id_, "accepted")
    said = [(id, word) for id in ("0B01", "0B02") for word in ("accepted", "buffered", "delivered", "delivered")] * 125
    random.Random(25).shuffle(said)
    assert {vonage.report(id, word) for id, word in said} == {204}
    assert status(world, id_) == "delivered"
    wait_until(lambda: len(message(world, id_)["receipts"]) == 6, 60)  # type: ignore[arg-type]


def test_forged_reports_are_refused_and_change_nothing(stand: Stand) -> None:
    """SECURITY row 25: a wrong signature, or the token of another provider or of nobody, is 401."""
    world, vonage = stand
    vonage.ids = lambda number: ["0B01"]
    id_ = started(world)
    becomes(world, id_, "accepted")
    told = {"messageId": "0B01", "status": "delivered", "timestamp": str(int(time.time()))}
    others = connection_path(world.core, "other").split("/")[-2]
    of_a_message = receipts_path(world.core, "other", "msg_1", id_).split("/")[-2]
    assert {vonage.send({**told, "sig": "0" * 64}) for _ in range(1000)} == {401}
    for token in (others, of_a_message, "x", "A" * 22, "\u00e9"):
        assert vonage.send(told, elsewhere(vonage.reports_to, NAME, token)) == 401
    assert vonage.send(told, elsewhere(vonage.reports_to, "simulator", others)) == 404
    assert status(world, id_) == "accepted"
    assert unmatched.take(world.core.link, 10) == []


def test_an_old_report_is_no_news_to_anybody(stand: Stand) -> None:
    """A report that was signed an hour ago is refused as a replay."""
    _, vonage = stand
    assert vonage.report("0B01", timestamp=str(int(time.time()) - 3600)) == 401


def test_an_unknown_id_is_answered_and_has_no_effect(stand: Stand) -> None:
    """It waits, is tried again, and is dropped after ten minutes; the vendor hears the same as ever."""
    world, vonage = stand
    assert {vonage.report("nobody's") for _ in range(3)} == {204}
    with raw_client(world) as client:
        ((digest, kept),) = client.hgetall(unmatched.KEYS[1]).items()
        since, *rest = json.loads(kept)
        client.hset(unmatched.KEYS[1], digest, json.dumps([since - PATIENCE_MS, *rest], separators=(",", ":")))
        client.zadd(unmatched.KEYS[0], {digest: 0})
        wait_until(lambda: client.exists(*unmatched.KEYS) == 0, 60)


def test_a_sender_that_a_report_calls_unregistered_is_taken_out(stand: Stand) -> None:
    """The next message doesn't go out under it."""
    world, vonage = stand
    id_ = started(world)
    becomes(world, id_, "accepted")
    vonage.report(vonage.ids(1)[0], "rejected", **{"err-code": "51"})
    wait_until(lambda: bool(_suspended(world)), 60)
    assert _suspended(world) == [(NAME, "Shop", "CH")]


def _suspended(world: World) -> list[tuple[str, ...]]:
    world.parts.truths.refresh()
    return [
        (provider, sender, country or "*")
        for (provider, sender), countries in world.core.snapshot().suspended.items()
        for country in countries
    ]


def test_the_fixed_address_names_no_message(stand: Stand) -> None:
    """It is the same at every start and for every message, and differs from provider to provider."""
    world, vonage = stand
    assert urlsplit(vonage.reports_to).path == connection_path(world.core, NAME)
    assert connection_path(world.core, NAME) != connection_path(world.core, "other")


def test_segments_that_are_reported_before_the_answer_conclude_with_it(stand: Stand) -> None:
    """Nobody knows yet whose they are and how many; the answer says both, and the message is delivered."""
    world, vonage = stand
    vonage.ids = lambda number: ["0B01", "0B02"]
    vonage.before_answer = lambda ids: [vonage.report(id) for id in ids] and None
    becomes(world, started(world), "delivered")
