"""The brake on one start: what it is judged by."""

from otp_service.domain.requests import StartRequest
from otp_service.service.callers import Caller
from otp_service.service.core import Core, random_bytes
from otp_service.service.destination import Destination
from otp_service.store.fraud import Brake, brake, decide

DRAW_BYTES = 4
NO_PROBE = 0.999999  # so that the same question has the same answer


def brake_of(
    core: Core,
    caller: Caller,
    destination: Destination,
    request: StartRequest,
    price: int,
    *,
    solved: bool = False,
    draw: float | None = None,
) -> Brake | None:
    """What the brake judges this start by; None where it is off, for a test key and for a supplied code.

    Who supplies the code often compares it too, and then nobody tells whether it was typed: unknown is not unanswered.
    """
    policy, number = caller.application.policy, destination.number
    if policy.fraud == "off" or caller.test or request.code is not None:
        return None
    return brake(
        *(core.index_key, caller.realm, number.e164, number.country, request.client.ip, policy.thresholds, price),
        int.from_bytes(random_bytes(DRAW_BYTES)) / 256**DRAW_BYTES if draw is None else draw,
        solved=solved,
        challenges=policy.challenge != "none",
        lets=policy.fraud == "shadow",
    )


def judged(core: Core, caller: Caller, destination: Destination, request: StartRequest, price: int) -> str | None:
    """What the brake would say to this start, nothing charged: allow, challenge, deny; None where it does not judge."""
    asked = brake_of(core, caller, destination, request, price, draw=NO_PROBE)
    return decide(core.link, asked, dry=True).decision if asked else None
