"""Challenges: what a start has to solve before a code is sent, and whether it was solved."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from otp_service.domain import challenges
from otp_service.domain.addresses import client_network
from otp_service.domain.captchas import Captcha
from otp_service.domain.challenges import Bound
from otp_service.domain.errors import Refusal
from otp_service.domain.keys import b64, canonical, mac
from otp_service.domain.requests import StartRequest
from otp_service.domain.times import rfc3339
from otp_service.service.callers import Caller
from otp_service.service.captchas import Asker
from otp_service.service.core import Core, now_ms, random_bytes
from otp_service.service.destination import Destination
from otp_service.store import vouched

LIFE_S = 300  # as long as Turnstile's, the longest of the vendors'
KEPT_LONGER_S = 60  # clocks differ: what this host still takes must not be forgotten by the store
ASKER = Asker()


@dataclass(frozen=True, slots=True)
class Solved:
    """A solution that may be used once: under which name, and how long that must be remembered."""

    id: str
    ends_ms: int


def solved(core: Core, caller: Caller, destination: Destination, request: StartRequest) -> Solved | None:
    """The solution that came with a start; None if none did, or if nothing could ask for one.

    Refusal challenge_required with a fresh challenge if it is wrong, expired or somebody else's, and unavailable while
    its vendor can't be asked. In shadow mode nobody is refused over a solution.
    """
    policy = caller.application.policy
    if request.challenge is None or policy.fraud == "off" or caller.test:
        return None
    captcha = _captcha(core, caller)
    try:
        found = (
            _vouched(core, captcha, caller, destination, request)
            if captcha
            else _worked(core, caller, destination, request)
        )
    except Refusal:
        if policy.fraud == "enforce":
            raise
        return None
    if found is None and policy.fraud == "enforce":
        raise required(core, caller, destination, request)
    return found


def offer(core: Core, caller: Caller, destination: Destination, request: StartRequest) -> dict[str, Any]:
    """A fresh challenge, as the problem's `challenge` tells it."""
    captcha = _captcha(core, caller)
    page = f"{core.public_url}/challenge"
    if captcha:
        return {"kind": captcha.kind, "site_key": captcha.site_key, "page": f"{page}?kind={captcha.kind}"}
    ends_s = now_ms() // 1000 + LIFE_S
    key = _bound(caller, destination, request).key(core.ring.key("challenge", core.ring.current))
    most = caller.application.policy.challenge_difficulty
    made = challenges.mint(key, ends_s, most, random_bytes(challenges.RANDOM_BYTES))
    link = f"{page}#{b64(canonical(made).encode())}"
    return {"kind": "altcha", "altcha": made, "expires_at": rfc3339(ends_s * 1000), "page": link}


def required(core: Core, caller: Caller, destination: Destination, request: StartRequest) -> Refusal:
    """The refusal that asks for a solution, with a fresh challenge."""
    why = "solve this challenge and start again with the solution in the field challenge"
    if request.challenge is not None:
        why = f"the solution is wrong, expired, used up or another's: {why}"
    return Refusal("challenge_required", why, members={"challenge": offer(core, caller, destination, request)})


def hostnames(core: Core, captcha: Captcha) -> frozenset[str]:
    """The hosts of the pages on which a CAPTCHA may be solved: the configured ones, and our own."""
    own = urlsplit(core.public_url).hostname
    return frozenset(captcha.hostnames) | ({own} if own else set())


def _worked(core: Core, caller: Caller, destination: Destination, request: StartRequest) -> Solved | None:
    bound = _bound(caller, destination, request)
    keys = [bound.key(core.ring.key("challenge", kid)) for kid in core.ring.kids]
    found = challenges.solved(keys, request.challenge or "", now_ms() // 1000)
    return Solved(found.id, (found.ends_s + KEPT_LONGER_S) * 1000) if found else None


def _vouched(
    core: Core, captcha: Captcha, caller: Caller, destination: Destination, request: StartRequest
) -> Solved | None:
    """A vendor says yes once; what is repeated after a lost answer, by whom it is for, passes without asking again."""
    token, ip = request.challenge or "", request.client.ip
    key = _bound(caller, destination, request).key(core.index_key)
    name = b64(mac(key, captcha.kind, token)[: challenges.ID_BYTES])
    ends_ms = vouched.until(core.link, name)
    if ends_ms is None:
        if not ASKER.passes(captcha, token, ip, hostnames(core, captcha)):
            return None
        ends_ms = now_ms() + (LIFE_S + KEPT_LONGER_S) * 1000
        vouched.remember(core.link, name, ends_ms, LIFE_S * 1000)
    return Solved(b64(mac(core.index_key, captcha.kind, token)[: challenges.ID_BYTES]), ends_ms)


def _captcha(core: Core, caller: Caller) -> Captcha | None:
    """The CAPTCHA of the policy. One that is not configured is made up for by work, since nobody could solve it."""
    return core.provider_file.captchas.get(caller.application.policy.challenge)


def _bound(caller: Caller, destination: Destination, request: StartRequest) -> Bound:
    ip = request.client.ip
    network = client_network(ip) if ip is not None else None
    return Bound(caller.realm, destination.index, network, request.client.device_id)
