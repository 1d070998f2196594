"""Around every request: its id, its log line, its metrics, and the headers that every response has."""

import re
import secrets
import time

import structlog
from flask import Flask, Response, g, request
from werkzeug.datastructures import Headers

from otp_service.web.metrics import observe_request
from otp_service.web.proxies import real

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
    given, here = request.headers.get("X-Request-Id", ""), real(g)
    here.request_id = given if _ID.fullmatch(given) else secrets.token_urlsafe(12)
    here.began = time.perf_counter()


def _end(response: Response) -> Response:
    asked, here = real(request), real(g)
    _complete(response.headers, here.request_id)
    route = asked.url_rule.rule if asked.url_rule is not None else "none"
    method = asked.method if asked.method in _METHODS else "other"
    took_s = time.perf_counter() - here.began
    problem = here.get("problem")
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
            application=here.get("application"),
            request_id=here.request_id,
        )
    return response


def _complete(headers: Headers, request_id: str) -> None:
    """Adds what every response has; a header that the handler has set stays."""
    given = {name.lower() for name, _ in headers}
    headers.extend(pair for pair in _HEADERS if pair[0].lower() not in given)
    headers.add("X-Request-Id", request_id)
