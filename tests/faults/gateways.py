"""An installation whose vendors misbehave: each serves a country of its own, so that all of them are tried at once."""

import contextlib
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from tests.e2e.production import Production, installation
from tests.e2e.shop import GENEROUS, operator
from tests.e2e.wire import START, Request, patient, read, together
from tests.faults.vendors import Faulty, Taken, faulty
from tests.world import Api

# way of misbehaving -> its vendor's country, and the first of that country's numbers
COUNTRIES = {
    "down": ("CH", 41791230000),
    "drip": ("FR", 33612340000),
    "reset": ("DE", 4915123450000),
    "error_body": ("GB", 447400120000),
    "garbage": ("ES", 34612340000),
    "limited": ("IT", 393123450000),
    "broken": ("AT", 43664120000),
}


@dataclass(frozen=True)
class Code:
    """One code that somebody waits for; `expires` in seconds since 1970."""

    id: str
    message: str
    to: str
    way: str
    expires: float


@dataclass(frozen=True)
class Gateways:
    """What runs: `bad` by their ways, and the good one, if there is one."""

    made: Production
    api: Api
    bad: dict[str, Faulty]
    good: Faulty | None

    def started(self, each: int, *ways: str) -> list[Code]:
        """Starts so many codes to the country of each bad vendor, or of some, all at the same time."""
        wanted = [(way, f"+{COUNTRIES[way][1] + number}") for way in ways or self.bad for number in range(each)]
        requests = [Request(START, {"to": to}) for _, to in wanted]
        answers = together(self.made.url, self.api, patient(requests))
        assert {answer.status for answer in answers} == {201}, answers
        return [
            Code(answer.body["id"], answer.body["message_id"], to, way, _seconds(answer.body["expires_at"]))
            for (way, to), answer in zip(wanted, answers, strict=True)
        ]

    def ended(self, code: Code) -> dict[str, Any]:
        """What became of a code's message."""
        (message,) = read(self.api, f"/v1/verifications/{code.id}")["messages"]
        found: dict[str, Any] = message
        return found

    def copies(self, code: Code) -> list[Taken]:
        """Every submission of a code, to whichever vendor."""
        vendors = [*self.bad.values(), *([self.good] if self.good else [])]
        return [one for vendor in vendors for one in vendor.sent_to(code.to)]


def _seconds(moment: str) -> float:
    return datetime.fromisoformat(moment).timestamp()


@contextlib.contextmanager
def gateways(migrated: Path, *, with_good: bool, **policy: Any) -> Iterator[Gateways]:
    """All bad vendors, each alone in its country or with the same good one behind it."""
    with installation() as made:
        bad = {way: made.stack.enter_context(faulty(way.replace("_", "-"), way)) for way in COUNTRIES}
        good = made.stack.enter_context(faulty("good", "fine")) if with_good else None
        parts = [bad[way].configuration(1, country) for way, (country, _) in COUNTRIES.items()]
        parts += [good.configuration(2)] if good else []
        (made.folder / "otp-service.toml").write_text("".join(parts))
        shutil.copy(migrated, made.folder / "otp.db")
        world = operator(made)
        world.policy(**{**GENEROUS, "countries": [country for country, _ in COUNTRIES.values()], **policy})
        made.serve()
        made.work()
        made.ready()
        yield Gateways(made, made.api(world.api.key), bad, good)
