"""The floors: what an answer costs without the service, as WSGI applications for the same server."""

import os
import threading
from collections.abc import Callable, Iterable
from typing import Any

from flask import Flask
from redis.connection import AbstractConnection, ConnectionPool

HELLO = "Hello, World!"


def bare(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """WSGI and nothing else."""
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", str(len(HELLO)))])
    return [HELLO.encode()]


def make_hello() -> Flask:
    """A Flask application that says hello."""
    app = Flask("hello", static_folder=None)
    app.add_url_rule("/", view_func=lambda: HELLO, endpoint="hello")
    return app


def make_ping() -> Flask:
    """A Flask application that asks Redis for one PING, over a connection for each thread."""
    app, here = Flask("ping", static_folder=None), threading.local()
    pool = ConnectionPool.from_url(os.environ.get("OTP_REDIS_URL", "redis://"), decode_responses=True, protocol=2)

    def connection() -> AbstractConnection:
        if not hasattr(here, "connection"):
            here.connection = pool.connection_class(**pool.connection_kwargs)
        return here.connection  # type: ignore[no-any-return]

    def ping() -> str:
        connection().send_command("PING", check_health=False)
        return str(connection().read_response())

    app.add_url_rule("/", view_func=ping, endpoint="ping")
    return app


hello, ping = make_hello(), make_ping()
