"""Who may call."""

import pytest

from otp_service.domain import apikeys
from otp_service.domain.policy import Policy
from otp_service.ledger import keys
from otp_service.ledger.changes import change
from otp_service.service.core import now_ms
from otp_service.settings import Settings
from otp_service.wiring import build
from tests.keyspace import everything
from tests.servers import RedisServer
from tests.world import NUMBER, Api, World

START, CHECK = "verifications:start", "verifications:check"
ID = "/v1/verifications/ver_x"


@pytest.mark.parametrize(
    "header",
    [
        *(None, "", "Bearer", "Bearer ", "Basic dTpw", "Bearer sk_live_abc", "bearer", "Bearer é", "Token {key}"),
        *("{key}", "Bearer {key}x", "Bearer {key[:-1]}", "Bearer {other}", "Bearer  x {key}"),
    ],
)
def test_without_a_valid_key_nothing_is_told(world: World, api: Api, redis: RedisServer, header: str | None) -> None:
    """Missing, malformed and unknown keys are the same 401 with WWW-Authenticate, before the body is looked at."""
    unknown = apikeys.make(False, b"i" * 16, b"s" * 32)[1]
    before = everything(redis)
    headers = {} if header is None else {"Authorization": _filled(header, api.key, unknown)}
    response = world.app.test_client().post("/v1/verifications", headers=headers, data=b"not json")
    assert (response.status_code, response.json["code"]) == (401, "unauthenticated")
    assert response.json["detail"] == "send Authorization: Bearer <API key>"
    assert response.headers["WWW-Authenticate"].startswith("Bearer")
    assert everything(redis) == before


def _filled(header: str, key: str, other: str) -> str:
    return header.replace("{key[:-1]}", key[:-1]).replace("{key}", key).replace("{other}", other)


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER"])
def test_the_scheme_s_case_does_not_matter(world: World, api: Api, scheme: str) -> None:
    """RFC 9110 schemes are case-insensitive."""
    headers = {"Authorization": f"{scheme} {api.key}"}
    assert world.app.test_client().post("/v1/verifications", headers=headers, json={"to": NUMBER}).status_code == 201


ALLOWED = {
    ("POST", "/v1/verifications"): {START},
    ("POST", "/v1/verifications/check"): {CHECK},
    ("GET", ID): {START, CHECK},
    ("DELETE", ID): {START},
    ("POST", f"{ID}/resend"): {START},
    ("GET", "/v1/verifications"): {"reports"},
}


@pytest.mark.parametrize("scope", apikeys.SCOPES)
def test_a_key_does_what_its_scopes_say(world: World, scope: str) -> None:
    """Each scope opens its endpoints and no other; admin implies none."""
    caller = world.caller(scope)
    refused = {
        (method, path)
        for method, path in ALLOWED
        if caller.call(
            method, path, json={"to": NUMBER, "code": "123456"} if path.startswith("/v1/v") else None
        ).status_code
        == 403
    }
    assert refused == {endpoint for endpoint, scopes in ALLOWED.items() if scope not in scopes}


def test_a_revoked_key_is_refused(world: World) -> None:
    """From the next snapshot on, at most some seconds later, a revoked key is 401."""
    caller = world.caller(START)
    presented = apikeys.read(caller.key)
    assert presented
    assert caller.start().status_code == 201
    with change(world.core.engine, world.core.audit_key, "tests", now_ms()) as opened:
        keys.revoke(opened, presented.id)
    world.parts.truths.refresh()
    assert caller.start().status_code == 401


def test_an_expired_key_is_refused(world: World) -> None:
    """A key ends at its time."""
    assert world.caller(START, expires_at=now_ms() + 60_000).start().status_code == 201
    assert world.caller(START, expires_at=now_ms()).start().status_code == 401


@pytest.mark.parametrize(
    ("ips", "status"),
    [
        (["127.0.0.1"], 201),
        (["127.0.0.0/8"], 201),
        (["10.0.0.0/8"], 403),
        (["::/0"], 403),
        (["10.0.0.0/8", "127.0.0.1/32"], 201),
    ],
)
def test_a_key_is_used_from_its_addresses_only(world: World, ips: list[str], status: int) -> None:
    """A list of addresses binds a key; from elsewhere it is 403."""
    assert world.caller(START, ips=ips).start().status_code == status


def test_a_forwarded_address_is_not_believed(world: World) -> None:
    """Without trusted proxies X-Forwarded-For opens nothing."""
    caller = world.caller(START, ips=["10.0.0.0/8"])
    for name in ("X-Forwarded-For", "X-Real-IP", "Forwarded"):
        assert caller.start(headers={name: "10.0.0.1"}).status_code == 403


def test_a_trusted_proxy_is_believed(settings: Settings) -> None:
    """Behind a trusted proxy the rightmost address that it did not vouch for is the caller's."""
    parts = build(settings.model_copy(update={"trusted_proxies": ("127.0.0.1",)}))
    world = World(parts)
    caller = world.caller(START, ips=["10.0.0.0/8"])
    assert caller.start(headers={"X-Forwarded-For": "6.6.6.6, 10.0.0.1"}).status_code == 201
    assert caller.start(headers={"X-Forwarded-For": "10.0.0.1, 6.6.6.6"}).status_code == 403
    assert caller.start().status_code == 403
    parts.core.engine.dispose()


def test_a_test_key_can_not_be_dressed_as_a_live_one(world: World) -> None:
    """The kind is part of what the checksum covers, and of what is stored."""
    tester = world.caller(START, test=True)
    body = tester.key.rpartition("_")[0].replace("otp_test_", "otp_live_")
    dressed = f"{body}_{apikeys._crc(body)}"
    assert apikeys.read(dressed)
    assert Api(tester.client, dressed).start().status_code == 401


def test_applications_do_not_see_each_other(world: World, api: Api) -> None:
    """Another application's key finds neither verification nor code nor list entry of this one."""
    other = world.caller(START, CHECK, "reports", application=world.application("other", Policy(resend_after_s=0)))
    mine, theirs = api.start().json["id"], other.start().json["id"]
    assert mine != theirs
    assert other.get(f"/v1/verifications/{mine}").status_code == 404
    assert other.check(world.code(mine), id=mine).status_code == 404
    assert not other.check(world.code(mine)).json["valid"]
    assert other.get("/v1/verifications").json["items"] == []
