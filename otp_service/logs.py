"""Logs: one JSON line an event on stderr, from which a code, a secret, a body or a full number can't come."""

import re
import sys
from collections.abc import MutableMapping
from typing import Any

import structlog
from pydantic_core import to_json

HIDDEN = "•••"
# Fields that never hold anything fit for a log, whatever somebody puts there.
SECRET_FIELDS = frozenset(
    {
        "code",
        "codes",
        "text",
        "body",
        "to",
        "number",
        "phone",
        "secret",
        "token",
        "authorization",
        "api_key",
        "key",
        "password",
        "url",
    }
)
_NUMBER = re.compile(r"\+\d{7,15}")
_DIGITS = re.compile(r"(?<![\w.:-])\d{5,12}(?![\w.:-])")
_API_KEY = re.compile(r"otp_(live|test)_\w+")
_LEVELS = {"debug": 10, "info": 20, "warning": 30, "error": 40}

Event = MutableMapping[str, Any]


def redact(_: Any, __: str, event: Event) -> Event:
    """Hides what must not be logged: by the field's name, and by its look."""
    for name, value in event.items():
        if name in SECRET_FIELDS:
            event[name] = HIDDEN
        elif isinstance(value, str):
            event[name] = scrub(value)
        elif isinstance(value, list | tuple):
            event[name] = [scrub(item) if isinstance(item, str) else item for item in value]
    return event


def scrub(text: str) -> str:
    """A text without numbers, runs of digits that may be codes, and API keys."""
    if "+" in text:
        text = _NUMBER.sub(
            lambda found: f"{found[0][:5]}{HIDDEN}{found[0][-4:]}" if len(found[0]) > 9 else HIDDEN, text
        )
    if "otp_" in text:
        text = _API_KEY.sub(HIDDEN, text)
    return _DIGITS.sub(HIDDEN, text)


def _line(event: Event, **_: Any) -> str:
    return to_json(event, fallback=str).decode()


def set_up(level: str) -> None:
    """Configures this process' logs."""
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            redact,
            structlog.processors.JSONRenderer(_line),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(_LEVELS[level]),
        logger_factory=structlog.WriteLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
