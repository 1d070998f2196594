"""Rendering an answer: JSON, never cached."""

import json
from typing import Any

from flask import Response


def answer(body: Any, status: int = 200) -> Response:
    """A JSON response."""
    return Response(json.dumps(body, ensure_ascii=False), status, content_type="application/json")
