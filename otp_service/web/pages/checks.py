"""The page that asks for a code at sign-in: of the authenticator app, or a recovery code."""

from collections.abc import Callable

from flask import Response

from otp_service.domain.errors import Refusal
from otp_service.domain.pages.typed import as_recovery_code
from otp_service.service.pages import checks
from otp_service.service.pages.checks import Standing
from otp_service.web.context import core
from otp_service.web.pages import drawing, endings
from otp_service.web.pages.asked import Asked
from otp_service.web.pages.telling import Told, told

# What is said of a code that was not right, for each of the two ways.
WRONG = {
    ("app", "wrong_code"): "check_wrong",
    ("app", "already_used"): "check_used",
    ("recovery", "wrong_code"): "recovery_wrong",
    ("recovery", "already_used"): "recovery_wrong",
}
SHAPES = {"app": "shape", "recovery": "recovery_shape"}
HOUR_S, DAY_S = 3600, 86_400


def show(asked: Asked, problem: Told | None = None, *, ticked: bool = False) -> Response:
    """The field for the code, the box of a device to remember, and the other way where there is one."""
    found = checks.standing(core(), asked.visit)
    if found.disabled:
        return endings.ended(asked, "disabled")
    if not (found.has_app or found.has_recovery):
        return endings.ended(asked, "late")
    if problem is None and found.wait_s:
        problem = Told("check_locked", wait_s=found.wait_s)
    return _drawn(asked, found, problem, ticked)


def check(asked: Asked) -> Response:
    """Is this one of the user's codes?"""
    try:
        found = checks.check(core(), asked.visit, _typed(asked), asked.form, _ticked(asked))
    except Refusal as refusal:
        if refusal.code == "invalid_field":
            return _again(asked, Told(SHAPES[_way(asked)], refusal.status))
        return endings.refused(asked, refusal) or _again(asked, told(refusal))
    if found["reason"] is None:
        known = {name: found.get(name) for name in ("factor", "type", "codes_left", "proof", "remember")}
        return endings.finished(asked, "approved", **known)
    return _again(asked, Told(WRONG[_way(asked), found["reason"]]))


ACTS: dict[str, Callable[[Asked], Response]] = {"check": check}


def _again(asked: Asked, problem: Told) -> Response:
    """The page once more, with the box as the person left it; a link never ticks it."""
    return show(asked, problem, ticked=_ticked(asked))


def _way(asked: Asked) -> str:
    return "recovery" if asked.told.get("way") == "recovery" else "app"


def _ticked(asked: Asked) -> bool:
    return asked.told.get("remember") == "yes"


def _typed(asked: Asked) -> str:
    return as_recovery_code(asked.told.get("code", "")) if _way(asked) == "recovery" else asked.code


def _drawn(asked: Asked, found: Standing, problem: Told | None, ticked: bool) -> Response:
    way = _way(asked) if found.has_app and found.has_recovery else "app" if found.has_app else "recovery"
    digits = found.digits or 0
    shape = drawing.speaker(asked.visit)("digits", count=digits or "6–8")
    return drawing.draw(
        asked.visit,
        "check",
        problem.status if problem else 200,
        way=way,
        length=digits if way == "app" else 0,
        both=found.has_app and found.has_recovery,
        lasts=_lasts(found.remember_s) if way == "app" else None,
        ticked=ticked,
        **drawing.beside(asked, problem, shape=shape),
    )


def _lasts(seconds: int) -> tuple[str, int] | None:
    """The sentence of how long a device is remembered at most, and its number; None where none is."""
    if not seconds:
        return None
    name, unit_s = ("remember_hours", HOUR_S) if seconds % DAY_S else ("remember_days", DAY_S)
    return name, -(-seconds // unit_s)
