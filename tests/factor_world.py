"""A service whose clock the tests set, on a ledger of either kind."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from pydantic import SecretStr

from otp_service import wiring
from otp_service.domain.factors.codes import Generator, step_of
from otp_service.settings import Settings
from otp_service.wiring import Parts
from tests.clock import Clock
from tests.ledger.databases import MakeUrl
from tests.world import Api, World

NOON = 1_795_348_800_000  # the beginning of a step
STEP = 30_000
Answer = dict[str, Any]


class FactorWorld(World):
    """A world with a clock that stands still, and people with factors."""

    def __init__(self, parts: Parts) -> None:
        self.clock = Clock(NOON)
        super().__init__(replace(parts, core=replace(parts.core, clock=lambda: self.clock.now)))
        self.factors = self.caller("factors")

    def enrolled(self, user: str = "u1", type: str = "totp", by: Api | None = None, **asked: Any) -> Answer:
        """A new factor, as its owner got it."""
        made = (by or self.factors).post("/v1/factors", {"user": user, "type": type, **asked})
        assert made.status_code == 201, made.json
        answer: Answer = made.json
        return answer

    def confirmed(self, user: str = "u1", type: str = "totp", by: Api | None = None, **asked: Any) -> Answer:
        """A factor that counts; the step of its confirmation is over."""
        made = self.enrolled(user, type, by, **asked)
        heard = self.ask(f"/v1/factors/{made['id']}/confirm", by, code=self.app_code(made))
        assert heard["valid"], heard
        self.clock.pass_(STEP)
        return made

    def app_code(self, made: Answer, steps: int = 0, counter: int = 0) -> str:
        """What the person's app shows, so many steps from now; or their token at this counter."""
        at = step_of(self.clock.now, made["period_s"]) + steps if made["type"] == "totp" else counter
        return Generator(made["secret"], made["algorithm"], made["digits"]).code(at)

    def ask(self, path: str, by: Api | None = None, **body: Any) -> Answer:
        """The body of an answer."""
        answer: Answer = (by or self.factors).post(path, body).json
        return answer

    def check(self, code: str, user: str = "u1", by: Api | None = None) -> Answer:
        """What is said of a user's code."""
        return self.ask("/v1/factors/check", by, user=user, code=code)

    def verdict(self, code: str, user: str = "u1") -> str:
        """`valid`, or why not."""
        heard = self.check(code, user)
        return "valid" if heard.get("valid") else heard.get("reason") or heard["code"]

    def wrong(self, *made: Answer) -> str:
        """A code that no step or counter near by has, of any of these."""
        near = {self.app_code(each, steps, steps + 30) for each in made for steps in range(-30, 31)}
        return next(code for code in (f"{n:0{made[0]['digits']}d}" for n in range(100)) if code not in near)


@pytest.fixture
def owner(settings: Settings, new_url: MakeUrl) -> Iterator[FactorWorld]:
    """A world of people with factors, on SQLite and on PostgreSQL."""
    there = settings.model_copy(update={"database_url": SecretStr(new_url(True))})
    parts = wiring.build(there, development_server=True)
    yield FactorWorld(parts)
    parts.core.engine.dispose()


@pytest.fixture
def quick(settings: Settings) -> Iterator[FactorWorld]:
    """The same on SQLite alone, for what has nothing to do with the database."""
    parts = wiring.build(settings, development_server=True)
    yield FactorWorld(parts)
    parts.core.engine.dispose()
