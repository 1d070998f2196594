"""Asking a vendor about a token: in time, once, and never with a free pass."""

import threading
from collections.abc import Iterator

import pytest

from otp_service.domain.captchas import Captcha
from otp_service.domain.errors import Refusal
from otp_service.service import captchas
from otp_service.service.captchas import MAX_BYTES, Asker
from tests.captchas import HOST, SECRET, SITE_KEY, CaptchaVendor, captcha_vendor
from tests.servers import wait_until

IP = "203.0.113.7"


@pytest.fixture(params=["turnstile", "hcaptcha", "recaptcha"])
def vendor(request: pytest.FixtureRequest) -> Iterator[CaptchaVendor]:
    with captcha_vendor(request.param) as vendor:
        yield vendor


@pytest.fixture
def asker(monkeypatch: pytest.MonkeyPatch) -> Asker:
    """One that waits for a busy machine."""
    monkeypatch.setattr(captchas, "STEPS", dict.fromkeys(captchas.STEPS, 60))
    return Asker(limit_s=60)


def captcha(vendor: CaptchaVendor, secret: str = SECRET) -> Captcha:
    return Captcha(vendor.kind, SITE_KEY, secret, (HOST,), verify_url=vendor.url)


def unable(asker: Asker, asked: Captcha) -> bool:
    with pytest.raises(Refusal) as refused:
        asker.passes(asked, "good-1", IP, {HOST})
    return refused.value.code == "unavailable" and bool(refused.value.retry_after_s)


def test_a_good_token_passes_once(vendor: CaptchaVendor, asker: Asker) -> None:
    """A token passes, and a second time it does not; the vendor is told secret, token and the person's address."""
    assert asker.passes(captcha(vendor), "good-1", IP, {HOST})
    assert not asker.passes(captcha(vendor), "good-1", IP, {HOST})
    assert {**vendor.asked[0], "sitekey": "x"} == {
        "secret": SECRET, "response": "good-1", "remoteip": IP, "sitekey": "x"
    }  # fmt: skip


def test_a_bad_token_does_not_pass(vendor: CaptchaVendor, asker: Asker) -> None:
    """A token that the vendor does not know is refused, and so is a good one from a page of others."""
    assert not asker.passes(captcha(vendor), "forged", IP, {HOST})
    vendor.more = {"hostname": "evil.example"}
    assert not asker.passes(captcha(vendor), "good-1", IP, {HOST})


def test_a_wrong_secret_is_our_fault(vendor: CaptchaVendor, asker: Asker) -> None:
    """With a wrong secret nobody passes and nobody is told to solve again: it is unavailable."""
    assert unable(asker, captcha(vendor, "wrong"))


@pytest.mark.parametrize(
    ("status", "garbage"),
    [(200, b"<html>Gateway</html>"), (502, None), (301, None), (200, b"{" * (MAX_BYTES + 1)), (200, b"")],
    ids=["garbage", "in trouble", "moved", "too large", "empty"],
)
def test_a_vendor_in_trouble_gives_no_free_pass(
    vendor: CaptchaVendor, asker: Asker, status: int, garbage: bytes | None
) -> None:
    """Garbage, a failure or a flood is no yes: it is unavailable until the vendor answers."""
    vendor.status, vendor.garbage = status, garbage if status != 301 else b""
    assert unable(asker, captcha(vendor))
    vendor.status, vendor.garbage, vendor.used = 200, None, set()
    assert asker.passes(captcha(vendor), "good-1", IP, {HOST})


def test_a_vendor_that_drips_is_not_waited_for(vendor: CaptchaVendor) -> None:
    """An answer that comes in drips ends with the limit of the whole, not with one of each step."""
    vendor.pause_s = 0.3
    assert unable(Asker(limit_s=0.6), captcha(vendor))


def test_a_vendor_that_drips_holds_no_thread() -> None:
    """Nobody reads on what nobody waits for: however long a vendor drips, its threads are soon free for others."""
    with captcha_vendor() as vendor:
        asker = Asker(limit_s=0.2)
        vendor.pause_s, vendor.garbage = 0.05, b"x" * 16_000  # a hundred seconds
        assert unable(asker, captcha(vendor))
        wait_until(lambda: vendor.hung_up == 1, 60)


def test_a_vendor_that_is_away_is_not_waited_for(vendor: CaptchaVendor) -> None:
    """Where nobody listens it is unavailable."""
    gone = Captcha(vendor.kind, SITE_KEY, SECRET, verify_url="http://127.0.0.1:9/siteverify")
    assert unable(Asker(), gone)


def test_an_ill_vendor_does_not_hold_every_thread() -> None:
    """After a failure one question at a time waits for the vendor; the others are refused at once."""
    with captcha_vendor() as vendor:
        asker = Asker(limit_s=60)
        vendor.status = 500
        assert unable(asker, captcha(vendor))
        vendor.free.clear()
        asked = len(vendor.asked)
        waiting = threading.Thread(target=unable, args=(asker, captcha(vendor)))
        waiting.start()
        wait_until(lambda: len(vendor.asked) > asked, 60)
        assert unable(asker, captcha(vendor))
        assert len(vendor.asked) == asked + 1
        vendor.free.set()
        waiting.join()
