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


@dataclass(frozen=True, slots=True)
class Brought:
    """What a start brought along: a solution that counts, or the refusal if nobody can say now whether it does."""

    solved: Solved | None = None
    unable: Refusal | None = None


def brought(core: Core, caller: Caller, destination: Destination, request: StartRequest) -> Brought:
    """What a start brought along. A solution that is wrong, expired or somebody else's is as good as none.

    Whether one is needed is said by the brake alone: a vendor that is away must not stop whom nobody asks.
    """
    if request.challenge is None or caller.application.policy.fraud == "off" or caller.test:
        return Brought()
    captcha = _captcha(core, caller)
    if captcha is None:
        return Brought(_worked(core, caller, destination, request))
    try:
        return Brought(_vouched(core, captcha, caller, destination, request))
    except Refusal as unable:
        return Brought(unable=unable)


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


def told(
    refusal: Refusal, brought: Brought, core: Core, caller: Caller, destination: Destination, request: StartRequest
) -> Refusal:
    """The refusal that asks for a challenge, with a fresh one; or what hinders us from saying whether it was solved."""
    if brought.unable:
        return brought.unable
    if request.challenge is not None:
        refusal.detail = f"the solution is wrong, expired, used up or another's: {refusal.detail}"
    refusal.members["challenge"] = offer(core, caller, destination, request)
    return refusal


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
