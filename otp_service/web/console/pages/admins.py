"""Who may sign in to the console."""

from flask import Response, request
from werkzeug.wrappers import Response as AnyResponse

from otp_service.domain.errors import Refusal
from otp_service.service.console import accounts
from otp_service.service.console.accounts import Invited
from otp_service.service.core import now_ms
from otp_service.web.console.frame import act, actor, back, core, page, render, signed_in


@page("/admins", title="Admins", nav="Admins", role="admin")
def show() -> Response:
    """Every account."""
    return render("admins.html", found=accounts.overview(core()), roles=accounts.ROLES, now=now_ms())


@act("/admins", role="admin", proof=True, shows=show)
def invite() -> Response:
    """Makes an account and shows the link by which its owner sets it up."""
    told = request.form
    return _link(accounts.invite(core(), actor(), told.get("name", "").strip(), told.get("role", "")))


@act("/admins/reset", role="admin", proof=True)
def reset() -> Response:
    """Takes back everything that signs in to an account, and shows a new link."""
    return _link(accounts.reset(core(), actor(), _another()))


@act("/admins/role", role="admin", proof=True)
def set_role() -> AnyResponse:
    """Gives an account another role."""
    changed = accounts.set_role(core(), actor(), _another(), request.form.get("role", ""))
    return back(f"{changed.name} is now {changed.role}, and has to sign in again.")


@act("/admins/disable", role="admin", proof=True)
def disable() -> AnyResponse:
    """Shuts an account."""
    return back(f"{accounts.disable(core(), actor(), _another()).name} can't sign in any more.")


@act("/admins/enable", role="admin", proof=True)
def enable() -> AnyResponse:
    """Opens a shut account again."""
    return back(f"{accounts.enable(core(), actor(), _another()).name} may sign in again.")


def _another() -> str:
    """Whom it is about: somebody else, lest the last admin shuts the door behind them."""
    name = request.form.get("name", "")
    if accounts.same_name(name, signed_in().name):
        raise Refusal("conflict", "this is your own account: another admin has to do this")
    return name


def _link(made: Invited) -> Response:
    base = core().public_url if core().production else request.host_url.rstrip("/")
    return render("admin_link.html", title="A link to set up an account", made=made, link=made.link(base))
