"""The console at /console: an application of its own, loaded at the first request for it.

Only that request pays for its pages, templates and sign-in: a process that is never asked for them stays small.
"""

import threading
from collections.abc import Iterable
from importlib import import_module
from typing import TYPE_CHECKING, Any

from flask import Flask

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

PATH = "/console"


class Door:
    """Lets requests under /console into the console, and all others pass."""

    def __init__(self, app: Flask) -> None:
        self._app, self._rest = app, app.wsgi_app
        self._opening = threading.Lock()
        self._console: WSGIApplication | None = None

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        path: str = environ.get("PATH_INFO", "")
        if path == PATH or path.startswith(PATH + "/"):
            return self._inside()(environ, start_response)
        return self._rest(environ, start_response)

    def _inside(self) -> "WSGIApplication":
        with self._opening:
            if self._console is None:
                building: Any = import_module("otp_service.web.console.building")
                self._console = building.make_console(self._app)
        return self._console


def install(app: Flask) -> None:
    """Puts the console's door in front of the application."""
    app.wsgi_app = Door(app)  # type: ignore[method-assign]
