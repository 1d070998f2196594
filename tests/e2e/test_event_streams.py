"""Fifty readers of events beside a real web process: they miss nothing, and starve nobody."""

import contextlib
import re
import threading
from collections.abc import Iterator

import httpx
import pytest

from tests.e2e.production import Production, installation
from tests.servers import wait_until
from tests.web.test_events import blocks

READERS, LOGINS = 50, 12


@pytest.fixture
def made() -> Iterator[Production]:
    """One web process with its four threads, and a courier."""
    with installation() as production:
        assert production.command("migrate").returncode == 0
        assert production.command("apps", "create", "shop", "--countries", "CH").returncode == 0
        # One range and one address for all: what the brake makes of that is told elsewhere.
        assert production.command("apps", "set", "shop", "policy.fraud=off").returncode == 0
        production.serve(workers=1)
        production.work()
        production.ready()
        yield production


def key(made: Production, scopes: str) -> str:
    """A fresh key of the shop."""
    answer = made.command("keys", "create", "--application", "shop", "--scopes", scopes)
    return next(line.split()[-1] for line in answer.stdout.splitlines() if line.startswith("key "))


class Reader(threading.Thread):
    """Follows as a browser does: reads to the end of each answer, and comes back with the last id."""

    def __init__(self, url: str, key: str, over: threading.Event) -> None:
        super().__init__(daemon=True)
        self._url, self._key, self._over = url, key, over
        self.begun = threading.Event()
        self.heard: list[str] = []
        self.answers = 0

    def run(self) -> None:
        last: dict[str, str] = {}
        # Without certificates to read: fifty that make a context for each request would keep both cores busy.
        with httpx.Client(verify=False, timeout=60) as client:
            while not self._over.is_set():
                answer = client.get(self._url, headers={"Authorization": f"Bearer {self._key}", **last})
                if answer.status_code == 503:  # a busy ledger: whoever comes back has missed nothing
                    self._over.wait(0.5)
                    continue
                assert answer.status_code == 200
                found = blocks(answer.text)
                last = {"Last-Event-ID": [block.id for block in found if block.id][-1]}
                self.heard += [block.data["id"] for block in found if block.event == "verification.started"]
                self.answers += 1
                self.begun.set()
                self._over.wait(0.5)


@contextlib.contextmanager
def following(made: Production, reports: str) -> Iterator[list[Reader]]:
    """Fifty readers, for as long as the block runs."""
    url, over = f"{made.url}/v1/events", threading.Event()
    authorization = {"Authorization": f"Bearer {reports}"}
    # The server hears of a new key within seconds.
    wait_until(lambda: httpx.get(url, headers=authorization, params={"wait": 0}, timeout=60).is_success, 60)
    readers = [Reader(url, reports, over) for _ in range(READERS)]
    for reader in readers:
        reader.start()
    try:
        # A reader whose first answer is held knows its place from the beginning of it.
        wait_until(lambda: sum(reader.begun.is_set() for reader in readers) >= READERS - 1, 180)
        yield readers
    finally:
        over.set()
        for reader in readers:
            reader.join()


def test_fifty_readers_starve_nobody_and_miss_nothing(made: Production) -> None:
    """While fifty follow, starts and checks are answered, one stream at most is held, and each reader hears of each."""
    api, reports = made.api(key(made, "verifications:start,verifications:check")), key(made, "reports")
    with following(made, reports) as readers:
        for number in range(LOGINS):
            started = api.start(f"+4179123{4000 + number}")
            assert started.status_code == 201
            assert api.check("000000", id=started.get_json()["id"]).status_code == 200
            assert re.search(r"otp_event_streams [01]\.0", made.servers[0].metrics)
        wait_until(lambda: all(len(reader.heard) >= LOGINS for reader in readers), 240)
    assert {len(reader.heard) for reader in readers} == {LOGINS}
    assert len({tuple(reader.heard) for reader in readers}) == 1
    assert sum(reader.answers > 1 for reader in readers) >= READERS - 1  # one may have been held all the time
