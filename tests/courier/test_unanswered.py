"""How often a code goes out that no vendor answers for."""

from dataclasses import replace

from otp_service.courier.vendor import CALL_S
from tests.courier.world import QUICK, World, accept, eventually, forever, play, refuse, take_and_hang_up


def test_a_vendor_that_never_answers_gets_no_more_than_two_copies(url: str) -> None:
    """A provider that takes a code and never says so has it twice at most; then the message fails with timeout."""

    async def story(world: World) -> None:
        world.sink.answers["a"] = take_and_hang_up
        sent = await world.put(live_s=600)
        async with world.running(providers=("a",)):
            await world.ends(sent, "5|failed|a|timeout")
            await world.rests()
        assert len(world.sink.got) == 2
        assert world.sink.texts("a") == [world.sink.texts("a")[0]] * 2

    play(story, url)


def test_several_vendors_that_never_answer_get_one_copy_each_and_one_more(url: str) -> None:
    """Where every provider takes a code and says nothing, each has it once, and one of them twice."""

    async def story(world: World) -> None:
        world.sink.answers |= dict.fromkeys("abc", take_and_hang_up)
        sent = await world.put(live_s=600)
        async with world.running(providers=("a", "b", "c")):
            await world.ends(sent, "5|failed|a|timeout")
            await world.rests()
        assert [got["provider"] for got in world.sink.got] == ["a", "b", "c", "a"]
        assert len({got["text"] for got in world.sink.got}) == 1

    play(story, url)


def test_a_busy_answer_does_not_use_up_the_repeat(url: str) -> None:
    """A provider that is busy when the code is repeated is asked again, since it sent nothing."""

    async def story(world: World) -> None:
        answers = iter([take_and_hang_up, refuse(429, **{"Retry-After": "1"}), accept])
        world.sink.answers["a"] = lambda sent: next(answers)(sent)
        sent = await world.put()
        async with world.running(providers=("a",)):
            await world.ends(sent, "3|accepted|a|")
            await world.rests()
        assert len(world.sink.got) == 3

    play(story, url)


def test_a_vendor_that_hangs_up_is_ambiguous_and_the_code_goes_to_the_next(url: str) -> None:
    """A connection that breaks after the request may have sent it: a code fails over, since it is the same."""

    async def story(world: World) -> None:
        world.sink.answers["a"] = take_and_hang_up
        sent = await world.put()
        async with world.running(providers=("a", "b")):
            await world.ends(sent, "3|accepted|b|")
            await world.rests()
        assert world.ledger.facts[f"{sent.message}:a1"].data["verdict"] == "ambiguous"
        assert world.sink.texts("a") == world.sink.texts("b")

    play(story, url)


def test_a_silent_vendor_costs_no_more_than_the_messages_life(url: str) -> None:
    """A vendor call ends at the message's deadline, and the message with it."""

    async def story(world: World) -> None:
        async with world.running(timing=replace(QUICK, stop_s=0.1)):
            await world.ends(await world.put(), "3|accepted|a|")  # it is at work: what comes next is read at once
            world.sink.answers["a"] = forever
            sent = await world.put(live_s=CALL_S / 2)
            await world.ends(sent, "5|failed|a|timeout")
            await world.rests()
        assert world.ledger.facts[f"{sent.message}:a1"].data["verdict"] == "ambiguous"

    play(story, url)


def test_a_repeat_that_a_dead_courier_left_is_not_sent_a_third_time(url: str) -> None:
    """What was not answered is counted through a courier's death: a vendor that never answers has two copies."""

    async def story(world: World) -> None:
        answers = iter([take_and_hang_up, forever])
        world.sink.answers["a"] = lambda sent: next(answers, accept)(sent)
        sent = await world.put()
        async with world.running("first") as first:
            await eventually(lambda: _count(world), 2)
            await first.kill()
        async with world.running("second"):
            await world.ends(sent, "5|failed||timeout")
            await world.rests()
        assert len(world.sink.got) == 2

    play(story, url)


def test_a_message_of_a_dead_courier_is_not_repeated_once_more(url: str) -> None:
    """A courier's death counts as an answer that did not come, also after a busy one brought the message back."""

    async def story(world: World) -> None:
        answers = iter([forever, refuse(429, **{"Retry-After": "1"}), take_and_hang_up])
        world.sink.answers["a"] = lambda sent: next(answers, accept)(sent)
        sent = await world.put()
        async with world.running("first") as first:
            await eventually(lambda: _count(world), 1)
            await first.kill()
        async with world.running("second"):
            await world.ends(sent, "5|failed|a|timeout")
            await world.rests()
        assert len(world.sink.got) == 3

    play(story, url)


async def _count(world: World) -> int:
    return len(world.sink.got)
