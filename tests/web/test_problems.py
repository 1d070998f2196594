"""Problems: whatever is wrong with a request is told in one form, repeats nothing, and costs nothing."""

import gzip
import json
import time
from typing import Any

import pytest
from werkzeug.test import TestResponse

from otp_service.domain.errors import PROBLEMS
from tests.keyspace import everything
from tests.logged import logged
from tests.servers import RedisServer
from tests.world import NUMBER, Api, World

PATH, CHECK = "/v1/verifications", "/v1/verifications/check"
NOT_A_CODE: list[Any] = [
    *(True, False, None, "", [], [1], 0, 123456, 1.5, 10**400, {"$ne": 1}, {}, "１２３４５６", " 123456", "123456 "),
    *("123456\n", "12 3456", "12345é", "1234", "12345", "1234567", "12345678901", "ABCDEF", "ABCDEI", "123456\x00"),
]
DEEP = b'{"to":' + b"[" * 7_000 + b"]" * 7_000 + b"}"
BROKEN: dict[str, bytes] = {
    "empty": b"",
    "half": b'{"to": "+4179',
    "two": b'{"to": "+41791234567"} {}',
    "not UTF-8": b'{"to": "+41791234567", "user": "\xff\xfe"}',
    "overlong UTF-8": b'{"to": "+41791234567", "user": "\xc0\xaf"}',
    "UTF-16": '{"to": "+41791234567"}'.encode("utf-16"),
    "BOM": b'\xef\xbb\xbf{"to": "+41791234567"}',
    "lone surrogate": b'{"to": "+41791234567", "user": "\\ud800"}',
    "deep": DEEP,
    "comment": b'{"to": "+41791234567" /* hi */}',
    "single quotes": b"{'to': '+41791234567'}",
    "form": b"to=%2B41791234567",
    "gzip": gzip.compress(b'{"to": "+41791234567"}'),
}


def send(api: Api, path: str, body: bytes, content_type: str = "application/json", **headers: str) -> TestResponse:
    return api.call("POST", path, headers=headers, data=body, content_type=content_type)


def is_problem(response: TestResponse, status: int, code: str) -> bool:
    """Whether this is an RFC 9457 problem with this status and code."""
    body = response.json
    return (
        (response.status_code, response.mimetype) == (status, "application/problem+json")
        and (body["status"], body["code"], body["type"]) == (status, code, f"/problems/{code}")
        and body["title"] == PROBLEMS[code][1]
        and body["request_id"] == response.headers["X-Request-Id"]
        and bool(body["detail"])
    )


@pytest.mark.parametrize("code", NOT_A_CODE, ids=lambda code: repr(code)[:20])
def test_a_malformed_code_is_422_and_costs_no_attempt(world: World, api: Api, redis: RedisServer, code: Any) -> None:
    """Whatever is not a string of this verification's alphabet and length changes nothing, and is not repeated."""
    api.start()
    before = everything(redis)
    response = api.check(code)
    assert is_problem(response, 422, "invalid_field")
    assert [error["field"] for error in response.json["errors"]] == ["code"]
    assert everything(redis) == before


@pytest.mark.parametrize("name", sorted(BROKEN))
@pytest.mark.parametrize("path", [PATH, CHECK])
def test_a_body_that_can_not_be_read_is_400(api: Api, redis: RedisServer, name: str, path: str) -> None:
    """Broken JSON and other encodings are invalid_json at once, and change nothing."""
    api.start()
    before = everything(redis)
    began = time.thread_time()  # of the processor alone, which others may be using
    response = send(api, path, BROKEN[name])
    assert time.thread_time() - began < 1
    assert is_problem(response, 400, "invalid_json")
    assert everything(redis) == before


@pytest.mark.parametrize("body", [b"[]", b"null", b"1", b'"x"', b"true", b"{}", b'{"to": NaN}'])
def test_a_body_that_is_no_request_is_422(api: Api, body: bytes) -> None:
    """Valid JSON of another shape is invalid_field."""
    assert is_problem(send(api, PATH, body), 422, "invalid_field")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("to", 41791234567),
        ("to", True),
        ("to", "+4379"),
        ("to", "secret-number"),
        ("purpose", "Secret Purpose"),
        ("channel", "carrier-pigeon"),
        ("locale", "secret locale"),
        ("template", "secret template"),
        ("variables", {"name": "secret" * 20}),
        ("variables", ["secret"]),
        ("binding", {"amount": 12}),
        ("user", {"secret": 1}),
        ("client", {"ip": "secret-host"}),
        ("client", {"device_id": ["secret"]}),
        ("metadata", {"k": {"secret": "v"}}),
        ("challenge", 5),
        ("secret_field_that_is_unknown", "secret"),
    ],
)
def test_a_field_that_is_wrong_is_named_but_not_repeated(
    world: World, api: Api, redis: RedisServer, field: str, value: Any
) -> None:
    """422 with the field's name and what to do, never with what was sent; nothing was consumed."""
    before = everything(redis)
    response = api.start(**{"to": NUMBER, field: value})
    assert is_problem(response, 422, "invalid_field")
    assert all(error["field"].split(".")[0] == field for error in response.json["errors"])
    text = response.get_data(as_text=True).replace("secret_field_that_is_unknown", "")
    assert "secret" not in text
    assert everything(redis) == before


def test_a_name_that_could_be_a_secret_is_not_repeated(api: Api) -> None:
    """An unknown field whose name is a number, a sentence or markup is not told by name."""
    names = ("123456", "+41791234567", "<script>", "a" * 41, "my secret")
    for name in names:
        response = api.start(**{name: "x"})
        assert response.status_code == 422
        assert name not in response.get_data(as_text=True)


def test_of_two_equal_names_the_last_counts(world: World, api: Api) -> None:
    """A repeated name is read as every JSON reader does it, and the same by all parts of the service."""
    id_ = api.start().json["id"]
    body = f'{{"to": "{NUMBER}", "code": "{world.wrong(id_)}", "code": "{world.code(id_)}"}}'
    assert send(api, CHECK, body.encode()).json["valid"]


@pytest.mark.parametrize("length", [16 * 1024 + 1, 10 * 1024 * 1024])
def test_a_large_body_is_413(api: Api, length: int) -> None:
    """More than 16 KiB is refused, by its length before it is read."""
    assert is_problem(send(api, PATH, b"{" + b" " * length + b"}"), 413, "payload_too_large")


def test_sixteen_kibibytes_are_taken(api: Api) -> None:
    """Exactly 16 KiB are read."""
    body = json.dumps({"to": NUMBER}).encode()
    assert send(api, PATH, body + b" " * (16 * 1024 - len(body))).status_code == 201


def test_a_large_body_of_unknown_length_is_413(world: World) -> None:
    """A chunked body ends the moment it is too long."""

    class Endless:
        def read(self, size: int = -1) -> bytes:
            return b" " * (size if size >= 0 else 65_536)

    environ = {"wsgi.input": Endless(), "wsgi.input_terminated": True, "HTTP_TRANSFER_ENCODING": "chunked"}
    response = world.app.test_client().post(
        PATH,
        headers={"Authorization": f"Bearer {world.api.key}", "Content-Type": "application/json"},
        environ_overrides=environ,
    )
    assert (response.status_code, response.json["code"]) == (413, "payload_too_large")


@pytest.mark.parametrize(
    "kind", ["text/plain", "application/x-www-form-urlencoded", "text/json", "", "multipart/form-data"]
)
def test_another_media_type_is_415(api: Api, kind: str) -> None:
    """Only application/json is read."""
    assert is_problem(send(api, PATH, b'{"to": "+41791234567"}', kind), 415, "unsupported_media_type")


def test_json_may_name_its_charset(api: Api) -> None:
    """A charset parameter does not hurt."""
    assert send(api, PATH, b'{"to": "+41791234567"}', "application/json; charset=utf-8").status_code == 201


@pytest.mark.parametrize("path", ["/", "/v1", "/v2/verifications", "/v1/verifications/a/b/c", "/%00", "/../etc/passwd"])
def test_an_unknown_path_is_404(world: World, path: str) -> None:
    """Nothing is told but that nothing is there."""
    response = world.app.test_client().get(path)
    assert is_problem(response, 404, "not_found")


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "TRACE", "BREW"])
def test_another_method_is_405(world: World, method: str) -> None:
    """The methods that a path answers stand in Allow."""
    response = world.app.test_client().open(PATH, method=method, headers={"Authorization": f"Bearer {world.api.key}"})
    assert is_problem(response, 405, "method_not_allowed")
    assert {"GET", "POST"} <= set(response.headers["Allow"].split(", "))


def test_a_bug_is_told_without_its_insides(world: World, api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    """An unexpected error is 500 `internal` with the request id; no traceback, value or class name goes out."""

    def broken() -> None:
        raise RuntimeError("secret 123456")

    world.app.add_url_rule("/broken", view_func=broken)
    with logged(monkeypatch) as told:
        response = world.app.test_client().get("/broken")
    assert is_problem(response, 500, "internal")
    assert not {"secret", "RuntimeError", "Traceback"} & set(response.get_data(as_text=True).replace('"', " ").split())
    assert "RuntimeError" in told.getvalue()
    assert "secret" not in told.getvalue()


def test_every_response_forbids_caching_and_sniffing(world: World, api: Api) -> None:
    """Answers and problems carry the same protective headers."""
    for response in (api.start(), api.start("x"), world.app.test_client().get("/nothing")):
        assert response.headers["Cache-Control"] == "no-store"
        assert response.headers["X-Content-Type-Options"] == "nosniff"
        assert response.headers["Referrer-Policy"] == "no-referrer"
        assert "default-src 'none'" in response.headers["Content-Security-Policy"]
