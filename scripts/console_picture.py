"""Draws docs/images/console.png: the console's page Now, of a service that runs, after a day that was made up.

.venv/bin/python scripts/console_picture.py [path]    after `make test` or scripts/setup.sh test: they bring the browser
"""

import contextlib
import math
import os
import random
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from picture import ROOT, service
from playwright.sync_api import sync_playwright
from sqlalchemy import Engine

from otp_service.commands.embedded import find_store
from otp_service.domain.facts import Fact
from otp_service.domain.ids import Address
from otp_service.domain.messages import RANKS
from otp_service.ledger.engine import make_engine
from otp_service.ledger.facts import apply_facts
from otp_service.settings import Settings
from otp_service.store.connect import connect
from otp_service.store.refusals import record

PICTURE = ROOT / "docs/images/console.png"
MINUTE, HOUR, DAY = 60_000, 3_600_000, 86_400_000
BATCH = 500
FOLD = 1010  # where the picture ends, in pixels of the page


@dataclass(frozen=True)
class Place:
    """Where codes go: its share of all, how many arrive and are typed, and what one costs."""

    country: str
    block: str
    share: int
    provider: str
    delivered: float
    approved: float
    cost_micros: int


PLACES = (
    Place("CH", "+4179123", 34, "twilio", 0.985, 0.90, 66_000),
    Place("DE", "+4915112", 27, "vonage", 0.975, 0.87, 92_000),
    Place("AT", "+4366412", 12, "vonage", 0.97, 0.86, 78_000),
    Place("FR", "+3361234", 11, "twilio", 0.96, 0.84, 71_000),
    Place("IT", "+3933312", 9, "infobip", 0.95, 0.81, 83_000),
    Place("US", "+1415555", 7, "twilio", 0.97, 0.83, 8_300),
)
RAID = Place("UZ", "+9989012", 0, "infobip", 0.9, 0.02, 310_000)
MISTYPED = 0.012  # of those who type, who never gets it right
RAIDED_AGO, RAID_SENDS = 5 * HOUR, 14
# Who was refused: by which code, how often, from when on and for how long.
REFUSED = (
    ("refused_as_fraud", 412, 5 * HOUR, 2 * HOUR),
    ("challenge_required", 96, 5 * HOUR, 3 * HOUR),
    ("rate_limited", 38, 20 * HOUR, 20 * HOUR),
    ("resend_too_soon", 21, 22 * HOUR, 22 * HOUR),
    ("line_type_not_allowed", 9, 19 * HOUR, 19 * HOUR),
)


def day(application: str, now: int, codes: int, dice: random.Random) -> Iterator[Fact]:
    """A day of codes that ends now, busier by day than by night."""
    for _ in range(codes):
        (place,) = dice.choices(PLACES, [each.share for each in PLACES])
        yield from code(application, place, now, moment(now, dice), dice)


def moment(now: int, dice: random.Random) -> int:
    """A time within the day before now, as people keep hours in Europe."""
    while True:
        at = now - dice.randrange(DAY)
        hour = (at % DAY) / HOUR
        if dice.random() < 0.08 + 0.92 * max(0.0, math.sin((hour - 4) / 17 * math.pi)) ** 1.3:
            return at


def code(application: str, place: Place, now: int, at: int, dice: random.Random) -> Iterator[Fact]:
    """The facts of one code, from the asking to the typing, as far as they happened before now."""
    name = f"{at}{dice.randrange(10**6):06}"
    arrives = dice.random() < place.delivered
    typed = arrives and dice.random() < place.approved / place.delivered
    answer, after = (at + dice.randint(1500, 7000), at + dice.randint(9_000, 70_000))
    person = {"number_index": name, "to_sealed": None, "country": place.country, "block": place.block}
    mine = {"application": application, "person": person, "channel": "sms", "test": False}
    begun = {"id": f"ver_{name}", "n": 1, "event": "started", "status": "pending", "sends": 1, "used": 0}
    times = {"purpose": "login", "max_attempts": 5, "created_ms": at, "expires_ms": at + 10 * MINUTE}
    yield Fact(f"ver_{name}:1", "verification", at, begun | mine | times)
    yield moved(name, "queued", at, segments=1, country=place.country, **mine)
    tried = {"message": f"msg_{name}", "n": 1, "provider": place.provider, "verdict": "accepted", "took_ms": 140}
    yield Fact(
        f"msg_{name}:1", "attempt", at + 200, tried | {"country": place.country, "cost_micros": place.cost_micros}
    )
    yield moved(name, "accepted", at + 200, provider=place.provider, country=place.country)
    if answer < now:
        yield moved(name, "delivered" if arrives else "undelivered", answer)
    if typed and after < now:
        how, guesses = ("approved", 1) if dice.random() > MISTYPED else ("failed", 5)
        ended = {"id": f"ver_{name}", "n": 2, "event": how, "status": how, "sends": 1, "used": guesses}
        yield Fact(f"ver_{name}:2", "verification", after, ended)
    elif after < now - 10 * MINUTE:
        ended = {"id": f"ver_{name}", "n": 2, "event": "expired", "status": "expired", "sends": 1, "used": 0}
        yield Fact(f"ver_{name}:2", "verification", at + 10 * MINUTE, ended)


def moved(name: str, status: str, at: int, **more: Any) -> Fact:
    """One move of a code's message."""
    data = {"id": f"msg_{name}", "n": RANKS[status], "verification": f"ver_{name}", "status": status}
    return Fact(f"msg_{name}:m{RANKS[status]}", "message", at, data | more)


def alarm(application: str, now: int) -> Fact:
    """The brake put the raided prefix into quarantine."""
    data = {"kind": "quarantine", "application": application, "country": RAID.country, "prefix": RAID.block[:6]}
    return Fact("alarm:1", "alarm", now - RAIDED_AGO + 3 * MINUTE, data | {"for_ms": 8 * HOUR})


def told(application: str, now: int) -> Iterator[Fact]:
    """Two days of codes, and a raid on the second that ended after a few sends."""
    dice = random.Random(11)
    yield from day(application, now - DAY, 2610, dice)
    yield from day(application, now, 2868, dice)
    for send in range(RAID_SENDS):
        yield from code(application, RAID, now, now - RAIDED_AGO + send * 9_000, dice)
    yield alarm(application, now)


def fill(engine: Engine, redis_url: str, application: str) -> None:
    """Tells the ledger and the log of refusals what happened."""
    now = time.time_ns() // 1_000_000
    facts = sorted(told(application, now), key=lambda fact: fact.at_ms)
    for begin in range(0, len(facts), BATCH):
        apply_facts(engine, facts[begin : begin + BATCH])
    refuse(redis_url, application, now)


def refuse(redis_url: str, application: str, now: int) -> None:
    """Writes refusals into the log, spread over the time in which each happened."""
    dice = random.Random(12)
    link, cells = connect(redis_url), int(Settings.model_fields["redis_cells"].default)
    for word, times, ago, length in REFUSED:
        for _ in range(times):
            at = Address(dice.randbytes(12), dice.randbytes(4))
            when = str(now - ago + dice.randrange(length))
            detail = {"application": application, "test": False}
            record(link, cells, at, code=word, evidence=[], request="", detail=detail, now=when)


def application_of(ready: dict[str, str]) -> str:
    """An application with a name that looks like somebody's."""
    with httpx.Client(base_url=ready["url"], headers={"Authorization": f"Bearer {ready['admin_key']}"}) as admin:
        made = admin.post("/v1/admin/applications", json={"name": "Shop", "policy": {"sender": "Shop"}})
        return str(made.raise_for_status().json()["id"])


@contextlib.contextmanager
def filled(folder: Path) -> Iterator[str]:
    """A development service with such a day behind it: the link that signs in to its console."""
    store = find_store(folder, None, lasting=False)
    database = f"sqlite:///{folder / 'otp.db'}"
    os.environ.update(OTP_REDIS_URL=store.url, OTP_DATABASE_URL=database)
    try:
        with service() as ready:
            fill(make_engine(database), store.url, application_of(ready))
            yield ready["console_url"]
    finally:
        store.stop()


def draw(path: Path) -> None:
    """Signs in and takes the picture."""
    chromium = shutil.which("chromium") or str(ROOT / ".venv/bin/chromium")
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        link = stack.enter_context(filled(folder))
        playwright = stack.enter_context(sync_playwright())
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1280, "height": FOLD}, color_scheme="light")
        page.goto(link)
        page.goto(link.partition("/console")[0] + "/console/now")
        page.get_by_role("table", name="Refusals by code").wait_for()
        page.wait_for_timeout(500)  # fonts and what moves have come to rest
        page.screenshot(path=path)
        browser.close()


if __name__ == "__main__":
    draw(Path(sys.argv[1]) if len(sys.argv) > 1 else PICTURE)
