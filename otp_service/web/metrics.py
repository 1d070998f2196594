"""Metrics in Prometheus' form; labels hold only words of our own."""

import os
import threading
from functools import lru_cache

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest, start_http_server
from prometheus_client.multiprocess import MultiProcessCollector

from otp_service.service.core import Observer

BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)
REQUESTS = Counter("otp_requests_total", "Requests answered.", ["route", "method", "status"])
SECONDS = Histogram("otp_request_seconds", "Time to answer a request.", ["route"], buckets=BUCKETS)
REFUSALS = Counter("otp_refusals_total", "Requests refused, by the problem's code.", ["code"])
STARTED = Counter("otp_verifications_started_total", "Codes that were asked for and queued.", ["country", "kind"])
CHECKED = Counter("otp_checks_total", "Guesses, by what came of them.", ["result"])
BRAKED = Counter(
    "otp_fraud_decisions_total",
    "Starts that the brake judged: allow, challenge, solved or deny; in mode shadow all of them went out.",
    ["decision", "mode"],
)
FACTOR_CHECKS = Counter(
    "otp_factor_checks_total",
    "Codes of factors, by what came of them; of type any where a wrong one could have been of several.",
    ["type", "result"],
)
ENROLLED = Counter("otp_factors_enrolled_total", "Factors enrolled, once they count.", ["type"])
HELD = Counter("otp_users_held_total", "Users whom wrong codes locked (50 in a row) or disabled (100).", ["how"])
ALARMS = Counter("otp_alarms_total", "Things an admin should look at.", ["kind"])
REPORTED = Counter("otp_receipts_total", "Distinct delivery receipts, by what they say.", ["provider", "status"])
UNMATCHED = Counter(
    "otp_receipts_unmatched_total",
    "Receipts whose message was not known when they came: matched later, dropped after ten minutes, or refused.",
    ["provider", "end"],
)
LEDGER_UP = Gauge("otp_ledger_up", "1 while the ledger can be read.", multiprocess_mode="livemin")
CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


class Counting(Observer):
    """Counts the stories of the service."""

    def started(self, purpose: str, country: str, new: bool) -> None:
        _started(country, "new" if new else "resend").inc()

    def braked(self, decision: str, mode: str) -> None:
        _braked(decision, mode).inc()

    def checked(self, result: str) -> None:
        _checked(result).inc()

    def factor_checked(self, type: str, result: str) -> None:
        FACTOR_CHECKS.labels(type, result).inc()

    def factor_enrolled(self, type: str) -> None:
        ENROLLED.labels(type).inc()

    def user_held(self, how: str) -> None:
        HELD.labels(how).inc()

    def alarmed(self, kind: str) -> None:
        ALARMS.labels(kind).inc()

    def reported(self, provider: str, status: str) -> None:
        REPORTED.labels(provider, status).inc()

    def unmatched(self, provider: str, end: str) -> None:
        UNMATCHED.labels(provider, end).inc()


# Labels are words of our own, so there are few of them: finding a metric's child again costs more than counting.
_requests = lru_cache(maxsize=4096)(REQUESTS.labels)
_seconds = lru_cache(maxsize=256)(SECONDS.labels)
_started = lru_cache(maxsize=1024)(STARTED.labels)
_braked = lru_cache(maxsize=64)(BRAKED.labels)
_checked = lru_cache(maxsize=64)(CHECKED.labels)


def observe_request(route: str, method: str, status: int, took_s: float, problem: str | None) -> None:
    """Counts one answered request."""
    _requests(route, method, status).inc()
    _seconds(route).observe(took_s)
    if problem:
        REFUSALS.labels(problem).inc()


def exposition() -> bytes:
    """All metrics of this process, or of all worker processes where they share a directory."""
    if "PROMETHEUS_MULTIPROC_DIR" not in os.environ:
        return generate_latest()
    return generate_latest(_of_all_workers())


def _of_all_workers() -> CollectorRegistry:
    registry = CollectorRegistry()
    MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    return registry


def serve(port: int, host: str = "0.0.0.0") -> threading.Thread:  # noqa: S104 - a port of its own, not the public one
    """Answers /metrics on a port of its own."""
    if "PROMETHEUS_MULTIPROC_DIR" in os.environ:
        return start_http_server(port, host, registry=_of_all_workers())[1]
    return start_http_server(port, host)[1]
