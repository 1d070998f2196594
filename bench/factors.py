"""How many codes of authenticator apps one thread checks, through the whole application, beside pyotp alone.

Each user has one app, and types one right code a round; the clock goes on by one step between rounds. The ledger is
SQLite on this machine's disk, which is written to and synced at each check.
"""

import json
import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pyotp

from bench.inprocess import answers, environ
from bench.receipts import service
from otp_service.domain import apikeys
from otp_service.domain.policy import Policy
from otp_service.ledger import applications, keys
from otp_service.ledger.changes import change
from otp_service.service.core import now_ms, random_bytes
from otp_service.wiring import Parts

ROUNDS = 5
USERS = 200
STEP_MS = 30_000


class People:
    """Users with an app each, on a service whose clock is ours."""

    def __init__(self, parts: Parts, users: int) -> None:
        self.at_ms = now_ms()
        core = replace(parts.core, clock=lambda: self.at_ms)
        self._app, self._key = replace(parts, core=core).web(), _key(parts)
        made = answers(self._app, [self._post("/v1/factors", {"user": f"u{n}", "type": "totp"}) for n in range(users)])
        self._factors = [json.loads(each) for each in made]
        self._secrets = [each["secret"] for each in self._factors]
        answers(self._app, [self._confirm(each["id"], code) for each, code in self._typed(self._factors)])

    def round(self) -> tuple[float, float, float]:
        """Seconds for each check: by the wall, of CPU, and of CPU for pyotp alone."""
        self.at_ms += STEP_MS
        calls = [self._check(f"u{n}", code) for n, (_, code) in enumerate(self._typed(self._factors))]
        wall, cpu = time.perf_counter(), time.process_time()
        said = answers(self._app, calls)
        wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
        if not all(json.loads(each)["valid"] for each in said):
            raise RuntimeError("a right code was refused")
        return wall / len(calls), cpu / len(calls), self._alone()

    def _alone(self) -> float:
        typed = [pyotp.TOTP(secret).at(self.at_ms // 1000) for secret in self._secrets]
        began = time.process_time()
        for secret, code in zip(self._secrets, typed, strict=True):
            pyotp.TOTP(secret).verify(code, for_time=self.at_ms // 1000, valid_window=1)
        return (time.process_time() - began) / len(typed)

    def _typed(self, made: Sequence[Any]) -> list[tuple[Any, str]]:
        return [(each, pyotp.TOTP(each["secret"]).at(self.at_ms // 1000)) for each in made]

    def _confirm(self, id: str, code: str) -> dict[str, Any]:
        return self._post(f"/v1/factors/{id}/confirm", {"code": code})

    def _check(self, user: str, code: str) -> dict[str, Any]:
        return self._post("/v1/factors/check", {"user": user, "code": code})

    def _post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        return environ("POST", path, json.dumps(body).encode(), self._key)


def figures() -> dict[str, float]:
    """Checks a second over one thread, and the CPU time of one beside pyotp's; the medians of all rounds."""
    with service() as parts:
        people = People(parts, USERS)
        rounds = [people.round() for _ in range(ROUNDS)]
    wall, cpu, alone = (sorted(each)[len(each) // 2] for each in zip(*rounds, strict=True))
    return {"totp_per_s": 1 / wall, "totp_us": cpu * 1e6, "pyotp_us": alone * 1e6, "totp_over_pyotp": cpu / alone}


def _key(parts: Parts) -> str:
    id, text = apikeys.make(False, random_bytes(16), random_bytes(32))
    presented = apikeys.read(text)
    assert presented
    with change(parts.core.engine, parts.core.audit_key, "bench", now_ms()) as opened:
        shop = applications.create(opened, "shop", Policy()).id
        keys.create(opened, id, shop, "bench", apikeys.hashed(presented.secret), ("factors",))
    parts.truths.refresh()
    return text


def main() -> None:
    """Prints the figures."""
    for name, figure in figures().items():
        print(f"{name:20} {figure:12,.1f}")


if __name__ == "__main__":
    main()
