"""What production leaves behind: after a day of all sorts, no code, number or key stands anywhere."""

import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.shop import Shop, numbers, shop_in_production
from tests.e2e.sinks import Sinks, found, written
from tests.servers import wait_until

OWN_CODE = "8364950127"
GUESS = "9182736450"
GUESSES = (GUESS, "५९१८२७३६४५", " 9182736450", "918273645")


class Day:
    """Everything that callers, people and vendors do in a day, with codes of ten digits."""

    def __init__(self, shop: Shop) -> None:
        self.shop = shop
        self.numbers: list[str] = []
        self._codes_that_arrive()
        self._vendor_that_fails()
        self._vendor_that_refuses()
        self._message_of_tomorrow()
        self._rubbish()
        shop.made.settles()
        self.sinks = written(shop.made)

    @property
    def codes(self) -> set[str]:
        """Every code that went out."""
        return {sms.code for sms in self.shop.vendor.got}

    @property
    def answers(self) -> Sinks:
        """Every answer that was given, head and body."""
        heard = self.shop.api.client.heard  # type: ignore[attr-defined]
        return {f"answer {number}": answer for number, answer in enumerate(heard)}

    def _number(self) -> str:
        self.numbers += numbers()
        return self.numbers[-1]

    def _started(self, to: str, **asked: Any) -> str:
        """The id of a new verification; a busy store is asked again, under the same key."""
        key = {"Idempotency-Key": secrets.token_hex(8)}
        answers: list[Any] = []

        def told() -> bool:
            answers.append(self.shop.api.start(to, key, **asked))
            return answers[-1].status_code != 503

        wait_until(told, 60, 0.5)
        assert answers[-1].status_code == 201, answers[-1].get_data(as_text=True)
        return str(answers[-1].get_json()["id"])

    def _codes_that_arrive(self) -> None:
        api, vendor = self.shop.api, self.shop.vendor
        for code in (None, OWN_CODE):
            to = self._number()
            given: dict[str, Any] = {"code": code, "user": "u1", "binding": {"amount": "12.50 CHF", "payee": "Shop"}}
            id_ = self._started(to, **{name: value for name, value in given.items() if value})
            assert api.post(f"/v1/verifications/{id_}/resend").status_code == 200
            wait_until(lambda to=to: len(vendor.sent_to(to)) == 2, 60)
            bound = {"id": id_, "user": "u1", "binding": given["binding"]}
            for guess in GUESSES:
                api.check(guess, **bound)
            assert api.check(vendor.sent_to(to)[0].code, **bound).get_json()["valid"] is True
            assert api.check(vendor.sent_to(to)[0].code, **bound).get_json()["reason"] == "already_used"
            assert api.get(f"/v1/verifications/{id_}").status_code == 200

    def _vendor_that_fails(self) -> None:
        self.shop.vendor.status = 500
        to = self._number()
        self._started(to)
        wait_until(lambda: self.shop.vendor.sent_to(to), 60)
        self.retrying = written(self.shop.made)
        self.shop.vendor.status = 202
        wait_until(lambda: len(self.shop.vendor.sent_to(to)) > 1, 60)

    def _vendor_that_refuses(self) -> None:
        self.shop.vendor.status = 401
        to = self._number()
        id_ = self._started(to)
        wait_until(lambda: self.shop.vendor.sent_to(to), 60)
        assert self.shop.api.delete(f"/v1/verifications/{id_}").status_code == 200
        self.shop.vendor.status = 202

    def _message_of_tomorrow(self) -> None:
        """A real message becomes a dead letter."""
        self.shop.vendor.park()
        to = self._number()
        self._started(to)
        # The vendor that has just failed is tried again in its time; as long as it has the message, so has the queue.
        wait_until(lambda: self.shop.vendor.sent_to(to), 120)
        with self.shop.made.redis.client() as client:
            ((_, fields),) = client.xrevrange("{c0}:out:high", count=1)
            client.xadd("{c0}:out:high", {**fields, "v": "9"})
            wait_until(lambda: client.xlen("{c0}:dead") == 1, 60)
        self.shop.vendor.release()

    def _rubbish(self) -> None:
        """Codes and numbers where they do not belong."""
        api, misplaced = self.shop.api, {GUESS: GUESS}
        for path in (f"/v1/verifications/{GUESS}", f"/{GUESS}?code={GUESS}", f"/v1/verifications?to={self.numbers[0]}"):
            assert api.get(path).status_code in (403, 404)
        assert api.start(f"{self.numbers[0]}99999").status_code == 422
        assert api.call("POST", "/v1/verifications", {"to": self._number(), **misplaced}).status_code == 422
        assert api.check(GUESS, to=GUESS).status_code == 422


@pytest.fixture(scope="module")
def day(migrated: Path) -> Iterator[Day]:
    """A day of all sorts."""
    policy = {"code_length": 10, "allow_custom_code": True, "webotp_host": "shop.example"}
    with shop_in_production(migrated, appendfsync="everysec", **policy) as shop:  # type: ignore[arg-type]
        yield Day(shop)


def test_every_sink_has_something_in_it(day: Day) -> None:
    """The logs, dumps, tables and metrics that are searched are really those in which the day has left its traces."""
    to = next(iter(day.shop.vendor.got)).id
    assert OWN_CODE in day.codes
    assert len(day.codes) == 5
    told = {name for name, sink in day.sinks.items() if to.encode() in sink}
    assert {"dump.rdb", "worker-1.log", "tables"} <= told
    assert any(name.endswith(".aof") for name in told)
    assert any(name.startswith("otp.db") for name in told)
    assert b"otp_checks_total" in day.sinks["metrics of serve-0"]
    assert b"otp_attempts_total" in day.sinks["metrics of worker-1"]


def test_no_code_is_written_anywhere(day: Day) -> None:
    """No code that went out, and none that was guessed, stands in a log, a dump, a table, a dead letter or a metric."""
    assert found({*day.codes, GUESS}, day.sinks) == []
    assert found(day.codes, day.retrying) == []


def test_no_code_is_in_an_answer(day: Day) -> None:
    """No code that went out is in any answer, in its head or its body, and no guess is repeated."""
    assert len(day.answers) > 20
    assert found({*day.codes, GUESS}, day.answers) == []


def test_no_number_is_written_in_the_clear(day: Day) -> None:
    """No number that was called stands in a log, a dump, a table or a metric: they are sealed, or masked."""
    assert found([to[1:] for to in day.numbers], day.sinks) == []


def test_no_secret_is_written_anywhere(day: Day) -> None:
    """No API key and no master key stands in a log, a dump, a table or a metric."""
    secrets = [day.shop.api.key.split("_")[3], day.shop.admin.key.split("_")[3]]
    assert found([*secrets, day.shop.made.environment["OTP_MASTER_KEYS"][3:]], day.sinks) == []
