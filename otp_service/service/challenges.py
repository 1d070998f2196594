"""Challenges: what a start has to solve before a code is sent, and whether it was solved."""

from dataclasses import dataclass
from typing import Any

from otp_service.domain import challenges
from otp_service.domain.addresses import client_network
from otp_service.domain.challenges import Bound
from otp_service.domain.errors import Refusal
from otp_service.domain.requests import StartRequest
from otp_service.domain.times import rfc3339
from otp_service.service.callers import Caller
from otp_service.service.core import Core, now_ms, random_bytes
from otp_service.service.destination import Destination

LIFE_S = 300
KEPT_LONGER_S = 60  # clocks differ: what this host still takes must not be forgotten by the store


@dataclass(frozen=True, slots=True)
class Solved:
    """A solution that may be used once: under which name, and how long that must be remembered."""

    id: str
    ends_ms: int


def solved(core: Core, caller: Caller, destination: Destination, request: StartRequest) -> Solved | None:
    """The solution that came with a start, None if none did.

    Refusal challenge_required with a fresh challenge if it is wrong, expired or somebody else's.
    """
    if request.challenge is None:
        return None
    found = challenges.solved(_keys(core, caller, destination, request), request.challenge, now_ms() // 1000)
    if found is None:
        raise refusal(core, caller, destination, request)
    return Solved(found.id, (found.ends_s + KEPT_LONGER_S) * 1000)


def offer(core: Core, caller: Caller, destination: Destination, request: StartRequest) -> dict[str, Any]:
    """A fresh challenge, as the problem's `challenge` tells it."""
    ends_s = now_ms() // 1000 + LIFE_S
    key = _keys(core, caller, destination, request)[0]
    made = challenges.mint(key, ends_s, 200_000, random_bytes(challenges.RANDOM_BYTES))
    return {"kind": "altcha", "expires_at": rfc3339(ends_s * 1000), "altcha": made}


def refusal(core: Core, caller: Caller, destination: Destination, request: StartRequest) -> Refusal:
    """The refusal that asks for a solution, with a fresh challenge."""
    detail = "the solution is wrong, expired, used or another's: solve this challenge"
    return Refusal(
        "challenge_required",
        detail,
        members={"challenge": offer(core, caller, destination, request)},
    )


def _keys(core: Core, caller: Caller, destination: Destination, request: StartRequest) -> list[bytes]:
    network = client_network(request.client.ip) if request.client.ip is not None else None
    bound = Bound(caller.realm, destination.index, network, request.client.device_id)
    return [bound.key(core.ring.key("challenge", kid)) for kid in core.ring.kids]
