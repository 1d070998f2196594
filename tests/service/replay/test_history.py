"""Replays over one's own history: what was sent, by pseudonyms, and nothing left behind in the live Redis."""

from otp_service.domain.policy import Policy
from otp_service.domain.replay.trace import Row
from otp_service.service.core import now_ms
from otp_service.service.replay.history import history, replay
from tests.couriers import running_courier
from tests.servers import RedisServer, wait_until
from tests.world import NUMBER, World

OTHER = "+41791244567"  # of another block: the made-up ends of two numbers of one may be the same
CLIENT = {"ip": "203.0.113.7"}


def told(world: World) -> list[Row]:
    return history(world.core, "shop", now_ms() - 3_600_000, now_ms() + 60_000)


def test_history_tells_what_was_sent_by_pseudonyms_that_group_as_the_numbers_do(world: World) -> None:
    """A row per text: its block and price are kept, the end of its number and its address are made up."""
    world.policy(price_micros={"CH": 70_000})
    typed = world.started(NUMBER, client=CLIENT)
    world.api.check(world.code(typed), id=typed)
    world.started(NUMBER, client=CLIENT, purpose="payment")
    world.started(OTHER, client=CLIENT)
    with running_courier(world.parts):
        wait_until(lambda: len(told(world)) == 3 and told(world)[0].passes, 60)

    first, again, other = told(world)

    assert (first.to[:-4], first.price_micros, first.label) == (NUMBER[:-4], 70_000, "legit")
    assert first.to == again.to != other.to
    assert first.converts_after_ms is not None
    assert (again.converts_after_ms, other.converts_after_ms) == (None, None)
    assert first.ip == again.ip == other.ip
    assert not first.ip.startswith("203.")


def test_a_preview_on_the_live_redis_leaves_nothing_behind(redis: RedisServer, world: World) -> None:
    """The realm is its own and is emptied, and other keys stay as they were."""
    rows = [Row(n * 100_000, f"+4179{n * 99991:07d}", "", "", "", 50_000, None, True, "legit") for n in range(60)]
    with redis.client() as client:
        client.flushall()
        client.set("mine", "1")
        score = replay(world.core.link, rows, Policy(), "scratch")

        assert client.keys() == ["mine"]
    assert score.legit.rows == 60
    assert score.legit.lost > 0.3
