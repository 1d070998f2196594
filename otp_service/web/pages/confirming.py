"""The page that asks for the first code of an app that an admin enrolled."""

from collections.abc import Callable

from flask import Response

from otp_service.domain.errors import Refusal
from otp_service.service.pages import confirming
from otp_service.web.context import core
from otp_service.web.pages import drawing, endings
from otp_service.web.pages.asked import Asked
from otp_service.web.pages.telling import Told, told

OVER = ("not_found", "not_pending")  # forgotten, removed, or confirmed elsewhere


def show(asked: Asked, problem: Told | None = None) -> Response:
    """The field for the first code; none of a factor that counts or is gone."""
    found = confirming.standing(core(), asked.visit)
    if found.disabled:
        return endings.ended(asked, "disabled")
    if not found.digits:
        return endings.ended(asked, "late")
    shape = drawing.speaker(asked.visit)("digits", count=found.digits)
    status = problem.status if problem else 200
    beside = drawing.beside(asked, problem, shape=shape)
    return drawing.draw(asked.visit, "confirm", status, length=found.digits, **beside)


def confirm(asked: Asked) -> Response:
    """Is this the first code of the app?"""
    try:
        valid = confirming.confirm(core(), asked.visit, asked.code, asked.form)
    except Refusal as refusal:
        if refusal.code in OVER:
            return endings.ended(asked, "late")
        return endings.refused(asked, refusal) or show(asked, told(refusal))
    return (
        endings.finished(asked, "enrolled", factor=asked.page.factor) if valid else show(asked, Told("confirm_wrong"))
    )


ACTS: dict[str, Callable[[Asked], Response]] = {"confirm": confirm}
