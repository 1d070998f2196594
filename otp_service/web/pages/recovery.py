"""The page that makes a new set of recovery codes, and how any set is shown until it is saved."""

from collections.abc import Callable
from urllib.parse import quote

from flask import Response

from otp_service.domain.errors import Refusal
from otp_service.service.pages import enrolment, notes
from otp_service.service.pages.notes import Note
from otp_service.web.context import core
from otp_service.web.pages import drawing, endings
from otp_service.web.pages.asked import Asked
from otp_service.web.pages.telling import Told, told

FINISHED, LATE = "enrolled", "late"


def show(asked: Asked, problem: Told | None = None) -> Response:
    """What a new set does to the old one, before it does; a page that has made one has ended."""
    if enrolment.is_over(core(), asked.visit):
        return endings.ended(asked, LATE)
    left = enrolment.codes_left(core(), asked.visit)
    status = problem.status if problem else 200
    return drawing.draw(asked.visit, "renew", status, voided=left, **drawing.beside(asked, problem))


def begin(asked: Asked) -> Response:
    """A new set, which voids the old one."""
    try:
        made = enrolment.renew(core(), asked.visit, asked.form)
    except Refusal as refusal:
        if refusal.code == "not_found":  # the page has made another set
            return endings.ended(asked, LATE)
        return endings.refused(asked, refusal) or show(asked, told(refusal))
    return listed(asked, made)


def done(asked: Asked) -> Response:
    """Back to the product, once the recovery codes are saved."""
    note = notes.read(core(), asked.page, asked.told.get("note", ""), "codes")
    if asked.told.get("saved") != "yes":
        return listed(asked, note, Told("save_first", 422))
    return endings.finished(asked, FINISHED, factor=note["factor"])


def listed(asked: Asked, note: Note, problem: Told | None = None) -> Response:
    """The codes, to be saved: the last step of a page."""
    heading = drawing.plain(asked.visit, "recovery_file")
    text = "\n".join([heading, "", *note["codes"], ""])
    return drawing.draw(
        asked.visit,
        "recovery",
        problem.status if problem else 200,
        step=2 if asked.page.type else 3,
        codes=note["codes"],
        file=f"data:text/plain;charset=utf-8,{quote(text)}",
        heading=heading,
        note=notes.write(core(), asked.page, **note),
        **drawing.beside(asked, problem),
    )


ACTS: dict[str, Callable[[Asked], Response]] = {"begin": begin, "done": done}
