"""Senders are taken out when a vendor calls them unregistered, and put back by an admin."""

import json
from typing import Any

import pytest

from otp_service.domain.errors import Refusal
from otp_service.service.core import now_ms
from otp_service.service.senders import restore, take_out, taken_out
from tests.logged import logged
from tests.world import World


def out(world: World, **more: Any) -> bool:
    done = take_out(world.core, "p", "Shop", "US", "unregistered_sender", "30034", **more)
    world.parts.truths.refresh()
    return done


def test_a_sender_that_is_taken_out_raises_an_alarm_once(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first message that tells of it takes the sender out, with an error in the log; the next ones say nothing."""
    with logged(monkeypatch) as lines:
        assert [out(world), out(world), out(world)] == [True, False, False]
    told = [line for line in map(json.loads, lines.getvalue().splitlines()) if line["event"] == "sender_taken_out"]
    assert [(line["level"], line["provider"], line["sender"], line["country"]) for line in told] == [
        ("error", "p", "Shop", "US")
    ]


def test_processes_that_have_not_heard_of_it_take_it_out_once(world: World) -> None:
    """Two processes that learn of it at once make one suspension."""
    assert take_out(world.core, "p", "Shop", "US", "unregistered_sender", None)
    assert not take_out(world.core, "p", "Shop", "US", "unregistered_sender", None)
    assert len(taken_out(world.core)) == 1


def test_routing_knows_of_it(world: World) -> None:
    """The routing in force holds what was taken out, and no longer what was put back."""
    out(world)
    assert world.core.routing().suspended == {("p", "Shop"): frozenset({"US"})}
    restore(world.core, "tests", "p", "Shop")
    world.parts.truths.refresh()
    assert world.core.routing().suspended == {}


def test_a_vendors_own_choice_of_sender_can_be_taken_out(world: World) -> None:
    """A provider that picks its sender itself is out in that country as a whole."""
    take_out(world.core, "p", None, "US", "unregistered_sender", None)
    assert [(each.sender, each.country) for each in taken_out(world.core)] == [("", "US")]


def test_what_was_sent_before_it_was_put_back_says_nothing(world: World) -> None:
    """A late receipt of an old message does not take out what an admin has put back."""
    out(world)
    restore(world.core, "tests", "p", "Shop")
    world.parts.truths.refresh()
    assert not out(world, sent_ms=now_ms() - 60_000)
    assert out(world, sent_ms=now_ms() + 60_000)


def test_a_sender_that_is_not_out_cannot_be_put_back(world: World) -> None:
    """Putting back what nobody took out is refused."""
    with pytest.raises(Refusal) as refused:
        restore(world.core, "tests", "p", "Shop")
    assert refused.value.code == "not_found"


def test_the_routing_is_arranged_once_for_each_state_of_the_truths(world: World) -> None:
    """While nothing changes, every message sees the same routing."""
    assert world.core.routing() is world.core.routing()
