"""Find: everything that happened to a number, an id, an address or a user, why, and what helps."""

from dataclasses import replace
from typing import Annotated, Literal

from flask import Response, request
from pydantic import BaseModel, Field
from werkzeug.wrappers import Response as AnyResponse

from otp_service.domain.errors import Refusal, invalid_field
from otp_service.ledger.blocks import ALLOWS, BLOCKS, Block, Book, Kind
from otp_service.service.admin import blocks
from otp_service.service.console import factor_story, holding, refused_of, rows, searching, story
from otp_service.service.console.searching import Sought
from otp_service.service.console.story import Chapter, Story
from otp_service.service.core import now_ms
from otp_service.web.console import PATH
from otp_service.web.console.frame import act, actor, application_filter, back, core, form, page, render
from otp_service.web.console.showing import unless_away

# What is sought -> what a block or an allow of it is.
BLOCKED_AS: dict[str, Kind] = {"number": "number", "ip": "ip", "name": "user"}
WORDS = {
    "number": "Number",
    "verification": "Verification",
    "message": "Message",
    "reference": "Refusal",
    "ip": "Client address",
    "name": "User or request",
    "device": "Device",
}
LISTS: dict[str, Book] = {"block": BLOCKS, "allow": ALLOWS}


class Helped(BaseModel):
    """An act for whoever was found: at which application, and why."""

    of: Annotated[str | None, Field(max_length=68)] = None
    reason: str = ""


class Forgiven(Helped):
    """Which scope of the brake is forgiven."""

    scope: Annotated[str, Field(max_length=20)]


class Listed(Helped):
    """A row for whoever was found."""

    book: Literal["block", "allow"]
    ends_in_s: int | None = None


class Exempted(BaseModel):
    """Which refusal shall not happen again, for whom, and why."""

    reference: str
    kind: Kind = "number"
    value: Annotated[str | None, Field(max_length=128)] = None
    reason: str = ""


@page("/find", title="Find", nav="Find")
def find() -> Response:
    """One box for everything."""
    return render("find.html")


@act("/find", role="viewer", shows=find)
def search() -> AnyResponse:
    """Leads to what was searched for, by a name that the address bar may show."""
    sought = searching.read(core(), request.form.get("q", ""))
    return back(to=f"{PATH}/find/{searching.token(core(), sought)}")


@page("/find/<token>", title="Find", nav="Find")
def found(token: str) -> Response:
    """What happened, what holds now, and what helps."""
    sought, only = searching.opened(core(), token), application_filter()
    told = story.tell(core(), sought, request.args.get("cursor") or None)
    refused = unless_away(lambda: _refused(sought)) if not request.args.get("cursor") else []
    told = story.named(core(), _with(told, refused or []))
    return render(
        "found.html",
        token=token,
        sought=sought,
        kind=WORDS[sought.kind],
        shown=sought.shown(),
        person=next((each.person_id for each in story.people_of(told)), ""),
        story=told,
        short=story.in_short(told),
        away=refused is None,
        standings=unless_away(lambda: holding.standings(core(), sought, only)),
        met=holding.met(core(), sought),
        users=factor_story.called(core(), sought.value) if sought.kind == "name" else [],
        types=factor_story.TYPES,
        row=_row,
        blocked_as=BLOCKED_AS.get(sought.kind),
        now=now_ms(),
        title=f"{WORDS[sought.kind]} {sought.shown()}",
    )


@act("/find/<token>/lift", role="fraud", shows=found)
def lift(token: str) -> AnyResponse:
    """Forgives the number its wrong codes."""
    typed: Helped = form(Helped)
    holding.lift(core(), actor(), searching.opened(core(), token), typed.of or "", typed.reason)
    return back("The lock is lifted: a code can be asked for again.")


@act("/find/<token>/reset", role="fraud", shows=found)
def reset(token: str) -> AnyResponse:
    """Has limits count from nothing again."""
    typed: Helped = form(Helped)
    holding.start_again(core(), actor(), searching.opened(core(), token), typed.of or "", typed.reason)
    return back("The limits count from nothing again; money stays counted.")


@act("/find/<token>/forgive", role="fraud", shows=found)
def forgive(token: str) -> AnyResponse:
    """Forgives a scope what it owes to the brake."""
    typed: Forgiven = form(Forgiven)
    holding.forgive(core(), actor(), searching.opened(core(), token), typed.of or "", typed.scope, typed.reason)
    return back("Forgiven: only what is sent from now on counts.")


@act("/find/<token>/list", role="fraud", shows=found)
def list_(token: str) -> AnyResponse:
    """Blocks whoever was found, or lets them pass."""
    typed: Listed = form(Listed)
    sought = searching.opened(core(), token)
    kind = BLOCKED_AS.get(sought.kind)
    if kind is None:
        raise invalid_field("book", "search for the number, the address or the user first")
    blocks.create(
        *(core(), actor(), kind, sought.value, typed.reason),
        application=typed.of,
        expires_ms=now_ms() + typed.ends_in_s * 1000 if typed.ends_in_s else None,
        book=LISTS[typed.book],
    )
    return back(
        "Blocked from now on." if typed.book == "block" else "The brake and the limits of speed let them pass now."
    )


@act("/find/<token>/exempt", role="fraud", shows=found)
def exempt(token: str) -> AnyResponse:
    """Has the next start like a refused one pass."""
    sought = searching.opened(core(), token)
    typed: Exempted = form(Exempted)
    refused_of.exempt(core(), actor(), sought, typed.reference, typed.kind, value=typed.value, reason=typed.reason)
    return back("Exempt from now on: the brake and the limits of speed let it pass.")


@act("/find/<token>/unlist", role="fraud", shows=found)
def unlist(token: str) -> AnyResponse:
    """Takes a row that met them out of its list."""
    searching.opened(core(), token)
    blocks.delete(core(), actor(), request.form.get("id", ""), LISTS.get(request.form.get("book", ""), BLOCKS))
    return back("It no longer holds.")


def _refused(sought: Sought) -> list[Chapter]:
    try:
        return refused_of.chapters(core(), sought)
    except Refusal as refusal:
        if refusal.code != "not_found":
            raise
        return []


def _with(told: Story, refused: list[Chapter]) -> Story:
    return replace(told, chapters=tuple(sorted((*told.chapters, *refused), key=lambda each: -each.at_ms)))


def _row(row: Block) -> str:
    return rows.shown(core(), row)
