"""Everything that the service logs, whatever its level."""

import contextlib
import io
import sys
from collections.abc import Iterator

import pytest
import structlog

from otp_service import logs


@contextlib.contextmanager
def logged(monkeypatch: pytest.MonkeyPatch) -> Iterator[io.StringIO]:
    """All lines of this process from debug on, for as long as the block runs."""
    lines = io.StringIO()
    with monkeypatch.context() as patch:
        patch.setattr(sys, "stderr", lines)
        logs.set_up("debug")
        for name, module in list(sys.modules.items()):
            # Loggers keep the level with which they were first used, so each module gets a fresh one.
            if name.startswith("otp_service.") and hasattr(module, "log"):
                patch.setattr(module, "log", structlog.get_logger(name))
        yield lines
    logs.set_up("error")
