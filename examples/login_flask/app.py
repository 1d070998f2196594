"""A log-in page that sends a code and checks it: everything that an application has to write itself.

Start the service with `make dev`, put the URL and the API key that it prints into OTP_URL and OTP_API_KEY, then
run `python examples/login_flask/app.py` and open http://localhost:5000.
"""

import os
import secrets
from typing import NamedTuple

from flask import Flask, Response, flash, render_template, request, session, url_for

from otp_service.client import Client, Conflict, Forbidden, InvalidField, NotFound, OtpError, RateLimited

WRONG = {
    "wrong_code": "That is not the code. Look again.",
    "expired": "This code has expired. Ask for a new one.",
    "already_used": "This code was used already. Ask for a new one.",
    "max_attempts": "Too many wrong codes. Ask for a new one.",
    "canceled": "This code is no longer good. Ask for a new one.",
}


class Step(NamedTuple):
    """Where a person stands between the number and the welcome."""

    id: str
    number: str


def sorry(error: OtpError) -> str:
    """Words for the person; what went wrong inside stays inside."""
    match error:
        case InvalidField():
            return "Please look at what you typed: it can't be right."
        case RateLimited(retry_after_s=int(seconds)):
            return f"Please wait {seconds} seconds and try again."
        case Forbidden() | RateLimited():
            return "We can't send a code to this number."
        case NotFound() | Conflict():
            return "This code is no longer good. Ask for a new one."
        case _:
            return "We can't send codes right now. Please try again in a minute."


def create_app(otp: Client) -> Flask:
    """The application; it keeps nothing but what is in the signed session cookie."""
    app = Flask(__name__)
    # Lax: a form on another site sends no session, so it can neither check a code nor log anybody out.
    app.config.update(SECRET_KEY=secrets.token_bytes(32), SESSION_COOKIE_SAMESITE="Lax")

    @app.get("/")
    def home() -> str:
        return render_template("welcome.html" if "person" in session else "number.html")

    @app.post("/code")
    def send() -> Response | tuple[str, int]:
        try:
            started = otp.start(request.form["number"], client={"ip": request.remote_addr or ""})
        except OtpError as error:
            flash(sorry(error))
            return render_template("number.html"), 400
        session["step"] = Step(started.id, started.to or "")
        return _to("code")

    @app.get("/code")
    def code() -> Response | str:
        return render_template("code.html", number=session["step"][1]) if "step" in session else _to("home")

    @app.post("/check")
    def check() -> Response | tuple[str, int]:
        if "step" not in session:
            return _to("home")
        step = Step(*session["step"])
        try:
            result = otp.check(id=step.id, code=request.form["code"].strip())
        except OtpError as error:
            flash(sorry(error))
            return render_template("code.html", number=step.number), 400
        if not result:
            flash(WRONG.get(result.reason or "", WRONG["canceled"]))
            return render_template("code.html", number=step.number), 400
        session.clear()  # whoever knew the session before the login must not share it after
        session["person"] = step.number
        return _to("home")

    @app.post("/again")
    def again() -> Response:
        if "step" not in session:
            return _to("home")
        step = Step(*session["step"])
        try:
            session["step"] = Step(otp.resend(step.id).id, step.number)
            flash("It is on its way again.")
        except OtpError as error:
            flash(sorry(error))
        return _to("code")

    @app.post("/out")
    def out() -> Response:
        session.clear()
        return _to("home")

    return app


def _to(endpoint: str) -> Response:
    # 303: the browser follows with GET, so a reload never sends a form again.
    return Response(status=303, headers={"Location": url_for(endpoint)})


if __name__ == "__main__":
    with Client(os.environ["OTP_URL"], os.environ["OTP_API_KEY"]) as client:
        create_app(client).run(port=5000)
