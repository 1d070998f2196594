"""Parallel attacks within one process; tests/e2e plays them against several."""

from collections import Counter

from tests.keyspace import everything, outbox
from tests.security.together import together
from tests.servers import RedisServer
from tests.world import World


def test_of_401_parallel_wrong_guesses_five_are_admitted(world: World, redis: RedisServer) -> None:
    """Exactly five are compared, whatever arrives at once; the right code is right no more."""
    id_ = world.api.start().json["id"]
    wrong = world.wrong(id_)
    heard = together(world, [lambda api: api.check(wrong, id=id_)] * 401)
    assert Counter(answer["reason"] for answer in heard) == {"wrong_code": 5, "max_attempts": 396}
    assert sorted(answer["attempts_left"] for answer in heard if answer["reason"] == "wrong_code") == [0, 1, 2, 3, 4]
    assert world.record(id_)["used"] == "5"
    assert not world.api.check(world.code(id_), id=id_).json["valid"]


def test_twenty_codes_guessed_64_times_each_approve_twenty_times(world: World) -> None:
    """Every right code that 64 clients send at once is valid for exactly one of them."""
    ids = [world.api.start(f"+417912345{n:02d}").json["id"] for n in range(20)]
    codes = {id_: world.code(id_) for id_ in ids}
    calls = [lambda api, id_=id_: api.check(codes[id_], id=id_) for _ in range(64) for id_ in ids]
    heard = together(world, calls)
    assert Counter(answer["id"] for answer in heard if answer["valid"]) == dict.fromkeys(ids, 1)
    assert Counter(answer["reason"] for answer in heard) == {None: 20, "already_used": 20 * 63}


def test_of_200_parallel_starts_the_limit_admits_twenty(world: World, redis: RedisServer) -> None:
    """Against `ip: 20 per hour` twenty go out, and the refused leave not a byte."""
    world.policy(limits={"to": "5 per hour", "ip": "20 per hour", "application": "1000 per hour"})
    calls = [lambda api, to=f"+41791{n:06d}": api.start(to, client={"ip": "203.0.113.7"}) for n in range(200, 400)]
    heard = together(world, calls)
    assert Counter(answer.get("code", "sent") for answer in heard) == {"sent": 20, "rate_limited": 180}
    assert len(outbox(world)) == 20
    keys = Counter(key.split(b":")[1] for key in everything(redis))
    assert (keys[b"v"], keys[b"l"]) == (20, 20)
    assert b"f" not in keys
    left = world.admin.get(f"/v1/admin/limits?application={world.shop}&ip=203.0.113.7").json["limits"]
    assert {limit["scope"]: limit["used"] for limit in left if limit["scope"] != "to"}.items() >= {
        "ip": 20,
        "application": 20,
    }.items()


def test_parallel_starts_for_one_number_open_one_verification(world: World) -> None:
    """Fifty at once share one verification, one code and five sends."""
    heard = together(world, [lambda api: api.start()] * 50)
    assert len({answer["id"] for answer in heard if "id" in answer}) == 1
    assert Counter(answer.get("code", "sent") for answer in heard)["sent"] == 5
    assert len({entry[b"i"] for entry in outbox(world)}) == 1


def test_parallel_starts_never_spend_more_than_the_ceiling(world: World) -> None:
    """Money is pre-authorised: a hundred at once stop at the ceiling."""
    world.policy(limits={"to": "", "ip": ""}, price_micros={"CH": 10}, spend_per_day_micros=155)
    heard = together(world, [lambda api, to=f"+41791{n:06d}": api.start(to) for n in range(200, 300)])
    assert Counter(answer.get("code", "sent") for answer in heard) == {"sent": 15, "spend_exhausted": 85}
