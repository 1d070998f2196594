"""kill -9 of a courier at three points: before the vendor has a message, after it has, and before that is settled."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.e2e.production import Production, installation
from tests.e2e.shop import GENEROUS, Shop, operator
from tests.e2e.wire import read
from tests.faults.vendors import Faulty, faulty
from tests.servers import wait_until

MANY = 20


@dataclass(frozen=True)
class Stage:
    """A shop with one vendor that can be held up."""

    shop: Shop
    vendor: Faulty

    @property
    def made(self) -> Production:
        return self.shop.made


def before_the_vendor_has_it(stage: Stage) -> dict[str, str]:
    """The vendor has connections and has read nothing."""
    stage.vendor.way = "unread"
    opened = stage.shop.opened(MANY)
    stage.made.work()
    wait_until(lambda: stage.vendor.reached >= MANY, 60)
    stage.made.lose(stage.made.couriers[-1])
    assert stage.vendor.taken == []
    return opened


def after_the_vendor_has_it(stage: Stage) -> dict[str, str]:
    """The vendor has taken everything and answered nothing."""
    stage.vendor.way = "parked"
    opened = stage.shop.opened(MANY)
    stage.made.work()
    wait_until(lambda: len(stage.vendor.taken) == MANY, 60)
    stage.made.lose(stage.made.couriers[-1])
    return opened


def before_it_is_settled(stage: Stage) -> dict[str, str]:
    """The courier has read every answer, and could write down none of them."""
    stage.vendor.way = "parked"
    opened = stage.shop.opened(MANY)
    stage.made.work()
    wait_until(lambda: len(stage.vendor.taken) == MANY, 60)
    courier = stage.made.couriers[-1]
    with stage.made.redis.client() as client:
        client.execute_command("CLIENT", "PAUSE", 60_000, "WRITE")
        stage.vendor.free.set()
        wait_until(lambda: courier.logged.count("message_accepted") == MANY, 60)
        courier.kill()
        client.execute_command("CLIENT", "UNPAUSE")
    stage.made.lose(courier)
    return opened


@contextmanager
def staged(migrated: Path) -> Iterator[Stage]:
    """A shop whose only vendor does as it is told.

    Its courier is still to be started, with everything at once: what a vendor keeps for long is sent again.
    """
    with installation() as made, faulty("vendor", "fine") as vendor:
        (made.folder / "otp-service.toml").write_text(vendor.configuration(1))
        shutil.copy(migrated, made.folder / "otp.db")
        world = operator(made)
        world.policy(**GENEROUS)
        made.serve()
        made.ready()
        yield Stage(Shop(made, world, made.api(world.api.key), made.api(world.admin.key)), vendor)


@pytest.mark.parametrize(
    ("kill", "copies"), [(before_the_vendor_has_it, 1), (after_the_vendor_has_it, 2), (before_it_is_settled, 2)]
)
def test_a_killed_couriers_codes_are_sent_by_another(
    migrated: Path, kill: Callable[[Stage], dict[str, str]], copies: int
) -> None:
    """Wherever a courier is killed, another one sends each of its codes, the same one, and once only."""
    with staged(migrated) as stage:
        opened = kill(stage)
        stage.vendor.way = "fine"
        stage.vendor.free.set()
        stage.made.work()
        stage.made.ready()
        stage.made.settles()
        by_message: dict[str, list[str]] = {}
        for one in stage.vendor.taken:
            by_message.setdefault(one.id, []).append(one.text)
        assert [len(texts) for texts in by_message.values()] == [copies] * MANY
        assert all(len(set(texts)) == 1 for texts in by_message.values())
        told = [read(stage.shop.api, f"/v1/verifications/{id_}")["messages"] for id_ in opened]
        assert [[message["status"] for message in messages] for messages in told] == [["accepted"]] * MANY
