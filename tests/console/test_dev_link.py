"""The console of `otp-service dev`."""

import httpx

from tests.conftest import LiveService
from tests.console.conftest import PATIENCE_S


def test_the_printed_link_signs_in_once(live_service: LiveService) -> None:
    """The link that `dev` prints signs in as an admin without a password, once."""
    with httpx.Client(base_url=live_service.url, timeout=PATIENCE_S) as browser:
        assert browser.get(live_service.console_url).headers["Location"] == "/console"
        assert "dev" in browser.get("/console/profile").text
        assert browser.get(live_service.console_url).status_code == 404
