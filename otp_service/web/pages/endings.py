"""How a page ends: it leads back to the product, or says that nothing more can be done here."""

import json

from flask import Response, redirect

from otp_service.service.pages.results import address, way_back
from otp_service.web.context import core
from otp_service.web.pages import drawing
from otp_service.web.pages.asked import Asked
from otp_service.web.pages.telling import THEN

GONE = 410


def finished(asked: Asked, outcome: str, **told: str | None) -> Response:
    """Back to the product with a signed word of what came of it; a framed page tells the page around it."""
    back = way_back(core(), asked.page, outcome, **told)
    there = address(asked.page, back)
    if asked.page.embed:
        return drawing.draw(asked.visit, "done", address=there, outcome=outcome, told=json.dumps(back))
    response = redirect(there, 303)
    return Response(response.get_data(), 303, list(response.headers))


def left(asked: Asked, why: str | None) -> Response:
    """Back because the person wants to, or because nothing more could be done."""
    if asked.visit.is_late:
        return finished(asked, "ended", reason="late")
    return finished(asked, "ended", reason=why) if why else finished(asked, "canceled")


def ended(asked: Asked, why: str, status: int = GONE, note: str = "") -> Response:
    """A page on which nothing more can be done; its button leads back."""
    says = drawing.speaker(asked.visit)
    title = says("ended_late") if why == "full" else says(f"ended_{why}")
    return drawing.draw(asked.visit, "ended", status, title=title, text=says(THEN[why]), form=asked.fresh, note=note)
