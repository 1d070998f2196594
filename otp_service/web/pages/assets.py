"""The style and the scripts of pages; `embed.js` is for products to import."""

from importlib.resources import files
from pathlib import PurePath

from flask import Blueprint, Response

from otp_service.domain.errors import Refusal

blueprint = Blueprint("page_assets", __name__)

TYPES = {".css": "text/css", ".js": "text/javascript"}
ASSETS = frozenset({"page.css", "page.js", "code.js", "framed.js"})
STATIC = files("otp_service.web.pages") / "static"
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "public, max-age=300",
    "Cross-Origin-Resource-Policy": "same-origin",
}
FOR_ANYBODY = {"Cross-Origin-Resource-Policy": "cross-origin", "Access-Control-Allow-Origin": "*"}


@blueprint.get("/pages/embed.js")
def embed() -> Response:
    """What shows a page in a frame of a product's own."""
    return _file("embed.js", HEADERS | FOR_ANYBODY)


@blueprint.get("/pages/assets/<asset>")
def asset(asset: str) -> Response:
    """A file that pages load."""
    if asset not in ASSETS:
        raise Refusal("not_found", "there is no such file")
    return _file(asset, HEADERS)


def _file(name: str, headers: dict[str, str]) -> Response:
    # Read anew each time: browsers keep them, and the process need not.
    kind = f"{TYPES[PurePath(name).suffix]}; charset=utf-8"
    return Response((STATIC / name).read_bytes(), headers=headers, content_type=kind)
