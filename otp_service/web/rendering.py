"""Rendering an answer: JSON, never cached."""

from typing import Any

from flask import Response
from pydantic_core import to_json


def answer(body: Any, status: int = 200) -> Response:
    """A JSON response."""
    return Response(to_json(body), status, content_type="application/json")
