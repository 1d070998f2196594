"""Remembering a device from a page: what a person ticked travels in the result, with which the product gets the token.

No token is there before it asks: none has to be kept meanwhile, and none is in an address, a history or a log.
"""

import json
from collections.abc import Iterable
from typing import Any

from otp_service.domain.errors import Refusal
from otp_service.domain.factors.requests import Remember, RememberRequest
from otp_service.domain.keys import NONCE_BYTES, UnknownKid
from otp_service.domain.proof import ASSURANCE
from otp_service.ledger import factors
from otp_service.service.admin.opening import writing
from otp_service.service.callers import Caller
from otp_service.service.core import Core, random_bytes
from otp_service.service.factors import devices, proofs
from otp_service.service.factors.devices import Remembered
from otp_service.service.pages import results
from otp_service.service.pages.links import Visit


def lasts_s(visit: Visit, types: Iterable[str]) -> int:
    """How long a device can be remembered from a page by factors of these types; 0 for not at all."""
    policy = visit.caller.application.policy
    vouched = any(devices.vouches(policy, ASSURANCE[each]) for each in types if each in ASSURANCE)
    return policy.trust_device_s if visit.page.remember and vouched else 0


def ticked(core: Core, visit: Visit, type: str) -> str | None:
    """What the result tells once somebody who ticked the box typed a code of this type: the device, sealed."""
    if not lasts_s(visit, [type]):
        return None
    told = json.dumps(visit.page.remember, ensure_ascii=False).encode()
    return core.ring.seal(told, _bound(visit.caller, visit.page.id), random_bytes(NONCE_BYTES))


def remember(core: Core, caller: Caller, name: str, asked: RememberRequest) -> Remembered:
    """Trusts a device by the result of a page on which its owner asked for that, or by a proof; each counts once."""
    if asked.result is None:
        return devices.remember_by_proof(core, caller, name, asked)
    at_ms = core.clock()
    with writing(core) as connection:
        user = devices.held(core, caller, connection, name, at_ms)
        claims = results.read(core, caller, asked.result, name, at_ms)
        device = claims and _device(core, caller, claims, asked)
        factor = factors.read(connection, claims.get("factor", ""), at_ms) if claims else None
        if not claims or not device or not factor or not devices.is_word(caller, user, factor):
            raise _refusal("this one does not count")
        if not proofs.spend(connection, claims):
            raise _refusal("this one was shown before")
        return devices.remember(core, caller, connection, user, device, at_ms)


def _device(core: Core, caller: Caller, claims: dict[str, Any], asked: RememberRequest) -> Remember | None:
    """The device that the page was made for, if it is the one that is asked about."""
    try:
        told = json.loads(core.ring.open(claims.get("remember", ""), _bound(caller, claims["sub"])))
    except (UnknownKid, ValueError):
        return None
    known = Remember(**told)
    if known.device_id != asked.device_id:
        return None
    return known.model_copy(update={"label": asked.label or known.label})


def _bound(caller: Caller, page: str) -> str:
    """By the realm, so that a page of a test key vouches for no device of a live one."""
    return f"page-remember/{caller.realm}/{page}"


def _refusal(why: str) -> Refusal:
    return Refusal(
        "step_up_required",
        "to remember a device by a page takes the result of a page of the kind check for this user, made with this "
        "device_id in remember, on which the person ticked the box and typed a code of a factor that they still have, "
        f"told in the last 5 minutes and never shown before; {why}",
    )
