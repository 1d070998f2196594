"""The CAPTCHAs of the configuration file."""

import pytest

from otp_service.domain.captchas import Captcha
from otp_service.domain.config_file.provider_file import parse_provider_file, with_simulator
from tests.domain.config_file.texts import PROVIDERS, problems

KEYS = 'site_key = "0x4AAAAAAAB"\nsecret = "s3cret"\n'


def test_captchas_are_read_by_kind() -> None:
    """A table [captchas.KIND] gives site key, secret, hosts and, of Google's, the least score and the action."""
    text = """
        [captchas.turnstile]
        site_key = "0x4AAAAAAAB"
        secret = "${TURNSTILE}"
        hostnames = ["shop.example", "localhost"]
        [captchas.recaptcha]
        site_key = "6Lc_key-1"
        secret = "${RECAPTCHA}"
        least_score = 0.7
        action = "login"
        verify_url = "https://www.recaptcha.net/recaptcha/api/siteverify"
    """
    file = parse_provider_file(PROVIDERS + text, {"TURNSTILE": "one", "RECAPTCHA": "two"})
    url = "https://www.recaptcha.net/recaptcha/api/siteverify"
    assert with_simulator(file, development=False).captchas == {
        "turnstile": Captcha("turnstile", "0x4AAAAAAAB", "one", ("shop.example", "localhost")),
        "recaptcha": Captcha("recaptcha", "6Lc_key-1", "two", (), 0.7, "login", url),
    }
    assert "'one'" not in repr(file)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("captchas = 1", "captchas: begin it with a line [captchas.XX]"),
        ("[captchas]\nturnstile = 1", "turnstile: begin it with a line [captchas.turnstile]"),
        ("[captchas.friendly]\n" + KEYS, "friendly: is not known; known are turnstile, hcaptcha, recaptcha"),
        ('[captchas.turnstile]\nsecret = "x"', "turnstile.site_key: is missing"),
        ('[captchas.turnstile]\nsite_key = "0x4AAAAAAAB"', "turnstile.secret: is missing"),
        (f"[captchas.turnstile]\n{KEYS}least_score = 0.5", "turnstile.least_score: is not known here"),
        (f"[captchas.recaptcha]\n{KEYS}least_score = 50", "recaptcha.least_score: must be a number from 0 to 1"),
        (f"[captchas.recaptcha]\n{KEYS}least_score = true", "recaptcha.least_score: must be a number from 0 to 1"),
        (f'[captchas.hcaptcha]\n{KEYS}hostnames = "shop.example"', "hcaptcha.hostnames: must be a list of hosts"),
        (f'[captchas.hcaptcha]\n{KEYS}hostnames = ["https://x"]', "hcaptcha.hostnames: must be a list of hosts"),
        (f'[captchas.hcaptcha]\n{KEYS}verify_url = "http://evil.example"', "hcaptcha.verify_url: must be a URL"),
        ('[captchas.hcaptcha]\nsite_key = "<b>"\nsecret = "x"', "hcaptcha.site_key: must be the site key"),
        (
            KEYS.replace("s3cret", "${UNSET}").join(["[captchas.hcaptcha]\n", ""]),
            "hcaptcha.secret: the environment has no",
        ),
    ],
)
def test_a_mistake_in_a_captcha_is_told(text: str, complaint: str) -> None:
    """A mistake is told with its place and field, and without the value."""
    [found] = problems(text)
    assert complaint in found
    assert "s3cret" not in found
