"""The Flask application, built from its parts."""

from collections.abc import Sequence

from flask import Blueprint, Flask

from otp_service.domain.addresses import networks
from otp_service.domain.single_sign_on import SingleSignOn
from otp_service.service.core import Core
from otp_service.service.truths import Truths
from otp_service.web import (
    admin,
    callbacks,
    challenges,
    console,
    devices,
    docs,
    events,
    factors,
    messages,
    ops,
    opt_outs,
    pages,
    problem_pages,
    problems,
    requests,
    simulate,
    tracking,
    verifications,
)
from otp_service.web.fields import DeviceConverter, UserConverter


def make_app(
    core: Core,
    truths: Truths,
    *,
    trusted_proxies: Sequence[str] = (),
    extra: Sequence[Blueprint] = (),
    most_streams: int = 1,
    single_sign_on: SingleSignOn | None = None,
) -> Flask:
    """The whole HTTP side; `extra` is what only development has, `most_streams` how many may be held open."""
    app = Flask("otp_service", static_folder=None)
    app.config["TRUSTED_PROXIES"] = networks(trusted_proxies)
    app.json.sort_keys = False  # type: ignore[attr-defined]
    app.url_map.converters.update(user=UserConverter, device=DeviceConverter)
    app.url_map.strict_slashes = False
    app.url_map.merge_slashes = False  # a redirect would name whatever Host the caller sent
    app.extensions["core"] = core
    app.extensions["truths"] = truths
    app.extensions["single_sign_on"] = single_sign_on
    requests.install(app)
    problems.install(app)
    parts = (verifications.blueprint, callbacks.blueprint, ops.blueprint, docs.blueprint, problem_pages.blueprint)
    sending = (
        challenges.blueprint,
        devices.blueprint,
        factors.blueprint,
        messages.blueprint,
        opt_outs.blueprint,
        tracking.blueprint,
        simulate.blueprint,
    )
    for blueprint in (*parts, *sending, *pages.blueprints, *admin.blueprints, *extra):
        app.register_blueprint(blueprint)
    events.install(app, most_streams)
    if not core.production:
        app.register_blueprint(ops.metrics_blueprint)
    console.install(app)
    return app
