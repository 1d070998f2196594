"""What a vendor's answer to a CAPTCHA's token means."""

import json
from typing import Any

import pytest

from otp_service.domain.captchas import VERIFY_URLS, Captcha, judge, question

TURNSTILE = Captcha("turnstile", "site", "s3cret")
SCORED = Captcha("recaptcha", "site", "s3cret", least_score=0.5)
OK = {"success": True, "hostname": "shop.example"}


def judged(captcha: Captcha, told: Any, status: int = 200) -> str:
    return judge(captcha, status, json.dumps(told).encode(), {"shop.example"}).end


@pytest.mark.parametrize(
    ("told", "end"),
    [
        (OK, "solved"),
        ({**OK, "hostname": "SHOP.example"}, "solved"),
        ({**OK, "hostname": "evil.example"}, "refused"),
        ({**OK, "hostname": None}, "refused"),
        ({"success": True}, "refused"),
        ({"success": False}, "refused"),
        ({"success": False, "error-codes": ["timeout-or-duplicate"]}, "refused"),
        ({"success": False, "error-codes": ["already-seen-response"]}, "refused"),
        ({"success": False, "error-codes": ["invalid-input-response"]}, "refused"),
        ({"success": False, "error-codes": ["invalid-input-secret"]}, "unable"),
        ({"success": False, "error-codes": ["internal-error"]}, "unable"),
        ({"success": False, "error-codes": ["bad-request", "sitekey-secret-mismatch"]}, "unable"),
        ({"success": "true", "hostname": "shop.example"}, "unable"),
        ({"success": 1, "hostname": "shop.example"}, "unable"),
        ({}, "unable"),
        ([True], "unable"),
    ],
)
def test_only_a_clear_yes_for_our_page_is_a_yes(told: Any, end: str) -> None:
    """A token counts if the vendor says so, for a page of ours; a no is the person's, a fault is nobody's answer."""
    assert judged(TURNSTILE, told) == end


@pytest.mark.parametrize(
    ("told", "end"),
    [
        ({"score": 0.5, "action": "otp"}, "solved"),
        ({"score": 1, "action": "otp"}, "solved"),
        ({"score": 0.49, "action": "otp"}, "refused"),
        ({"score": True, "action": "otp"}, "refused"),
        ({"score": "0.9", "action": "otp"}, "refused"),
        ({"action": "otp"}, "refused"),
        ({"score": 0.9, "action": "comment"}, "refused"),
        ({"score": 0.9}, "refused"),
        ({}, "refused"),
    ],
)
def test_a_score_must_be_reached_for_our_action(told: dict[str, Any], end: str) -> None:
    """With a least score a token needs that score, and must have been made for the start of a code."""
    assert judged(SCORED, {**OK, **told}) == end


@pytest.mark.parametrize("body", [b"", b"<html>", b"\xff", b"[" * 5000, b"null"])
def test_rubbish_is_no_answer(body: bytes) -> None:
    """What can't be read says neither yes nor no."""
    assert judge(TURNSTILE, 200, body, {"shop.example"}).end == "unable"


@pytest.mark.parametrize("codes", [None, 5, True, "invalid-input-secret", {}, [], [None], [["x"]]])
def test_a_no_is_a_no_whatever_its_reasons_look_like(codes: object) -> None:
    """Reasons of another form than the vendors document do no harm."""
    assert judged(TURNSTILE, {"success": False, "error-codes": codes}) == "refused"


def test_a_vendor_in_trouble_says_nothing() -> None:
    """With a status of 500 and more even a yes is no answer."""
    assert judged(TURNSTILE, OK, 502) == "unable"


def test_what_a_vendor_is_asked() -> None:
    """Every vendor gets secret, token and the person's address if it is known; hCaptcha the site key as well."""
    assert question(TURNSTILE, "tok", None) == {"secret": "s3cret", "response": "tok"}
    asked = question(Captcha("hcaptcha", "site", "s3cret"), "tok", "203.0.113.7")
    assert asked == {"secret": "s3cret", "response": "tok", "remoteip": "203.0.113.7", "sitekey": "site"}


def test_a_captcha_never_shows_its_secret() -> None:
    """However a CAPTCHA is printed, its secret is not among it; it asks its vendor unless told another place."""
    assert "s3cret" not in repr(TURNSTILE)
    assert TURNSTILE.url == VERIFY_URLS["turnstile"]
    assert Captcha("turnstile", "site", "s", verify_url="https://proxy.example/v").url == "https://proxy.example/v"
