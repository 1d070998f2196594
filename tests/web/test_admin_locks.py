"""Failure locks: seeing and lifting them."""

from typing import Any
from urllib.parse import urlencode

import pytest

from otp_service.domain.facts import Fact
from otp_service.domain.ids import address
from otp_service.domain.keys import NONCE_BYTES, b64
from otp_service.ledger.facts import apply_facts
from otp_service.service.core import random_bytes
from otp_service.service.destination import number_index
from tests.servers import RedisServer
from tests.web.test_admin_applications import fields
from tests.web.test_admin_audit import acts, entries
from tests.world import NUMBER, START, Api, World

PATH = "/v1/admin/locks"


def path(**query: str) -> str:
    """The path of the locks of `shop` that this query asks for."""
    return f"{PATH}?{urlencode({'application': 'shop', **query})}"


def fail(world: World, times: int, api: Api | None = None) -> None:
    """So many wrong guesses, five to a verification."""
    caller = api or world.api
    for guess in range(times):
        if guess % 5 == 0:
            id_ = caller.start(purpose=f"p{guess}").get_json()["id"]
        assert caller.check(world.wrong(id_), id=id_).get_json()["valid"] is False


def disable(world: World, to: str = NUMBER) -> None:
    """A hard lock of this number, as the courier brings it to the ledger."""
    index = number_index(world.core, to)
    sealed = world.core.ring.seal(to.encode(), index, random_bytes(NONCE_BYTES))
    at = address(world.core.index_key, world.shop, to, "login")
    person = {"number_index": index, "to_sealed": sealed, "country": "CH", "block": to[:-4]}
    data = {"application": world.shop, "subject": b64(at.subject), "person": person, "failures": 100}
    apply_facts(world.core.engine, [Fact(f"ver_{to[1:]}:lock1", "lock", int(to[-4:]), data)])
    world.parts.truths.refresh()


@pytest.fixture(autouse=True)
def generous(world: World) -> None:
    """No limits, so that only the lock refuses."""
    world.policy(limits={"to": "", "ip": ""}, hard_lock_after=20)


def test_a_number_without_failures_is_free(world: World) -> None:
    """A number that nobody failed for is neither delayed nor disabled."""
    assert world.admin.get(path(to=NUMBER)).get_json() == {
        "application": world.shop,
        "to": "+4179•••4567",
        "failures": 0,
        "failures_of_strangers": 0,
        "last_failure_at": None,
        "locked_until": None,
        "disabled": False,
    }


def test_failures_are_shown_with_what_follows(world: World) -> None:
    """From ten failures on, a number's lock says until when starts are refused."""
    fail(world, 10)
    lock = world.admin.get(path(to=NUMBER)).get_json()
    assert (lock["failures"], lock["failures_of_strangers"], lock["disabled"]) == (10, 10, False)
    assert lock["last_failure_at"] < lock["locked_until"]
    assert world.api.start().get_json()["code"] == "destination_locked"


def test_a_lifted_delay_lets_the_next_start_through(world: World) -> None:
    """Lifting a delayed number's lock counts its failures from zero and lets starts through."""
    fail(world, 10)
    assert world.admin.delete(path(to=NUMBER)).get_json()["failures"] == 0
    assert world.api.start().status_code == 201


def test_a_number_at_the_last_failure_is_disabled(world: World, redis: RedisServer) -> None:
    """A number that failed as often as the policy bears is disabled, before the ledger has heard of it."""
    fail(world, 9)
    with redis.client() as client:
        [key] = client.scan_iter("*:f:*")
        client.hset(key, "all", 20)
    assert world.admin.get(path(to=NUMBER)).get_json()["disabled"] is True


def test_a_disabled_number_is_enabled_again(world: World) -> None:
    """Lifting a hard lock enables the number for start and check."""
    disable(world)
    assert world.api.start().get_json()["code"] == "destination_disabled"
    assert world.admin.get(path(to=NUMBER)).get_json()["disabled"] is True
    assert world.admin.delete(path(to=NUMBER)).get_json()["disabled"] is False
    assert world.api.start().status_code == 201


def test_disabled_numbers_are_listed(world: World) -> None:
    """Without a number the application's disabled numbers are listed, masked, newest first, page by page."""
    for last in range(3):
        disable(world, f"{NUMBER[:-1]}{last}")
    first = world.admin.get(path(limit="2")).get_json()
    second = world.admin.get(path(limit="2", cursor=first["next_cursor"])).get_json()
    shown = [each["to"][-4:] for each in first["items"] + second["items"]]
    assert shown == ["4562", "4561", "4560"]
    assert second["next_cursor"] is None
    assert first["items"][0]["failures"] == 100


def test_a_lifted_number_is_no_longer_listed(world: World) -> None:
    """A number whose lock was lifted is not among the disabled ones."""
    disable(world)
    world.admin.delete(path(to=NUMBER))
    assert world.admin.get(path()).get_json()["items"] == []


@pytest.mark.parametrize("how", [disable, lambda world: fail(world, 1)], ids=["hard lock", "failures"])
def test_lifting_is_audited(world: World, how: Any) -> None:
    """Lifting a lock is in the audit with the failures that were forgiven, and names no number."""
    how(world)
    world.admin.delete(path(to=NUMBER))
    entry = entries(world)[0]
    assert (entry["act"], entry["application"]) == ("lock.lift", world.shop)
    assert entry["before"]["failures"] in (1, 100)
    assert entry["target"]
    assert NUMBER[1:] not in str(entry)


def test_where_nothing_is_locked_nothing_is_audited(world: World) -> None:
    """Lifting the lock of a number without failures changes nothing and is not audited."""
    before = acts(world)
    assert world.admin.delete(path(to=NUMBER)).status_code == 200
    assert acts(world) == before


def test_test_keys_count_apart(world: World) -> None:
    """What is failed with test keys is shown and forgiven by itself."""
    fail(world, 2, world.caller(*START, test=True))
    assert world.admin.get(path(to=NUMBER)).get_json()["failures"] == 0
    assert world.admin.get(path(to=NUMBER, test="true")).get_json()["failures"] == 2
    world.admin.delete(path(to=NUMBER, test="true"))
    assert world.admin.get(path(to=NUMBER, test="true")).get_json()["failures"] == 0


def test_lifting_wants_to_know_whose(world: World) -> None:
    """A lock is lifted for one number, which must be said and exist."""
    assert fields(world.admin.delete(path())) == ["to"]
    assert fields(world.admin.delete(path(to="nobody"))) == ["to"]
    assert world.admin.delete(path(application="bank", to=NUMBER)).status_code == 404
