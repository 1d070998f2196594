"""Who may use the admin API, and what all of it has in common."""

from pathlib import Path

import pytest

from otp_service.settings import Settings
from tests.servers import RedisServer
from tests.web.test_admin_audit import acts
from tests.world import Api, World

EVERY = [
    ("GET", "/v1/admin/applications"),
    ("POST", "/v1/admin/applications"),
    ("GET", "/v1/admin/applications/app_0000000000000000000000"),
    ("PATCH", "/v1/admin/applications/app_0000000000000000000000"),
    ("GET", "/v1/admin/keys"),
    ("POST", "/v1/admin/keys"),
    ("DELETE", "/v1/admin/keys/key_0000000000000000000000"),
    ("GET", "/v1/admin/templates"),
    ("POST", "/v1/admin/templates"),
    ("DELETE", "/v1/admin/templates"),
    ("GET", "/v1/admin/blocks"),
    ("POST", "/v1/admin/blocks"),
    ("DELETE", "/v1/admin/blocks/blk_0000000000000000000000"),
    ("GET", "/v1/admin/limits"),
    ("DELETE", "/v1/admin/limits"),
    ("GET", "/v1/admin/locks"),
    ("DELETE", "/v1/admin/locks"),
    ("GET", "/v1/admin/audit"),
]
each_route = pytest.mark.parametrize(("method", "path"), EVERY, ids=[" ".join(route) for route in EVERY])
LISTS = ["/v1/admin/applications", "/v1/admin/keys", "/v1/admin/blocks", "/v1/admin/audit"]
POSTS = [
    ("/v1/admin/applications", {"name": "bank"}),
    ("/v1/admin/keys", {"application": "shop", "scopes": ["reports"]}),
    ("/v1/admin/templates", {"application": "shop", "name": "hello", "locale": "en", "body": "Your code: {code}"}),
    ("/v1/admin/blocks", {"kind": "prefix", "value": "+88213", "reason": "revenue share"}),
]
each_post = pytest.mark.parametrize(("path", "body"), POSTS, ids=[path for path, _ in POSTS])


@each_route
def test_a_key_is_needed(world: World, method: str, path: str) -> None:
    """Nobody sees or changes anything without an API key."""
    assert Api(world.app.test_client(), "otp_live_nobody").call(method, path).status_code == 401


@each_route
def test_the_scope_is_needed(world: World, method: str, path: str) -> None:
    """A key without the scope `admin` is refused, whatever other scopes it has."""
    caller = world.caller("verifications:start", "verifications:check", "factors", "messages", "reports")
    answer = caller.call(method, path)
    assert (answer.status_code, answer.get_json()["code"]) == (403, "forbidden")


def test_admin_implies_no_other_scope(world: World) -> None:
    """A key that is good for the admin API alone can't start a verification."""
    assert world.caller("admin").start().status_code == 403


@pytest.mark.parametrize("path", LISTS)
def test_a_list_is_read_page_by_page(world: World, path: str) -> None:
    """Pages of one item make up the whole list, each item once."""
    for url, body in POSTS:
        assert world.admin.post(url, body).status_code == 201
    whole = world.admin.get(path).get_json()
    assert whole["next_cursor"] is None
    items, cursor = [], ""
    while cursor is not None:
        page = world.admin.get(f"{path}?limit=1{cursor and '&cursor=' + cursor}").get_json()
        items, cursor = items + page["items"], page["next_cursor"]
    assert items == whole["items"]
    assert len(items) >= 1


@pytest.mark.parametrize(
    "query", ["limit=0", "limit=101", "cursor=what", "cursor=WyJhIl0", "limit=1&limit=2", "wish=1"]
)
@pytest.mark.parametrize("path", LISTS)
def test_a_bad_query_is_refused_by_name(world: World, path: str, query: str) -> None:
    """A page that can't be meant is refused with the parameter's name."""
    answer = world.admin.get(f"{path}?{query}")
    assert answer.status_code == 422
    assert [error["field"] for error in answer.get_json()["errors"]] == [query.partition("=")[0]]


@each_post
def test_a_repeat_with_the_same_key_changes_nothing(world: World, path: str, body: dict[str, object]) -> None:
    """A POST that is repeated with its Idempotency-Key hears the first answer, and is audited once."""
    before = len(acts(world))
    first, second = (world.admin.post(path, body, {"Idempotency-Key": "k1"}) for _ in range(2))
    assert (first.status_code, second.status_code) == (201, 201)
    assert second.get_json() == first.get_json()
    assert len(acts(world)) == before + 1


@pytest.mark.parametrize(("path", "body"), POSTS[1:], ids=[path for path, _ in POSTS[1:]])
def test_a_repeat_with_another_body_is_refused(world: World, path: str, body: dict[str, object]) -> None:
    """An Idempotency-Key that was used with another body is refused."""
    world.admin.post(path, body, {"Idempotency-Key": "k1"})
    answer = world.admin.post(path, {**body, "application": world.shop}, {"Idempotency-Key": "k1"})
    assert (answer.status_code, answer.get_json()["code"]) == (422, "idempotency_mismatch")


def test_a_change_is_in_force_at_once_where_it_was_made(world: World) -> None:
    """The process that made a key accepts it in the next request."""
    made = world.admin.post("/v1/admin/keys", {"application": "shop", "scopes": ["verifications:start"]}).get_json()
    assert Api(world.app.test_client(), made["key"]).start().status_code == 201


@each_post
def test_without_the_ledger_nothing_is_changed(
    world: World, settings: Settings, path: str, body: dict[str, object]
) -> None:
    """While SQL is down an admin hears 503 and when to come back."""
    world.core.engine.dispose()
    Path(settings.database_url.get_secret_value().removeprefix("sqlite:///")).unlink()
    answer = world.admin.post(path, body)
    assert (answer.status_code, answer.get_json()["code"]) == (503, "unavailable")
    assert int(answer.headers["Retry-After"]) > 0


@pytest.mark.parametrize("path", ["audit/export", "blocks/export.csv", "allows/export.csv"])
def test_without_the_ledger_nothing_is_given_out(world: World, settings: Settings, path: str) -> None:
    """A file whose first row can't be read is a 503, and not an empty file that looks complete."""
    world.core.engine.dispose()
    Path(settings.database_url.get_secret_value().removeprefix("sqlite:///")).unlink()
    assert world.admin.get(f"/v1/admin/{path}").status_code == 503


@pytest.mark.parametrize("path", ["/v1/admin/limits", "/v1/admin/locks"])
def test_without_redis_nothing_is_changed_or_audited(world: World, redis: RedisServer, path: str) -> None:
    """While Redis is down a reset is refused, and leaves no entry in the audit."""
    world.api.start()
    before = acts(world)
    redis.kill()
    try:
        answer = world.admin.delete(f"{path}?application=shop&to=%2B41791234567")
    finally:
        redis.start()
    assert answer.status_code == 503
    assert acts(world) == before


@pytest.mark.parametrize(
    "path", ["keys?application=x", "templates?application=x", "blocks?application=x", "limits?application=x"]
)
def test_an_unknown_application_is_not_found(world: World, path: str) -> None:
    """An application that does not exist is 404 wherever it is named."""
    assert world.admin.get(f"/v1/admin/{path}").status_code == 404


@pytest.mark.parametrize("path", ["applications/%00", "keys/%00", "blocks/%00"])
def test_an_id_that_no_database_takes_is_not_found(world: World, path: str) -> None:
    """An id with a NUL in it is 404 like any other that does not exist."""
    method = "GET" if path.startswith("applications") else "DELETE"
    assert world.admin.call(method, f"/v1/admin/{path}").status_code == 404


@pytest.mark.parametrize(
    ("path", "field"),
    [("audit?actor=%00", "actor"), ("audit/export?target=a%00b", "target"), ("reports?provider=%00", "provider")],
)
def test_what_no_database_takes_is_refused_by_its_field(world: World, path: str, field: str) -> None:
    """A NUL in what is looked for is the caller's mistake; PostgreSQL would be said to be away."""
    answer = world.admin.get(f"/v1/admin/{path}")
    assert (answer.status_code, answer.json["errors"][0]["field"]) == (422, field)
