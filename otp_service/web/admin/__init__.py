"""The admin API: parse, one call to the service, render. Every path needs the scope `admin`."""

from flask import Blueprint, Response, current_app, request

from otp_service.web.admin import (
    applications,
    audit,
    blocks,
    factor_files,
    fraud,
    keys,
    limits,
    locks,
    people,
    policies,
    providers,
    refusals,
    reports,
    templates,
    users,
    webhooks,
)

blueprints: tuple[Blueprint, ...] = (
    applications.blueprint,
    keys.blueprint,
    templates.blueprint,
    blocks.blueprint,
    blocks.allows_blueprint,
    limits.blueprint,
    locks.blueprint,
    fraud.blueprint,
    refusals.blueprint,
    webhooks.blueprint,
    audit.blueprint,
    people.blueprint,
    providers.blueprint,
    policies.blueprint,
    reports.blueprint,
    users.blueprint,
    factor_files.blueprint,
)


def _read_truths_again(response: Response) -> Response:
    """What an admin has changed is in force in this process at once, in the others within seconds."""
    if request.method not in ("GET", "HEAD") and response.status_code < 300:
        current_app.extensions["truths"].refresh()
    return response


for blueprint in blueprints:
    blueprint.after_request(_read_truths_again)
