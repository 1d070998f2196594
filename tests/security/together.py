"""Many callers at once, each with a client of its own."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from werkzeug.test import TestResponse

from tests.factor_world import Answer, FactorWorld
from tests.world import Api, World

THREADS = 48
AT_ONCE = 64
Call = Callable[[Api], TestResponse]


def together(world: World, calls: Iterable[Call]) -> Sequence[Any]:
    """The bodies of the answers to all these calls, made in parallel."""
    with ThreadPoolExecutor(THREADS) as pool:
        answers = pool.map(lambda call: call(Api(world.app.test_client(), world.api.key)), list(calls))
        return [answer.json for answer in answers]


def at_once(owner: FactorWorld, path: str, bodies: Sequence[dict[str, Any]]) -> list[Answer]:
    """The answers to all of these, sent in parallel."""

    def send(body: dict[str, Any]) -> Answer:
        answer: Answer = Api(owner.app.test_client(), owner.factors.key).post(path, body).json
        return answer

    with ThreadPoolExecutor(AT_ONCE) as pool:
        return list(pool.map(send, bodies))


def heard(answers: Sequence[Answer]) -> Counter[str]:
    """How often each was said."""
    return Counter("valid" if each.get("valid") else each.get("reason") or each["code"] for each in answers)
