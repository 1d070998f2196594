"""The console's style and scripts: each under a path that names its content, so that browsers may keep it for good."""

import hashlib
from functools import cache
from importlib.resources import files
from pathlib import PurePath

from flask import Response

from otp_service.domain.errors import Refusal
from otp_service.web.console import PATH

STATIC = files("otp_service.web.console") / "static"
TYPES = {".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml"}
DIGEST_LENGTH = 12
FOREVER = {"Cache-Control": "public, max-age=31536000, immutable"}


def url(name: str) -> str:
    """Where a file of `static/` is found, as long as it is what it is."""
    return f"{PATH}/static/{_digest(name)}/{name}"


def file(digest: str, name: str) -> Response:
    """A file of `static/`; nothing in it is a secret."""
    if name not in _known() or digest != _digest(name):
        raise Refusal("not_found", "there is no such file")
    return Response(_body(name), headers=FOREVER, content_type=TYPES[PurePath(name).suffix])


@cache
def _known() -> frozenset[str]:
    return frozenset(each.name for each in STATIC.iterdir() if PurePath(each.name).suffix in TYPES)


@cache
def _body(name: str) -> bytes:
    return (STATIC / name).read_bytes()


@cache
def _digest(name: str) -> str:
    return hashlib.sha256(_body(name)).hexdigest()[:DIGEST_LENGTH]
