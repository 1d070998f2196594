"""What a courier does without."""

import subprocess
import sys

from otp_service.providers import PROVIDERS

IMPORTS = "import sys, otp_service.commands.worker; print(*{name.partition('.')[0] for name in sys.modules})"
FILES = "import sys, otp_service.commands.worker; print(*sys.modules)"


def test_a_courier_loads_nothing_that_answers_requests() -> None:
    """Its process holds neither Flask nor what Flask needs."""
    loaded = subprocess.run((sys.executable, "-c", IMPORTS), capture_output=True, text=True, check=True).stdout.split()
    assert "httpx_aiohttp" in loaded
    assert not {"flask", "werkzeug", "jinja2"}.intersection(loaded)


def test_a_vendor_that_is_not_configured_is_not_loaded() -> None:
    """Its file and what only that needs take no memory."""
    loaded = subprocess.run((sys.executable, "-c", FILES), capture_output=True, text=True, check=True).stdout.split()
    assert "otp_service.providers.base" in loaded
    vendors = [f"otp_service.providers.{kind}" for kind in PROVIDERS]
    assert not {*vendors, "jwt", "cryptography.x509"}.intersection(loaded)
