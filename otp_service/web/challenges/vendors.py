"""What the page of a vendor's CAPTCHA loads, and what its Content-Security-Policy lets it load for that."""

from typing import NamedTuple


class Vendor(NamedTuple):
    """A vendor's script, and the policy of a page that has it."""

    script: str
    policy: str


def _policy(script: str, frame: str, style: str = "", connect: str = "'none'") -> str:
    styles = f"'self' {style}".strip()
    return (
        f"default-src 'none'; script-src 'self' {script}; frame-src {frame}; style-src {styles}; connect-src {connect}"
    )


CLOUDFLARE = "https://challenges.cloudflare.com"
HCAPTCHA = "https://hcaptcha.com https://*.hcaptcha.com"
GOOGLE = "https://www.google.com/recaptcha/"

VENDORS = {
    # developers.cloudflare.com/turnstile/reference/content-security-policy
    "turnstile": Vendor(f"{CLOUDFLARE}/turnstile/v0/api.js?render={{render}}", _policy(CLOUDFLARE, CLOUDFLARE)),
    # docs.hcaptcha.com, Content-Security-Policy Settings (*)
    "hcaptcha": Vendor(
        "https://js.hcaptcha.com/1/api.js?render={render}", _policy(HCAPTCHA, HCAPTCHA, HCAPTCHA, HCAPTCHA)
    ),
    # developers.google.com/recaptcha/docs/faq (*)
    "recaptcha": Vendor(
        f"{GOOGLE}api.js?render={{render}}",
        _policy(f"{GOOGLE} https://www.gstatic.com/recaptcha/", f"{GOOGLE} https://recaptcha.google.com/recaptcha/"),
    ),
}
