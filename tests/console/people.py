"""Admins with a password and an app, as the tests of the console need them."""

import base64
import re

import httpx
import pyotp
from sqlalchemy import update

from otp_service.ledger.schema import admins
from otp_service.service.console import accounts, totp
from tests.console.conftest import Console

PASSWORD = "correct horse battery"
SECRET = base64.b32encode(b"a secret of 160 bits").decode()
KEY = re.compile(r'<code class="secret">([A-Z2-7 ]+)</code>')
NOTE = re.compile(r'name="app_note" value="([^"]+)"')


def code(secret: str = SECRET, steps: int = 0) -> str:
    """What the app shows, now or some steps away."""
    return str(pyotp.TOTP(secret).at(totp.now_ms() // 1000 + 30 * steps))


def wrong(secret: str = SECRET) -> str:
    """A code that the app shows neither now nor a step away."""
    near = {code(secret, steps) for steps in (-1, 0, 1)}
    return next(each for each in ("000000", "111111", "222222", "333333") if each not in near)


def person(console: Console, name: str = "Ana", role: str = "admin") -> str:
    """The id of an admin who signs in by PASSWORD and the app of SECRET; every step may be used."""
    made = accounts.invite(console.world.core, "tests", name, role)
    accounts.set_up(console.world.core, made.ticket, PASSWORD, SECRET, code())
    rest(console, totp_step=0)
    return made.account.id


def rest(console: Console, **fields: object) -> None:
    """Puts these fields of every account."""
    with console.world.core.engine.begin() as connection:
        connection.execute(update(admins).values(fields))


def sign_in(console: Console, client: httpx.Client, **told: str) -> httpx.Response:
    """Sends the form of the sign-in page."""
    typed = {"name": "Ana", "password": PASSWORD, "code": code(), **told}
    return console.post(client, "/console/sign-in", typed, form="/console/sign-in")
