"""Liveness, readiness, metrics and published keys."""

from dataclasses import replace
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from sqlalchemy import text as sql
from werkzeug.test import TestResponse

from otp_service.domain.config_file.provider_file import ProviderFile, with_simulator
from otp_service.service.truths import Truths
from otp_service.store.connect import connect
from otp_service.web.app import make_app
from tests.servers import RedisServer, wait_until
from tests.world import Api, World


@pytest.fixture
def client(world: World) -> FlaskClient:
    """Somebody without a key."""
    return world.app.test_client()


def failing(response: TestResponse) -> dict[str, str]:
    """What a process that is not ready names, and what is wrong with it."""
    return {error["field"]: error["detail"] for error in response.json["errors"]}


def test_a_live_process_says_so(client: FlaskClient) -> None:
    """/livez asks nobody and needs no key."""
    response = client.get("/livez")
    assert (response.status_code, response.json) == (200, {"status": "ok"})


def test_a_ready_process_says_so(client: FlaskClient) -> None:
    """/readyz is 200 while Redis and ledger answer."""
    response = client.get("/readyz")
    assert (response.status_code, response.json) == (200, {"status": "ready", "degraded": []})


def test_an_evicting_redis_is_not_ready(client: FlaskClient, redis: RedisServer) -> None:
    """A maxmemory-policy that deletes failure counts fails readiness, and says what to set."""
    with redis.client() as admin:
        admin.config_set("maxmemory-policy", "allkeys-lru")
        try:
            response = client.get("/readyz")
        finally:
            admin.config_set("maxmemory-policy", "noeviction")
    assert response.status_code == 503
    assert "set noeviction" in failing(response)["redis"]
    assert client.get("/readyz").status_code == 200


def test_a_process_that_never_read_the_ledger_is_not_ready(world: World) -> None:
    """Without a first snapshot nothing is known, so nothing is answered but that."""
    app = make_app(world.core, Truths(world.core.engine))
    response = app.test_client().get("/readyz")
    assert (response.status_code, failing(response)) == (503, {"ledger": "it was never read"})


def test_what_nobody_can_read_is_read_again(world: World) -> None:
    """Truths that no release wrote are told and leave those in force; once they are gone the next ones count."""
    told: list[bool] = []
    truths, engine = Truths(world.core.engine, told.append), world.core.engine
    truths.refresh()
    before = truths()
    truths.keep()
    try:
        with engine.begin() as connection:
            connection.execute(sql("UPDATE meta SET value = 'rubbish' WHERE name = 'version'"))
        wait_until(lambda: not told[-1], 60)
        assert truths() is before
        with engine.begin() as connection:
            connection.execute(sql(f"UPDATE meta SET value = '{before.version}' WHERE name = 'version'"))
        world.policy(max_attempts=3)
        wait_until(lambda: told[-1] and truths().applications[world.shop].policy.max_attempts == 3, 60)
    finally:
        truths.stop()


def test_production_without_a_provider_is_not_ready(world: World) -> None:
    """In production a service that can send nothing says so."""
    file = with_simulator(ProviderFile(), development=False)
    app = make_app(replace(world.core, production=True, provider_file=file), world.parts.truths)
    response = app.test_client().get("/readyz")
    assert response.status_code == 503
    assert failing(response)["providers"].startswith("none is configured")


def test_metrics_count_requests_and_refusals_by_our_own_words(world: World, api: Api, client: FlaskClient) -> None:
    """Labels are routes and codes; no id, number or code is in the exposition."""
    id_ = api.start().json["id"]
    code = world.code(id_)
    api.check(world.wrong(id_))
    api.check(code)
    api.start("x")
    client.get("/v1/verifications/secret-path-123456")
    text = client.get("/metrics").get_data(as_text=True)
    # Values are left out: among so many digits any code may be found.
    words = "\n".join(line.rpartition(" ")[0] for line in text.splitlines() if not line.startswith("#"))
    assert 'otp_requests_total{method="POST",route="/v1/verifications",status="201"}' in text
    assert 'otp_refusals_total{code="invalid_field"}' in text
    assert 'otp_checks_total{result="approved"}' in text
    assert 'otp_verifications_started_total{country="CH",kind="new"}' in text
    assert not [secret for secret in (id_, code, "41791234567", "secret-path") if secret in words]


def test_production_keeps_metrics_off_the_public_port(world: World) -> None:
    """There /metrics is a 404 like any other; the simulated phone is not there either."""
    client = make_app(replace(world.core, production=True), world.parts.truths).test_client()
    assert {client.get(path).status_code for path in ("/metrics", "/dev/phone", "/dev/messages")} == {404}


def test_published_keys_may_be_cached(client: FlaskClient) -> None:
    """/.well-known/jwks.json needs no key and may be kept for minutes."""
    response = client.get("/.well-known/jwks.json")
    assert [key["kid"] for key in response.json["keys"]] == ["k1"]
    assert response.headers["Cache-Control"] == "public, max-age=300"


def test_without_redis_every_answer_is_503(world: World, api: Api, tmp_path: Path) -> None:
    """A store that can't be reached is 503 with Retry-After, and readiness names it; no limit is skipped."""
    id_ = api.start().json["id"]
    gone = make_app(replace(world.core, link=connect(f"unix://{tmp_path}/nowhere")), world.parts.truths).test_client()
    caller = Api(gone, api.key)
    for response in (caller.start(), caller.check("123456"), caller.get(f"/v1/verifications/{id_}")):
        assert (response.status_code, response.json["code"]) == (503, "unavailable")
        assert int(response.headers["Retry-After"]) >= 1
    assert failing(gone.get("/readyz")) == {"redis": "it does not answer"}
