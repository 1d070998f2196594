"""Around every request: its id, its log line, its metrics, and the headers that every response has."""

import re
import secrets
import time

import structlog
from flask import Flask, Response, g, request

from otp_service.web.metrics import observe_request

log = structlog.get_logger("otp_service.web")
_ID = re.compile(r"[A-Za-z0-9._-]{8,64}", re.ASCII)
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_HEADERS = (
    ("Cache-Control", "no-store"),
    ("X-Content-Type-Options", "nosniff"),
    ("Referrer-Policy", "no-referrer"),
    ("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'"),
)
_QUIET = frozenset({"/livez", "/readyz", "/metrics"})


def install(app: Flask) -> None:
    """Gives every request its id and every response its headers, log line and metrics."""
    app.before_request(_begin)
    app.after_request(_end)


def _begin() -> None:
    given = request.headers.get("X-Request-Id", "")
    g.request_id = given if _ID.fullmatch(given) else secrets.token_urlsafe(12)
    g.began = time.perf_counter()


def _end(response: Response) -> Response:
    headers = response.headers
    headers["X-Request-Id"] = g.request_id
    for name, value in _HEADERS:
        headers.setdefault(name, value)
    rule = request.url_rule
    route = rule.rule if rule is not None else "none"
    method = request.method if request.method in _METHODS else "other"
    took_s = time.perf_counter() - g.began
    problem = g.get("problem")
    observe_request(route, method, response.status_code, took_s, problem)
    if route not in _QUIET:
        # The route's template: a path may hold an id, a query a number.
        log.info(
            "request",
            route=route,
            method=method,
            status=response.status_code,
            ms=round(took_s * 1000, 2),
            problem=problem,
            application=g.get("application"),
            request_id=g.request_id,
        )
    return response
