"""Reading a code out of a message."""

from datetime import UTC, datetime

import pytest

from otp_service.client import CheckResult, PhoneMessage
from otp_service.domain.templates.template import BUILT_IN, Template, render

VALUES = {"app": "Acme", "minutes": "10", "amount": "1250.00 CHF", "payee": "Shop"}


def shown(text: str) -> PhoneMessage:
    at = datetime(2026, 11, 20, tzinfo=UTC)
    return PhoneMessage("msg_1", "+41791234567", None, text, 1, "gsm7", "sms", at)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("Your Acme code is 483920. Valid for 10 minutes.", "483920"),
        ("483920 is your code", "483920"),
        ("Acme: 77120411 confirms 100000.00 CHF to Shop 24.", "77120411"),
        ("Call +41791234567. Code: 5550123456", "5550123456"),
        ("HELLO from Acme. 483920\n@login.acme.example #KRTWX", "KRTWX"),
        ("रमज़ 630117। 10 मिनट", "630117"),
        ("رمز 204417 صالح 10 دقائق", "204417"),
        ("Your code is K7RT2WX, and NEVER tell it", "K7RT2WX"),
        ("Your code is KRTWX.", "KRTWX"),
        ("We are open from 9 to 17.", None),
    ],
)
def test_the_code_of_a_message_is_found(text: str, code: str | None) -> None:
    """The code of a message is found in digits, letters or both, and amounts and numbers are not taken for it."""
    assert shown(text).code == code


@pytest.mark.parametrize("template", BUILT_IN.values(), ids=lambda t: f"{t.name} {t.locale}")
@pytest.mark.parametrize("code", ["402917", "4029174029", "KRTWX", "K7RT2WX"])
def test_the_code_is_found_in_every_template(template: Template, code: str) -> None:
    """The code of every alphabet is found in every built-in template of every language."""
    assert shown(render(template, VALUES | {"code": code})).code == code


def test_a_proof_is_not_shown() -> None:
    """A proof, which lets its bearer in, is left out when a result is printed."""
    assert "eyJ" not in repr(CheckResult("ver_1", "approved", True, None, 4, proof="eyJhbGciOi"))
