"""The contract as a file and as a page: /openapi.yaml and /docs, with nothing loaded from elsewhere."""

from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

from flask import Blueprint, Response

from otp_service.domain.errors import Refusal

blueprint = Blueprint("docs", __name__)

PAGE_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": PAGE_POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "public, max-age=300",
}

# Relative links: a proxy may serve the whole below a path of its own.
PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>otp-service: the API</title>
<link rel="icon" href="docs/icon.svg" type="image/svg+xml">
<link rel="stylesheet" href="docs/swagger-ui.css">
</head>
<body>
<div id="contract"></div>
<noscript><p>This page needs JavaScript; <a href="openapi.yaml">openapi.yaml</a> says the same without.</p></noscript>
<script src="docs/swagger-ui-bundle.js"></script>
<script src="docs/start.js"></script>
</body>
</html>
"""
START = """SwaggerUIBundle({
  url: "openapi.yaml",
  dom_id: "#contract",
  deepLinking: true,
  docExpansion: "list",
  defaultModelsExpandDepth: 0,
  validatorUrl: null,
});
"""
ICON = """<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16">
<rect x="3" width="10" height="16" rx="2" fill="#1d4f91"/><path d="M5 7h6v2H5z" fill="#fff"/></svg>
"""
SWAGGER = files("flask_openapi3_swagger") / "templates" / "swagger"
TYPES = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}


@blueprint.get("/openapi.yaml")
def contract() -> Response:
    """The contract as it is kept."""
    return _answer(contract_bytes(), "application/yaml")


@blueprint.get("/docs")
def page() -> Response:
    """The contract as a page to read and to try."""
    return _answer(PAGE.encode(), "text/html; charset=utf-8")


@blueprint.get("/docs/<asset>")
def file(asset: str) -> Response:
    """A file of that page."""
    body = _assets().get(asset)
    if body is None:
        raise Refusal("not_found", "the page has no such file")
    return _answer(body, TYPES[Path(asset).suffix])


@cache
def contract_bytes() -> bytes:
    """openapi.yaml: beside this package in the wheel, at the repository's root in a checkout."""
    carried = files("otp_service") / "openapi.yaml"
    found: Traversable = carried if carried.is_file() else Path(__file__).parents[2] / "openapi.yaml"
    return found.read_bytes()


@cache
def _assets() -> dict[str, bytes]:
    return {
        "swagger-ui.css": (SWAGGER / "css" / "swagger-ui.css").read_bytes(),
        "swagger-ui-bundle.js": (SWAGGER / "js" / "swagger-ui-bundle.js").read_bytes(),
        "start.js": START.encode(),
        "icon.svg": ICON.encode(),
    }


def _answer(body: bytes, content_type: str) -> Response:
    return Response(body, headers=HEADERS, content_type=content_type)
