"""The Lua scripts, one per atomic operation, each joined with the shared parts that it uses."""

import hashlib
from dataclasses import dataclass
from importlib.resources import files

_LUA = files("otp_service.store") / "lua"
_PARTS = {
    "start": ("prelude", "limits", "record", "failures", "fraud", "refusals"),
    "refuse": ("prelude", "refusals"),
    "check": ("prelude", "record", "failures", "conversions", "refusals"),
    "cancel": ("prelude", "record"),
    "read": ("prelude",),
    "reserve": ("prelude", "limits"),
    "hand_back": ("prelude", "limits"),
    "claim": ("prelude",),
    "conclude": ("prelude",),
    "peek": ("prelude", "limits"),
    "decide": ("prelude", "limits", "fraud"),
    "repay": ("prelude", "fraud"),
    "refund": ("prelude", "fraud"),
    "lift": ("prelude", "fraud"),
    "forgive": ("prelude", "fraud"),
    "standing": ("prelude", "fraud"),
    "lock": ("prelude", "failures"),
    "message_send": ("prelude", "limits", "message_state", "refusals"),
    "message_move": ("prelude", "message_state"),
    "message_cancel": ("prelude", "message_state"),
    "message_outcome": ("prelude", "conversions"),
    "settle": ("conversions", "parts"),
    "receipt": ("parts",),
    "unmatched_hold": (),
    "unmatched_take": (),
    "forget": (),
}


@dataclass(frozen=True, slots=True)
class Script:
    """A script with the SHA-1 that Redis knows it by."""

    name: str
    source: str
    sha: str


def load(name: str, *parts: str) -> Script:
    """The script of this name behind the shared parts."""
    source = "\n".join((_LUA / f"{part}.lua").read_text() for part in (*parts, name))
    return Script(name, source, hashlib.sha1(source.encode(), usedforsecurity=False).hexdigest())


SCRIPTS = {name: load(name, *parts) for name, parts in _PARTS.items()}
