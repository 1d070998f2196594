"""Entries that no courier can work: set aside, shown, replayed, and never the end of a courier."""

import json
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tests.e2e.shop import Shop
from tests.servers import wait_until

OUT = "{c0}:out:high"
RUBBISH = ({"nothing": "here"}, {"v": "9", "m": "msg_of-tomorrow"}, {b"\xff": b"\xfe"})
DEADLY = 9  # deliveries, more than the five that are allowed


def dead(shop: Shop, *options: str) -> Any:
    """What `otp-service worker dead` says."""
    ended = shop.made.command("worker", "dead", "--json", *options)
    assert ended.returncode == 0, ended.stderr
    return json.loads(ended.stdout)


@contextmanager
def courier_stands_still(shop: Shop) -> Iterator[None]:
    """The courier reads nothing while the block runs, nor does Redis hold anything for it."""
    os.kill(shop.made.couriers[0].pid, signal.SIGSTOP)
    try:
        with shop.made.redis.client() as client:
            wait_until(lambda: client.info("clients")["blocked_clients"] == 0, 30)
        yield
    finally:
        os.kill(shop.made.couriers[0].pid, signal.SIGCONT)


def test_rubbish_in_the_outbox_is_set_aside_while_codes_go_out(shop: Shop) -> None:
    """Entries that no courier can read become dead letters, which the command shows; the same courier goes on."""
    with shop.made.redis.client() as client:
        for rubbish in RUBBISH:
            client.xadd(OUT, rubbish)

    ((_, to),) = shop.opened().items()

    wait_until(lambda: shop.vendor.sent_to(to), 60)
    shop.made.settles()
    assert sorted(letter["reason"] for letter in dead(shop)) == ["bad_format", "bad_format", "unknown_format"]
    assert not shop.made.couriers[0].died


def test_a_message_that_kills_couriers_is_set_aside_and_can_be_replayed(shop: Shop) -> None:
    """A message that took its couriers down too often is set aside; replayed, it is sent and its code is right."""
    with courier_stands_still(shop):
        ((id_, to),) = shop.opened().items()
        delivered_too_often(shop)
    shop.made.settles()
    assert shop.vendor.sent_to(to) == []
    (letter,) = [letter for letter in dead(shop) if letter["reason"] == "too_many_deliveries"]

    assert dead(shop, "--replay", letter["id"]) == {"replayed": 1}

    wait_until(lambda: shop.vendor.sent_to(to), 60)
    assert shop.api.check(shop.vendor.sent_to(to)[0].code, id=id_).get_json()["valid"] is True
    assert letter["id"] not in {left["id"] for left in dead(shop)}


def delivered_too_often(shop: Shop) -> None:
    """The newest entry looks as if couriers had taken it again and again, and died."""
    with shop.made.redis.client() as client:
        ((entry, _),) = client.xrevrange(OUT, count=1)
        client.xreadgroup("couriers", "dead", {OUT: ">"})
        client.xclaim(OUT, "couriers", "dead", 0, [entry], idle=60_000, retrycount=DEADLY)
