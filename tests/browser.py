"""A real Chromium for the tests of pages; where it hangs, it is ended, and the test fails instead of waiting."""

import contextlib
import os
import shutil
import signal
import threading
from collections.abc import Iterator
from pathlib import Path

from playwright.sync_api import Browser, expect, sync_playwright

# It asks nobody for anything, needs no GPU, and no /dev/shm larger than what containers have.
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-extensions",
    "--disable-sync",
    "--no-first-run",
)
CLOSES_WITHIN_S = 60
PATIENCE_MS = 60_000  # of whatever is waited for in a browser, on a machine that is busy


@contextlib.contextmanager
def chromium() -> Iterator[Browser]:
    """A Chromium for as long as the block runs.

    Its loop runs in the thread that asked, which until then runs no other: fixtures of it end with their package.
    """
    path = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    assert path, "tests of pages need Chromium; `make test` installs it: apt-get install chromium"
    expect.set_options(timeout=PATIENCE_MS)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS, timeout=PATIENCE_MS)
        try:
            yield browser
        finally:
            hangs = threading.Timer(CLOSES_WITHIN_S, _kill_browsers)
            hangs.daemon = True
            hangs.start()
            browser.close()
            hangs.cancel()


def _kill_browsers() -> None:
    """Ends every Chromium that descends from this process."""
    for pid in _descendants(os.getpid()):
        with contextlib.suppress(OSError):
            if b"chrom" in Path(f"/proc/{pid}/cmdline").read_bytes():
                os.kill(pid, signal.SIGKILL)


def _descendants(pid: int) -> list[int]:
    found: list[int] = []
    with contextlib.suppress(OSError):
        for task in Path(f"/proc/{pid}/task").iterdir():
            for child in map(int, (task / "children").read_text().split()):
                found += [child, *_descendants(child)]
    return found
