"""Many callers at once, each with a client of its own."""

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from werkzeug.test import TestResponse

from tests.world import Api, World

THREADS = 48
Call = Callable[[Api], TestResponse]


def together(world: World, calls: Iterable[Call]) -> Sequence[Any]:
    """The bodies of the answers to all these calls, made in parallel."""
    with ThreadPoolExecutor(THREADS) as pool:
        answers = pool.map(lambda call: call(Api(world.app.test_client(), world.api.key)), list(calls))
        return [answer.json for answer in answers]
