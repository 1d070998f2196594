"""What a courier does without."""

import subprocess
import sys

IMPORTS = "import sys, otp_service.commands.worker; print(*{name.partition('.')[0] for name in sys.modules})"


def test_a_courier_loads_nothing_that_answers_requests() -> None:
    """Its process holds neither Flask nor what Flask needs."""
    loaded = subprocess.run((sys.executable, "-c", IMPORTS), capture_output=True, text=True, check=True).stdout.split()
    assert "httpx_aiohttp" in loaded
    assert not {"flask", "werkzeug", "jinja2"}.intersection(loaded)
