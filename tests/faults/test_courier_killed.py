"""kill -9 of a courier: what it held is sent by another one, with the same code."""

import os
import signal
from pathlib import Path

from tests.e2e.shop import Shop, shop_in_production
from tests.e2e.wire import CHECK, Request, patient, read, words
from tests.servers import wait_until

IN_FLIGHT = 60


def test_a_killed_couriers_messages_are_sent_by_another_with_the_same_code(migrated: Path) -> None:
    """What a courier held when it was killed, answered by the vendor or not, is sent once more with the same code."""
    with shop_in_production(migrated, couriers=0) as shop:
        shop.vendor.park()
        made = shop.opened(IN_FLIGHT)
        # It begins with everything at once: what is parked for long counts as not answered, and is sent again.
        shop.made.work()
        wait_until(lambda: len(shop.vendor.got) == IN_FLIGHT, 60)
        let_half_be_answered_and_kill(shop)

        shop.vendor.release()
        shop.made.work()
        shop.made.ready()

        shop.made.settles()
        assert set(shop.vendor.submissions().values()) == {2}
        assert all(len({sms.code for sms in shop.vendor.sent_to(to)}) == 1 for to in made.values())
        checks = [Request(CHECK, {"id": id_, "code": shop.vendor.sent_to(to)[0].code}) for id_, to in made.items()]
        assert words(shop.together(*patient(checks))) == {"approved": IN_FLIGHT}
        stories = [read(shop.api, f"/v1/verifications/{id_}")["messages"] for id_ in made]
        assert all([message["status"] for message in story] == ["accepted"] for story in stories)


def let_half_be_answered_and_kill(shop: Shop) -> None:
    """The vendor answers half of what is in flight while the courier stands still; then it never gets to read them."""
    courier = shop.made.couriers[0]
    os.kill(courier.pid, signal.SIGSTOP)
    answered = shop.vendor.answered
    shop.vendor.answer({sms.id for sms in shop.vendor.got[: IN_FLIGHT // 2]})
    wait_until(lambda: shop.vendor.answered == answered + IN_FLIGHT // 2, 60)
    shop.made.lose(courier)
