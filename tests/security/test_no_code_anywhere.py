"""No code and no number at rest: not in Redis, its dump or its log, not in SQL, not in logs, not in answers."""

import json
import re
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest
from werkzeug.test import TestResponse

from tests.couriers import running_courier
from tests.keyspace import everything
from tests.logged import logged
from tests.servers import RedisServer, redis_server, wait_until
from tests.store.monitor import monitored
from tests.world import NUMBER, World

DIGITS = NUMBER[1:]
# Everything is written to disk, and nothing is compressed, lest a code hides.
OPTIONS = ("--appendonly", "yes", "--appendfsync", "always", "--rdbcompression", "no", "--aof-use-rdb-preamble", "no")


@pytest.fixture
def redis() -> Iterator[RedisServer]:
    """A Redis that keeps all it is told."""
    with redis_server(*OPTIONS) as server:
        yield server


class Story:
    """A number's evening: codes of ours and of the caller's, sent, sent again, mistyped, typed and cancelled."""

    def __init__(self, world: World) -> None:
        self.world, self.codes, self.answers = world, set[str](), list[TestResponse]()
        assert world.parts.phone
        world.policy(
            code_length=10,
            limits={"to": "", "ip": "", "application": "200 per hour", "prefix": "90 per hour"},
            max_sends=20,
            allow_custom_code=True,
            proof=True,
        )

    def play(self, arrives: Callable[[str], bool] = bool) -> None:
        """Each code is guessed once it has arrived, if somebody delivers."""
        for body in ({}, {"user": "u1", "binding": {"amount": "5 CHF", "payee": "Shop"}}, {"code": "7418529630"}):
            id_ = self._said(
                self.world.api.start(headers={"Idempotency-Key": f"start-{body}".replace(" ", "")}, **body)
            )
            self.codes.add(str(body.get("code") or self.world.code(id_)))
            self._said(self.world.api.post(f"/v1/verifications/{id_}/resend"))
            wait_until(partial(arrives, str(body.get("code") or self.world.code(id_))), 60)
            more = {name: body[name] for name in ("user", "binding") if name in body}
            self._guesses(id_, str(body.get("code") or self.world.code(id_)), more)
        late = self._said(self.world.api.start(user="late"))
        self.codes.add(self.world.code(late))
        self._said(self.world.api.delete(f"/v1/verifications/{late}"))
        self._said(self.world.api.check(self.world.code(late), id=late))

    def _guesses(self, id_: str, right: str, more: dict[str, object]) -> None:
        wrong = right[::-1] if right != right[::-1] else "0123456789"
        self.codes.add(wrong)
        key = {"Idempotency-Key": f"check-{id_}"}
        self._said(self.world.api.check(wrong, id=id_, **more))
        self._said(self.world.api.check(f"{right} ", id=id_, **more))
        for _ in range(2):
            self._said(self.world.api.check(right, id=id_, headers=key, **more))
        self._said(self.world.api.check(right, id=id_, **more))
        self._said(self.world.api.get(f"/v1/verifications/{id_}"))

    def _said(self, answer: TestResponse) -> str:
        self.answers.append(answer)
        return str(answer.json.get("id", ""))

    @property
    def delivered(self) -> set[str]:
        """The codes that people got."""
        assert self.world.parts.phone
        texts = [bubble.text for bubble in self.world.parts.phone.messages(NUMBER)]
        return {found for text in texts for found in re.findall(r"\d{10}", text)}


def at_rest(world: World, redis: RedisServer) -> dict[str, bytes]:
    """Every byte that outlives the process, by where it is."""
    with redis.client() as client:
        client.save()
        keys = {f"key {key!r}": key + value for key, value in everything(redis).items()}
    files = [*Path(redis.folder).rglob("*"), *Path(str(world.core.engine.url.database)).parent.glob("otp.db*")]
    return {**keys, **{str(path): path.read_bytes() for path in files if path.is_file()}}


def test_no_code_and_no_number_is_anywhere(world: World, redis: RedisServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """After ten-digit codes were sent, resent, guessed and approved, no store, file, log line or answer holds one."""
    story = Story(world)
    with monitored(redis) as monitor, logged(monkeypatch) as lines:
        with running_courier(world.parts):
            story.play(lambda code: code in story.delivered)
            wait_until(lambda: drained(redis), 60)
        told = json.dumps([command.words for command in monitor.commands()]).encode()
    kept = {**at_rest(world, redis), "logs": lines.getvalue().encode(), "commands": told}
    assert {"7418529630"} < story.delivered < story.codes
    assert any(name.endswith(".rdb") for name in kept)
    assert any("appendonly" in name and value for name, value in kept.items())
    assert any(name.endswith("otp.db") for name in kept)
    found = [
        (name, secret) for name, value in kept.items() for secret in (*story.codes, DIGITS) if secret.encode() in value
    ]
    assert found == []


def test_no_answer_holds_a_code(world: World) -> None:
    """Neither body nor header of any answer names a code, right or wrong; the number is only in `to`."""
    story = Story(world)
    story.play()
    for answer in story.answers:
        sent = answer.get_data(as_text=True) + str(answer.headers)
        assert not [code for code in story.codes if code in sent]
        assert DIGITS not in sent.replace(f'"to": "{NUMBER}"', "").replace(f'"to":"{NUMBER}"', "")


def drained(redis: RedisServer) -> bool:
    """Whether the courier has sent and told all there was."""
    with redis.client() as client:
        return not any(client.xlen(f"{{c0}}:{stream}") for stream in ("out:high", "out:normal", "facts"))
