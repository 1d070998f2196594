"""Redis loses everything in mid-run; keys, blocks, locks and history are truths and facts, and stay."""

from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest

from tests.e2e.shop import Shop, numbers, shop_in_production
from tests.e2e.wire import START, Request, read, words
from tests.servers import wait_until

WRONG_BEFORE_THE_LOCK = 10
_purposes = count(1)


@pytest.fixture(scope="module")
def shop(migrated: Path) -> Iterator[Shop]:
    """A shop with a hard lock after ten wrong codes."""
    with shop_in_production(migrated, hard_lock_after=WRONG_BEFORE_THE_LOCK, max_attempts=10) as shop:
        yield shop


def wipe(shop: Shop) -> None:
    """Redis is as empty as on its first day."""
    with shop.made.redis.client() as client:
        client.flushall()


def test_codes_go_out_again_after_redis_was_wiped(shop: Shop) -> None:
    """After Redis lost everything the next code is sent, approved and written down, without any restart."""
    shop.made.settles()
    wipe(shop)

    (id_, to), *_ = shop.opened().items()

    wait_until(lambda: shop.vendor.sent_to(to), 60)
    assert shop.api.check(shop.vendor.sent_to(to)[0].code, id=id_).get_json()["valid"] is True
    shop.made.settles()
    assert len(shop.vendor.sent_to(to)) == 1


def test_what_was_drained_is_read_from_the_ledger(shop: Shop) -> None:
    """A verification that Redis no longer knows is read from the ledger with its messages; its code opens nothing."""
    (open_id, to), (approved_id, other) = shop.opened(2).items()
    code = shop.world.code(open_id)
    wait_until(lambda: shop.vendor.sent_to(other), 60)  # nobody is sent a code that he has typed already
    assert shop.api.check(shop.world.code(approved_id), id=approved_id).get_json()["valid"] is True
    shop.made.settles()
    wipe(shop)

    known = {id_: read(shop.api, f"/v1/verifications/{id_}") for id_ in (open_id, approved_id)}
    late = shop.api.check(code, id=open_id).get_json()

    assert [known[id_]["status"] for id_ in (open_id, approved_id)] == ["expired", "approved"]
    assert [known[id_]["to"] for id_ in (open_id, approved_id)] == [to, other]
    assert [message["status"] for message in known[approved_id]["messages"]] == ["accepted"]
    assert (late["valid"], late["reason"]) == (False, "expired")
    assert shop.api.check(code, to=to).status_code == 404


def test_a_block_outlives_redis(shop: Shop) -> None:
    """A number that an admin has blocked stays blocked when Redis is wiped."""
    (to,) = numbers()
    block = {"kind": "number", "value": to, "reason": "a test"}
    # A busy ledger answers 503; then an admin asks again.
    wait_until(lambda: shop.admin.post("/v1/admin/blocks", block).status_code != 503, 60)
    wait_until(lambda: starts(shop, to) == {"destination_blocked"}, 60)

    wipe(shop)

    assert starts(shop, to) == {"destination_blocked"}


def test_a_hard_lock_outlives_redis_until_an_admin_lifts_it(shop: Shop) -> None:
    """After ten wrong codes in a row a number is disabled, even when Redis is wiped, until an admin lifts the lock."""
    ((id_, to),) = shop.opened().items()
    wrong = shop.world.wrong(id_)
    reasons = [shop.api.check(wrong, id=id_).get_json()["reason"] for _ in range(WRONG_BEFORE_THE_LOCK)]
    assert reasons == ["wrong_code"] * WRONG_BEFORE_THE_LOCK
    assert starts(shop, to) == {"destination_disabled"}
    shop.made.settles()
    wipe(shop)
    wait_until(lambda: starts(shop, to) == {"destination_disabled"}, 60)

    # A busy ledger answers 503; then an admin asks again.
    wait_until(lambda: shop.admin.delete(f"/v1/admin/locks?application=shop&to=%2B{to[1:]}").status_code == 200, 60)

    wait_until(lambda: starts(shop, to) == {"201"}, 60)


def starts(shop: Shop, to: str) -> set[str]:
    """What starts hear, often enough that both web processes answer some; each for a purpose of its own."""
    purposes = [f"p{next(_purposes)}" for _ in range(12)]
    return set(words(shop.together(*(Request(START, {"to": to, "purpose": purpose}) for purpose in purposes))))
