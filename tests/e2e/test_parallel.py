"""Many requests at once, over HTTP and against two web processes that share nothing but Redis."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.shop import Shop, numbers, shop_in_production
from tests.e2e.wire import CHECK, START, Request, words

# What holds the refusals, and what a courier may begin to keep at any time of whatever is sent.
OF_ALL = re.compile(r"\{health\}:|\{c0\}:(refusals|out:|due|held|facts|conv|r:)")


@pytest.fixture(scope="module")
def shop(migrated: Path) -> Iterator[Shop]:
    """Two web processes and a courier; of one address come 20 starts an hour."""
    with shop_in_production(migrated, limits={"ip": "20 per hour", "to": "50 per hour"}) as shop:
        yield shop


def test_of_401_parallel_guesses_five_are_admitted(shop: Shop) -> None:
    """Of 401 wrong guesses at once exactly 5 are looked at; all others hear max_attempts, as does the right code."""
    (id_,) = shop.opened()
    guess = Request(CHECK, {"id": id_, "code": shop.world.wrong(id_)})

    answers = shop.together(*[guess] * 401)

    assert words(answers) == {"wrong_code": 5, "max_attempts": 396}
    assert shop.api.check(shop.world.code(id_), id=id_).get_json()["reason"] == "max_attempts"


def test_20_codes_typed_64_times_at_once_are_20_approvals(shop: Shop) -> None:
    """Each of 20 right codes that arrives 64 times at once is approved once; the other 63 hear already_used."""
    ids = shop.opened(20)
    guesses = [Request(CHECK, {"id": id_, "code": shop.world.code(id_)}) for _ in range(64) for id_ in ids]

    answers = shop.together(*guesses)

    assert words(answers) == {"approved": 20, "already_used": 20 * 63}
    assert {answer.body["id"] for answer in answers if answer.body["valid"]} == set(ids)


def test_of_200_parallel_starts_the_limit_admits_20(shop: Shop) -> None:
    """Of 200 starts at once against `ip: 20 per hour` exactly 20 are accepted; the refused leave no trace."""
    called = numbers(200)
    before = keys(shop)

    answers = shop.together(*(Request(START, {"to": to, "client": {"ip": "203.0.113.7"}}) for to in called))

    accepted = {to for to, answer in zip(called, answers, strict=True) if answer.status == 201}
    assert words(answers) == {"201": 20, "rate_limited": 180}
    made = keys(shop) - before
    assert len({key for key in made if ":v:" in key}) == 20
    assert len({key for key in made if ":l:to:" in key}) == 20
    of_accepted = (":v:", ":l:to:", "{l:ip:", "{f:")
    assert not [key for key in made if not (OF_ALL.match(key) or any(part in key for part in of_accepted))]
    shop.made.settles()
    assert {sms.to for sms in shop.vendor.got} & set(called) == accepted


def keys(shop: Shop) -> set[str]:
    """The names of what Redis holds."""
    with shop.made.redis.client() as client:
        return set(client.scan_iter("*", 1000))


def test_one_idempotency_key_50_times_at_once_is_one_sms(shop: Shop) -> None:
    """The same start with the same Idempotency-Key 50 times at once is one SMS, and one answer."""
    (to,) = numbers()

    answers = shop.together(*[Request(START, {"to": to}, "the-same-key")] * 50)

    heard = [answer.body for answer in answers if answer.status == 201]
    assert set(words(answers)) <= {"201", "idempotency_in_flight"}
    assert heard
    assert all(body == heard[0] for body in heard)
    shop.made.settles()
    assert len(shop.vendor.sent_to(to)) == 1


def test_one_number_at_once_is_one_verification(shop: Shop) -> None:
    """Starts for one number at once open one verification, whose code they send again until max_sends."""
    (to,) = numbers()

    answers = shop.together(*[Request(START, {"to": to})] * 40)

    assert words(answers) == {"201": 1, "200": 4, "max_sends": 35}
    shop.made.settles()
    assert len(shop.vendor.sent_to(to)) == 5
    assert len({sms.code for sms in shop.vendor.sent_to(to)}) == 1


def test_both_web_processes_answer(shop: Shop) -> None:
    """Requests that come at once are answered by both processes, so that nothing here rests on the memory of one."""
    (id_,) = shop.opened()

    shop.together(*[Request(CHECK, {"id": id_, "code": "000000"})] * 64)

    workers = shop.made.servers[0].workers()
    assert len(workers) == 2
    assert all(b"otp_checks_total" in counted_by(worker) for worker in workers)


def counted_by(worker: int) -> bytes:
    """What one web process has counted so far."""
    environment = Path(f"/proc/{worker}/environ").read_bytes().split(b"\0")
    (folder,) = [each.partition(b"=")[2] for each in environment if each.startswith(b"PROMETHEUS_MULTIPROC_DIR=")]
    return Path(folder.decode(), f"counter_{worker}.db").read_bytes()
