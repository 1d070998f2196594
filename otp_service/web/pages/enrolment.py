"""The page that sets up an authenticator app: what it is for, the app's key, its first code, and recovery codes."""

from collections.abc import Callable
from importlib import import_module
from typing import Any

from flask import Response
from markupsafe import Markup

from otp_service.domain.errors import Refusal
from otp_service.service.pages import enrolment, notes
from otp_service.service.pages.enrolment import CODE_DIGITS
from otp_service.service.pages.notes import Note
from otp_service.web.context import core
from otp_service.web.pages import drawing, endings, recovery
from otp_service.web.pages.asked import Asked
from otp_service.web.pages.telling import Told, told

PICTURES = "otp_service.service.factors.pictures"  # loaded when the first one is drawn: it takes 11 MB


def show(asked: Asked, problem: Told | None = None) -> Response:
    """What an authenticator app is, and the button to begin with; a page that has set one up has ended."""
    if enrolment.is_over(core(), asked.visit):
        return endings.ended(asked, recovery.LATE)
    return drawing.draw(asked.visit, "enrol", problem.status if problem else 200, **drawing.beside(asked, problem))


def begin(asked: Asked) -> Response:
    """A new key for the app."""
    try:
        made = enrolment.begin(core(), asked.visit, asked.form)
    except Refusal as refusal:
        if refusal.code == "not_found":  # the page has set up another app
            return endings.ended(asked, recovery.LATE)
        return endings.refused(asked, refusal) or show(asked, told(refusal))
    return _scan(asked, made)


def confirm(asked: Asked) -> Response:
    """Is this the first code of the app?"""
    note = notes.read(core(), asked.page, asked.told.get("note", ""), "secret")
    try:
        found = enrolment.confirm(core(), asked.visit, note["factor"], asked.code, asked.form)
    except Refusal as refusal:
        if refusal.code == "not_pending":  # confirmed before, by this page from whose note we know it
            return endings.finished(asked, recovery.FINISHED, factor=note["factor"])
        if refusal.code == "not_found":  # nobody confirmed it within 10 minutes, or another one instead
            return endings.ended(asked, recovery.LATE)
        return endings.refused(asked, refusal) or _scan(asked, note, told(refusal))
    if not found["valid"]:
        return _scan(asked, note, Told("confirm_wrong"))
    if not found["codes"]:
        return endings.finished(asked, recovery.FINISHED, factor=note["factor"])
    return recovery.listed(asked, {"factor": note["factor"], "codes": found["codes"]})


ACTS: dict[str, Callable[[Asked], Response]] = {"begin": begin, "confirm": confirm, "done": recovery.done}


def _scan(asked: Asked, note: Note, problem: Told | None = None) -> Response:
    says, secret = drawing.speaker(asked.visit), note["secret"]
    picture: Any = import_module(PICTURES)
    return drawing.draw(
        asked.visit,
        "scan",
        problem.status if problem else 200,
        picture=Markup(picture.qr_svg(note["uri"])),  # noqa: S704 - drawn by segno of a URI that it encodes
        uri=note["uri"],
        secret=secret,
        grouped=" ".join(secret[at : at + 4] for at in range(0, len(secret), 4)),
        length=CODE_DIGITS,
        note=notes.write(core(), asked.page, **note),
        **drawing.beside(asked, problem, shape=says("digits", count=CODE_DIGITS)),
    )
