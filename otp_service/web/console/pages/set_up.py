"""Setting up an account by its link: a password and an app, or a passkey."""

from flask import Response, request
from werkzeug.wrappers import Response as AnyResponse

from otp_service.service.console import accounts
from otp_service.web.console import cookies, enrolment, keyring
from otp_service.web.console.frame import act, core, page, render
from otp_service.web.console.pages.sign_in import entered

PURPOSE = "enrol"


@page("/set-up/<ticket>", title="Set up your account", role=None)
def show(ticket: str) -> Response:
    """Offers both ways; reading it uses nothing up, for mail scanners read links."""
    account = accounts.of_ticket(core(), ticket)
    return render(
        "set_up.html",
        ticket=ticket,
        account=account,
        **enrolment.shown(PURPOSE, cookies.visitor(), account.name),
        **keyring.asked_for_new(account),
    )


@act("/set-up/<ticket>", role=None, shows=show)
def with_password(ticket: str) -> AnyResponse:
    """A password and an app; signs in at once."""
    told = request.form
    secret = enrolment.told(PURPOSE, cookies.visitor())
    account = accounts.set_up(core(), ticket, told.get("password", ""), secret, told.get("code", "").strip())
    return entered(account.id, "")


@act("/set-up/<ticket>/passkey", role=None, shows=show)
def with_passkey(ticket: str) -> AnyResponse:
    """A passkey; signs in at once."""
    account = keyring.library().set_up(core(), keyring.site(), keyring.given(), ticket)
    return entered(account.id, "")
