"""The page of a code that was sent."""

from collections.abc import Callable

from flask import Response, g, redirect

from otp_service.domain.codes import alphabets_of
from otp_service.domain.errors import Refusal, invalid_field
from otp_service.service.pages import codes
from otp_service.service.pages.codes import Standing
from otp_service.service.pages.links import token_of
from otp_service.web.context import core
from otp_service.web.pages import drawing, endings
from otp_service.web.pages.asked import Asked
from otp_service.web.pages.telling import Told, told

SENT = "sent"


def show(asked: Asked, problem: Told | None = None) -> Response:
    """The field for the code, and the way to have it sent again."""
    found = codes.standing(core(), asked.visit)
    if found.ended:
        return endings.ended(asked, found.ended)
    return _drawn(asked, found, problem)


def check(asked: Asked) -> Response:
    """Is this the code?"""
    try:
        _refuse_unlike(codes.standing(core(), asked.visit), asked.code)
        result = codes.check(core(), asked.visit, asked.code, asked.form, g.request_id)
    except Refusal as refusal:
        return _refused(asked, refusal)
    if result.valid:
        return endings.finished(asked, "approved", proof=result.proof)
    if result.reason == "wrong_code" and result.attempts_left:
        return show(asked, Told("code_wrong", left=result.attempts_left))
    return endings.ended(asked, "max_attempts" if result.reason == "wrong_code" else result.reason or "expired")


def resend(asked: Asked) -> Response:
    """Sends the code again; the page from then on may be of another verification, and so has another link."""
    try:
        page = codes.resend(core(), asked.visit, asked.form, g.request_id)
    except Refusal as refusal:
        return _refused(asked, refusal)
    response = redirect(f"{token_of(core(), page)}?{SENT}=1", 303)
    return Response(response.get_data(), 303, list(response.headers))


ACTS: dict[str, Callable[[Asked], Response]] = {"check": check, "resend": resend}


def _refused(asked: Asked, refusal: Refusal) -> Response:
    if refusal.code in ("not_pending", "not_found"):
        return show(asked)  # which says why
    return endings.refused(asked, refusal) or show(asked, told(refusal))


def _refuse_unlike(found: Standing, code: str) -> None:
    """What can't be this code is told at once, and costs nothing; of one that ended the check says why."""
    if found.ended is None and (len(code) != found.length or found.alphabet not in alphabets_of(code)):
        raise invalid_field("code", "another length, or other symbols")


def _drawn(asked: Asked, found: Standing, problem: Told | None) -> Response:
    says = drawing.speaker(asked.visit)
    letters = found.alphabet != "digits"
    shape = says("symbols" if letters else "digits", count=found.length)
    return drawing.draw(
        asked.visit,
        "code",
        problem.status if problem else 200,
        to=drawing.ltr(found.to),
        length=found.length,
        letters=letters,
        resend_wait_s=found.resend_wait_s,
        sent=problem is None and SENT in asked.told,
        **drawing.beside(asked, problem, shape=shape),
    )
