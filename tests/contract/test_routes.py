"""Every route of the service is in openapi.yaml, and every operation of openapi.yaml is a route."""

import re

from flask import Flask

from tests.contract.spec import routes_in_spec

BY_THE_FRAMEWORK = {"HEAD", "OPTIONS"}
CONVERTER = re.compile(r"<(?:[^<>:]+:)?([^<>]+)>")


def routes_of(app: Flask) -> set[tuple[str, str]]:
    """Every route as (method, path template)."""
    return {
        (method, CONVERTER.sub(r"{\1}", rule.rule))
        for rule in app.url_map.iter_rules()
        for method in (rule.methods or set()) - BY_THE_FRAMEWORK
    }


def test_every_route_is_in_the_contract(app):
    """The service has no route that openapi.yaml does not know."""
    assert routes_of(app) - routes_in_spec() == set()


def test_every_operation_of_the_contract_is_a_route(app):
    """openapi.yaml promises no operation that the service does not have."""
    assert routes_in_spec() - routes_of(app) == set()
