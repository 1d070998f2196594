"""Proofs of verifications, as a product gets them, and devices that they are shown for."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from typing import Any

import pytest

from otp_service.service.core import now_ms
from tests.factor_world import STEP, Answer, FactorWorld
from tests.world import START, Api

STEP_UP: dict[str, Any] = {"proof": True, "step_up": ["enrol", "remove"]}
PHONE = {"device_id": "phone-1", "label": "Ana’s phone"}
DEVICES = "/v1/users/u1/devices"
AT_ONCE = 64
_NUMBERS = count()


@pytest.fixture
def today(owner: FactorWorld) -> FactorWorld:
    """People with factors whose clock stands still at what the store's says: it dates approvals."""
    owner.clock.now = now_ms() // STEP * STEP
    return owner


@pytest.fixture
def today_quick(quick: FactorWorld) -> FactorWorld:
    """The same on SQLite alone."""
    quick.clock.now = now_ms() // STEP * STEP
    return quick


def proof_of(owner: FactorWorld, purpose: str, user: str | None = "u1", by: Api | None = None) -> str:
    """The proof of a verification that was approved just now; each is of a number of its own."""
    by = by or owner.api
    who = {} if user is None else {"user": user}
    id_ = by.start(f"+41791{next(_NUMBERS):06d}", purpose=purpose, **who).json["id"]
    heard = by.check(owner.code(id_), id=id_, **who).json
    assert heard["valid"], heard
    return str(heard["proof"])


def starter(owner: FactorWorld, **more: Any) -> Api:
    """Another caller that may start and check."""
    return owner.caller(*START, **more)


def remembered(owner: FactorWorld, made: Answer, by: Api | None = None, **device: str) -> str | None:
    """The token of a device that was remembered by a code of the user's app; its step is over."""
    asked = {"user": "u1", "code": owner.app_code(made), "remember": {**PHONE, **device}}
    heard = owner.ask("/v1/factors/check", by, **asked)
    owner.clock.pass_(STEP)
    assert heard["valid"], heard
    token: str | None = heard["trust_token"]
    return token


def judged(
    owner: FactorWorld, token: str | None, device: str = "phone-1", user: str = "u1", by: Api | None = None
) -> str:
    """`trusted`, or why not."""
    heard = owner.ask(f"/v1/users/{user}/devices/check", by, device_id=device, token=token)
    return "trusted" if heard["trusted"] else str(heard["reason"])


def check_proof(owner: FactorWorld, made: dict[str, Any], **asked: Any) -> str:
    """The proof of a check of a user's app; its step is over."""
    heard = owner.ask("/v1/factors/check", user="u1", code=owner.app_code(made), **asked)
    owner.clock.pass_(STEP)
    return str(heard["proof"])


def at_once(owner: FactorWorld, method: str, paths: Sequence[str], body: Any = None) -> list[int]:
    """The statuses of the answers to all of these, sent in parallel."""

    def send(path: str) -> int:
        return Api(owner.app.test_client(), owner.factors.key).call(method, path, body).status_code

    with ThreadPoolExecutor(AT_ONCE) as pool:
        return list(pool.map(send, paths))
