"""How a page ends: it leads back to the product, or says that nothing more can be done here."""

import json

from flask import Response, g, redirect

from otp_service.domain.errors import Refusal
from otp_service.service.pages import codes, confirming, enrolment, notes
from otp_service.service.pages.results import address, way_back
from otp_service.web.context import core
from otp_service.web.pages import drawing
from otp_service.web.pages.asked import Asked
from otp_service.web.pages.telling import ENDS, THEN, TITLES

GONE = 410


def finished(asked: Asked, outcome: str, **told: str | int | None) -> Response:
    """Back to the product with a signed word of what came of it; a framed page tells the page around it."""
    back = way_back(core(), asked.page, outcome, **told)
    there = address(asked.page, back)
    if asked.page.embed:
        return drawing.draw(asked.visit, "done", address=there, outcome=outcome, told=json.dumps(back))
    response = redirect(there, 303)
    return Response(response.get_data(), 303, list(response.headers))


def left(asked: Asked) -> Response:
    """Back because the person wants to, or because nothing more could be done."""
    note = notes.glance(core(), asked.page, asked.told.get("note", "")) or {}
    why = "late" if asked.visit.is_late or _has_enrolled(asked) else note.get("why") or _code_ended(asked)
    return finished(asked, "ended", reason=why) if why else finished(asked, "canceled")


def _code_ended(asked: Asked) -> str | None:
    """Why a code is good no more, so that `canceled` would be no true word; while nobody can say, it is one."""
    if asked.page.kind != "code":
        return None
    try:
        return codes.standing(core(), asked.visit).ended
    except Refusal:
        return None


def _has_enrolled(asked: Asked) -> bool:
    """Whether something was set up, so that `canceled` would be no true word any more."""
    if asked.page.kind == "confirm":
        return not confirming.standing(core(), asked.visit).digits
    return asked.page.kind == "enrol" and enrolment.is_over(core(), asked.visit)


def ended(asked: Asked, why: str, status: int = GONE) -> Response:
    """A page on which nothing more can be done; its button leads back."""
    says = drawing.speaker(asked.visit)
    told = {"title": says(TITLES.get(why, f"ended_{why}")), "text": says(THEN[why])}
    note = notes.write(core(), asked.page, why=why)
    return drawing.draw(asked.visit, "ended", status, form=asked.fresh, note=note, **told)


def refused(asked: Asked, refusal: Refusal) -> Response | None:
    """The end that a refusal is; None where the page goes on with what it says."""
    if refusal.status >= 500:
        raise refusal
    g.problem = refusal.code
    return ended(asked, ENDS[refusal.code], refusal.status) if refusal.code in ENDS else None
