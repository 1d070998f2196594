"""One application in production: its installation, its callers over HTTP, and the eyes of its operator."""

import contextlib
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

from otp_service import wiring
from otp_service.ledger import migrate
from otp_service.ledger.engine import make_engine
from otp_service.settings import Settings
from tests.e2e.production import Production, installation
from tests.e2e.vendor import Vendor
from tests.e2e.wire import START, Answer, Request, patient, together
from tests.world import MASTER_KEYS, Api, World

# What a test is not about does not get in its way.
GENEROUS: dict[str, Any] = {
    "limits": {"to": "", "ip": ""},
    "spend_per_day_micros": None,
    "spend_per_country_per_day_micros": None,
}
_numbers = count(2_000_000)


def numbers(many: int = 1) -> list[str]:
    """Numbers that nothing else uses."""
    return [f"+4179{next(_numbers)}" for _ in range(many)]


@dataclass(frozen=True)
class Shop:
    """`api` may start and check, `admin` may do everything; `world` holds the keys and looks into the stores."""

    made: Production
    world: World
    api: Api
    admin: Api

    @property
    def vendor(self) -> Vendor:
        return self.made.vendor

    def together(self, *requests: Request) -> list[Answer]:
        """The answers to requests that are made at the same time."""
        return together(self.made.url, self.api, requests)

    def opened(self, many: int = 1) -> dict[str, str]:
        """Starts so many verifications at once: their ids and numbers."""
        called = numbers(many)
        answers = self.together(*patient(Request(START, {"to": to}) for to in called))
        assert all(answer.status == 201 for answer in answers), answers
        return {answer.body["id"]: to for to, answer in zip(called, answers, strict=True)}


@contextlib.contextmanager
def shop_in_production(
    migrated: Path,
    *,
    couriers: int = 1,
    database_url: str = "",
    appendfsync: str = "",
    **policy: Any,
) -> Iterator[Shop]:
    """A running installation with one application; the ledger is a copy of the migrated one unless another is given."""
    with installation(database_url, appendfsync) as made:
        if not database_url:
            shutil.copy(migrated, made.folder / "otp.db")
        world = operator(made)
        world.policy(**{**GENEROUS, **policy})
        made.serve()
        for _ in range(couriers):
            made.work()
        made.ready()
        yield Shop(made, world, made.api(world.api.key), made.api(world.admin.key))


def operator(made: Production) -> World:
    """Somebody who holds the keys of an installation, makes its application and may look into its stores."""
    environment = made.environment
    engine = make_engine(environment["OTP_DATABASE_URL"])
    migrate.to_head(engine)
    engine.dispose()
    settings = Settings(
        _env_file=None,
        redis_url=made.redis.url,
        database_url=environment["OTP_DATABASE_URL"],
        master_keys=MASTER_KEYS,
        config=made.folder / "otp-service.toml",
        public_url=environment["OTP_PUBLIC_URL"],
        log_level="error",
    )
    world = World(wiring.build(settings))
    made.stack.callback(world.core.engine.dispose)
    return world
