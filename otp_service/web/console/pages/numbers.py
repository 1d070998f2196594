"""Uncovering a number."""

from flask import Response, request

from otp_service.service.console import numbers
from otp_service.web.console.frame import act, actor, core, render
from otp_service.web.console.inside import ours


@act("/numbers/show", role="fraud")
def show() -> Response:
    """Shows one number, and says in the audit who looked."""
    number = numbers.shown(core(), actor(), request.form.get("person", ""))
    return render("number.html", title="A number", number=number, there=ours(request.form.get("from", "")))
