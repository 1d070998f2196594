"""A reply that is lost on its way back costs nobody anything: the store repeats once, and knows its own repeat."""

import pytest

from otp_service.settings import Settings
from tests.proxy import Proxy
from tests.servers import RedisServer
from tests.store.test_deadlines import answered
from tests.world import World

KEY = {"Idempotency-Key": "once-and-for-all"}


@pytest.fixture
def settings(settings: Settings, line: Proxy, patience: str) -> Settings:
    """The usual ones, with Redis behind the proxy."""
    return settings.model_copy(update={"redis_url": f"{line.url}?{patience}"})


def outbox(redis: RedisServer) -> int:
    with redis.client() as client:
        return client.xlen("{c0}:out:high")


@pytest.mark.parametrize("headers", [None, KEY], ids=["plain", "with a key"])
def test_a_start_whose_reply_is_lost_sends_one_message(
    world: World, redis: RedisServer, line: Proxy, headers: dict[str, str] | None
) -> None:
    """The caller hears 201 once, one message is queued, and one send is counted."""
    world.policy(limits={"to": "2 per hour"})
    line.lose_reply_to(b"EVALSHA")

    response = world.api.start(headers=headers)

    assert response.status_code == 201
    assert response.json["sends"] == 1
    assert (line.sent(b"EVALSHA"), line.lost_all) == (2, True)
    assert outbox(redis) == 1
    assert [world.api.start().status_code for _ in range(2)] == [200, 429]


def test_a_resend_whose_reply_is_lost_sends_one_message(world: World, redis: RedisServer, line: Proxy) -> None:
    """Sending the live verification again is counted once, too."""
    id_ = world.api.start().json["id"]
    line.lose_reply_to(b"EVALSHA")
    response = world.api.start()
    assert (response.status_code, response.json["id"], response.json["sends"]) == (200, id_, 2)
    assert line.lost_all
    assert outbox(redis) == 2


def test_a_wrong_guess_whose_reply_is_lost_is_paid_once(world: World, line: Proxy) -> None:
    """The repeat hears what the guess heard, and one attempt is gone."""
    id_ = world.api.start().json["id"]
    wrong = world.wrong(id_)
    line.lose_reply_to(b"EVALSHA")
    answer = world.api.check(wrong).json
    assert line.lost_all
    assert (answer["reason"], answer["attempts_left"]) == ("wrong_code", 4)
    assert world.record(id_)["used"] == "1"
    assert world.api.check(world.code(id_)).json["valid"]


@pytest.mark.parametrize("headers", [None, KEY], ids=["plain", "with a key"])
def test_an_approval_whose_reply_is_lost_is_still_heard(
    world: World, line: Proxy, headers: dict[str, str] | None
) -> None:
    """The operation that approved hears so after its repeat; another one with the same code hears already_used."""
    id_ = world.api.start().json["id"]
    right = world.code(id_)
    line.lose_reply_to(b"EVALSHA")
    answer = world.api.check(right, headers).json
    assert line.lost_all
    assert (answer["valid"], answer["status"], answer["attempts_left"]) == (True, "approved", 4)
    again = world.api.check(right).json
    assert (again["valid"], again["reason"]) == (False, "already_used")


def test_a_cancellation_whose_reply_is_lost_is_done(world: World, line: Proxy) -> None:
    """Canceling twice is canceling once."""
    id_ = world.api.start().json["id"]
    line.lose_reply_to(id_.encode())
    response = world.api.delete(f"/v1/verifications/{id_}")
    assert line.lost_all
    assert (response.status_code, response.json["status"]) == (200, "canceled")


@pytest.mark.parametrize("patience", [""], ids=["with the deadlines of production"])
def test_the_caller_s_own_repeat_is_harmless(world: World, redis: RedisServer, line: Proxy) -> None:
    """When Redis stays silent the caller hears 503; its repeat with the same key hears of the message already sent."""
    line.delay_s = 0.7
    assert world.api.start(headers=KEY).status_code == 503
    line.delay_s = 0.0
    response = answered(lambda: world.api.start(headers=KEY))
    assert (response.status_code, response.json["sends"]) == (201, 1)
    assert outbox(redis) == 1
