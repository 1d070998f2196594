"""Builds the console: its own application, beside the one whose door led here."""

from importlib import import_module
from typing import Any

from flask import Flask, g
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response

from otp_service.domain.errors import PROBLEMS, Refusal
from otp_service.web import problems, requests
from otp_service.web.console import PATH, assets, guard, layout, words
from otp_service.web.console.pages import PAGES
from otp_service.web.console.registry import ROUTES
from otp_service.web.context import core

MOST_FORM = 1024 * 1024  # a list of blocks comes as a file


def make_console(outer: Flask) -> Flask:
    """The console of this process."""
    console = Flask("otp_service.web.console", static_folder=None)
    console.config.update(TRUSTED_PROXIES=outer.config["TRUSTED_PROXIES"], MAX_CONTENT_LENGTH=MOST_FORM)
    console.extensions.update(**{name: outer.extensions[name] for name in ("core", "truths", "single_sign_on")})
    console.url_map.strict_slashes = False
    console.url_map.merge_slashes = False
    console.jinja_env.filters.update(words.FILTERS)
    console.jinja_env.globals.update(asset=assets.url)
    console.jinja_env.trim_blocks = console.jinja_env.lstrip_blocks = True
    _around(console)
    for name in PAGES:
        import_module(f"otp_service.web.console.pages.{name}")
    for route in ROUTES:
        console.add_url_rule(PATH + route.rule, route.endpoint, guard.guarded(route), methods=[route.method])
    console.add_url_rule(f"{PATH}/static/<digest>/<name>", "static", assets.file)
    return console


def _around(console: Flask) -> None:
    requests.install(console)
    console.before_request(_begin)
    console.after_request(_end)
    console.register_error_handler(Refusal, layout.problem)
    console.register_error_handler(HTTPException, _http)
    console.register_error_handler(Exception, _bug)


def _begin() -> None:
    g.who, g.csrf_token, g.secret = None, guard.csrf_token, guard.secret


def _end(response: Response) -> Response:
    for name, value in (layout.HEADERS | (layout.TLS_ALONE if core().production else {})).items():
        response.headers.setdefault(name, value)
    return response


def _http(error: HTTPException) -> Any:
    if error.code is not None and error.code < 400:
        return error
    g.who = guard.whoever()
    code = problems.code_of(error.code or 500)
    return layout.problem(Refusal(code, PROBLEMS[code][1]))


def _bug(error: Exception) -> Any:
    return layout.problem(problems.bug(error))
