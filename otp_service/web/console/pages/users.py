"""Users with factors: who has which, whom wrong codes hold up, what happened to one of them, and what helps."""

from flask import Response, request
from pydantic import BaseModel
from werkzeug.wrappers import Response as AnyResponse

from otp_service.domain.errors import invalid_field
from otp_service.domain.factors.names import masked
from otp_service.ledger.paging import Page
from otp_service.service.admin import users as service
from otp_service.service.admin.users import Listed, Standing
from otp_service.service.console import factor_story, searching
from otp_service.service.console.searching import Sought
from otp_service.web.console import PATH
from otp_service.web.console.frame import act, actor, application_filter, back, core, form, page, render
from otp_service.web.console.layout import applications

A_PAGE = 50
MOST_HELD = 20


class Why(BaseModel):
    """Why it is done, and to which factor."""

    reason: str = ""
    factor: str = ""


@page("/users", title="Users", nav="Users")
def users() -> Response:
    """Whom wrong codes hold up, and the users of one application."""
    only = application_filter()
    every = applications()
    of = only or (every[0][0] if every else None)
    test = request.args.get("keys") == "test"
    found = service.page(core(), of, A_PAGE, request.args.get("cursor") or None, test=test) if of else Page((), None)
    held = [each for id in ([only] if only else dict(every)) for each in service.held(core(), id, MOST_HELD)]
    gravest = sorted(held, key=lambda each: (not each.is_disabled, -each.user.locked_until))[:MOST_HELD]
    return render("users.html", held=gravest, found=found, of=of, test=test, shown=_name, types=factor_story.TYPES)


@act("/users", role="viewer", shows=users)
def search() -> AnyResponse:
    """Leads to the one user of exactly this name, or to all of them."""
    name = request.form.get("q", "").strip()
    found = factor_story.called(core(), name) if 1 <= len(name) <= searching.MOST else []
    if not found:
        raise invalid_field("q", "nobody of exactly this name has factors")
    if len(found) == 1:
        return back(to=f"{PATH}/users/{found[0].user.user_index}")
    return back(to=f"{PATH}/find/{searching.token(core(), Sought('name', name))}")


@page("/users/<user>", title="A user", nav="Users")
def of_one(user: str) -> Response:
    """One user's factors, and what happened to them."""
    return _drawn(service.read(core(), user))


@act("/users/<user>/name", role="fraud", shows=of_one)
def look(user: str) -> Response:
    """Shows the names in full, and says in the audit who looked and why."""
    typed: Why = form(Why)
    return _drawn(service.look(core(), actor(), user, typed.reason), in_full=True)


@act("/users/<user>/lift", role="fraud", shows=of_one)
def lift(user: str) -> AnyResponse:
    """Forgives a user their wrong codes."""
    typed: Why = form(Why)
    service.lift(core(), actor(), user, typed.reason)
    return back("The lock is lifted: codes are taken again.", to=f"{PATH}/users/{user}")


@act("/users/<user>/remove", role="admin", proof=True, shows=of_one)
def remove(user: str) -> AnyResponse:
    """Removes one factor."""
    typed: Why = form(Why)
    service.remove(core(), actor(), user, typed.factor, typed.reason)
    return back("The factor is removed, and no device of this user is trusted any more.", to=f"{PATH}/users/{user}")


@act("/users/<user>/erase", role="admin", proof=True, shows=of_one)
def erase(user: str) -> AnyResponse:
    """Forgets a user."""
    service.erase(core(), actor(), user)
    return back("The user is forgotten: factors, devices, history and name.", to=f"{PATH}/users")


def _drawn(found: Standing, *, in_full: bool = False) -> Response:
    return render(
        "user.html",
        found=found,
        listed=found.listed,
        in_full=in_full,
        label=lambda name: name if name is None or in_full else masked(name),
        days=factor_story.days(found.history),
        types=factor_story.TYPES,
        most=service.MOST_HISTORY,
    )


def _name(found: Listed) -> str:
    return masked(found.name) if found.name is not None else ""
