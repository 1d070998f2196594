"""The simulated phone over HTTP: the contract of /dev/messages, and who is let in."""

from typing import Any

import pytest
from flask import Flask, Response, jsonify
from flask.testing import FlaskClient

from otp_service.domain.errors import Refusal
from otp_service.web.dev import Phone, blueprint
from otp_service.web.dev.bubbles import Incoming, Next

ANA = "+41791234567"
PATHS = ["/dev/phone", "/dev/messages", "/dev/phone/state", "/dev/static/phone.js"]


def refused(refusal: Refusal) -> tuple[Response, int]:
    return jsonify(code=refusal.code, errors=refusal.errors), refusal.status


@pytest.fixture
def phone() -> Phone:
    return Phone()


@pytest.fixture
def http(phone: Phone) -> FlaskClient:
    app = Flask(__name__)
    app.register_blueprint(blueprint(phone))
    app.register_error_handler(Refusal, refused)
    return app.test_client()


def receive(phone: Phone, id_: str, to: str = ANA) -> None:
    phone.receive(Incoming(id=id_, to=to, text="Your code is 123456.", sender="Acme"))


def listed(http: FlaskClient, **query: Any) -> list[str]:
    return [item["id"] for item in http.get("/dev/messages", query_string=query).get_json()["messages"]]


@pytest.mark.parametrize("to", [ANA, "+41 79 123 45 67", " 41 79 123-45-67", "41791234567", "0041 (79) 123.45.67"])
def test_messages_are_found_however_the_number_is_written(http: FlaskClient, phone: Phone, to: str) -> None:
    """The messages of a number are found with spaces, dashes, 00, no plus, or a plus that became a space."""
    receive(phone, "msg_1")
    receive(phone, "msg_2", "+41797654321")
    assert listed(http, to=to) == ["msg_1"]


def test_messages_have_the_shape_of_the_contract(http: FlaskClient, phone: Phone) -> None:
    """`/dev/messages` answers a list of messages with exactly the fields of the contract."""
    receive(phone, "msg_1")
    body = http.get("/dev/messages", query_string={"to": ANA}).get_json()
    assert list(body) == ["messages"]
    assert set(body["messages"][0]) == {"id", "to", "sender", "text", "segments", "encoding", "channel", "at"}


def test_messages_after_an_id_and_of_all_numbers(http: FlaskClient, phone: Phone) -> None:
    """`/dev/messages` answers only what came after a given message, and without a number those of all."""
    for id_, to in (("msg_1", ANA), ("msg_2", "+41797654321"), ("msg_3", ANA)):
        receive(phone, id_, to)
    assert listed(http, to=ANA, after="msg_1") == ["msg_3"]
    assert listed(http) == ["msg_1", "msg_2", "msg_3"]


def test_nothing_yet_is_an_empty_list(http: FlaskClient) -> None:
    """A number that got no message while the caller waited has an empty list, not an error."""
    assert listed(http, to=ANA, wait="0.01") == []


@pytest.mark.parametrize("query", [{"wait": "31"}, {"wait": "-1"}, {"wait": "nan"}, {"wait": "soon"}, {"wait": "inf"}])
def test_a_wait_out_of_bounds_is_refused(http: FlaskClient, query: dict[str, str]) -> None:
    """A wait that is no number from 0 to 30 is refused by its name."""
    answer = http.get("/dev/messages", query_string=query)
    assert (answer.status_code, answer.get_json()["errors"][0]["field"]) == (422, "wait")


@pytest.mark.parametrize("to", ["079 123 45 67", "Ana", "+", "+4179123456789012345", "+٤١٧٩١٢٣٤٥٦٧"])
def test_a_number_without_its_country_is_refused(http: FlaskClient, to: str) -> None:
    """A number that is not written internationally is refused by its name."""
    answer = http.get("/dev/messages", query_string={"to": to})
    assert (answer.status_code, answer.get_json()["errors"][0]["field"]) == (422, "to")


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("host", ["127.0.0.1:8000", "localhost", "LOCALHOST:80", "[::1]:8000"])
def test_this_machine_is_let_in(http: FlaskClient, path: str, host: str) -> None:
    """The simulated phone answers under every name of this machine."""
    with http.get(path, headers={"Host": host}) as answer:
        assert answer.status_code == 200


@pytest.mark.parametrize("path", [*PATHS, "/dev/phone/switch"])
@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example:8000", "localhost.evil.example", "10.0.0.7"])
def test_another_name_for_this_machine_is_refused(http: FlaskClient, path: str, host: str) -> None:
    """A web site whose name was pointed to this machine (DNS rebinding) reads and sets nothing."""
    method = http.post if path.endswith("switch") else http.get
    with method(path, headers={"Host": host}) as answer:
        assert answer.status_code == 403


@pytest.mark.parametrize("path", ["/dev/phone/switch", "/dev/phone/reply"])
@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""])
def test_a_form_of_another_site_is_refused(http: FlaskClient, phone: Phone, path: str, kind: str) -> None:
    """What a page of another site can send without asking, which is anything but JSON, changes nothing."""
    body = '{"to": "+41791234567", "next": "fail", "text": "hi"}'
    assert http.post(path, data=body, content_type=kind).status_code == 415
    assert phone.table().screens == []


@pytest.mark.parametrize("path", PATHS)
def test_the_page_runs_nothing_from_elsewhere(http: FlaskClient, path: str) -> None:
    """Every answer of the simulated phone forbids inline and foreign scripts, framing and caching."""
    with http.get(path) as answer:
        policy = answer.headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy
        assert answer.headers["Cache-Control"] == "no-store"


def test_the_switch_is_set(http: FlaskClient, phone: Phone) -> None:
    """A switch that is posted decides what happens to the next message."""
    assert http.post("/dev/phone/switch", json={"to": "+41 79 123 45 67", "next": "fail"}).status_code == 200
    receive(phone, "msg_1")
    assert listed(http, to=ANA) == []


def test_a_reply_is_kept(http: FlaskClient) -> None:
    """A reply that is posted stands in the state of its phone, with the switch and the label beside it."""
    assert http.post("/dev/phone/reply", json={"to": ANA, "text": " Thanks! "}).status_code == 201
    [phone] = http.get("/dev/phone/state").get_json()["phones"]
    assert (phone["label"], phone["next"], phone["coming"]) == ("+41 79 123 45 67", Next.DELIVER, 0)
    assert (phone["bubbles"][0]["text"], phone["bubbles"][0]["status"]) == ("Thanks!", "reply")


@pytest.mark.parametrize(
    ("path", "body", "field"),
    [
        ("switch", {"to": ANA, "next": "explode"}, "next"),
        ("switch", {"to": ANA, "next": ["deliver"]}, "next"),
        ("switch", {"to": ["+41791234567"], "next": "deliver"}, "to"),
        ("switch", {"next": "deliver"}, "to"),
        ("reply", {"to": ANA, "text": " "}, "text"),
        ("reply", {"to": ANA, "text": "x" * 1001}, "text"),
        ("reply", {"to": ANA, "text": 7}, "text"),
    ],
)
def test_a_field_that_makes_no_sense_is_named(http: FlaskClient, path: str, body: object, field: str) -> None:
    """A field of the phone's own requests that makes no sense is refused by its name."""
    answer = http.post(f"/dev/phone/{path}", json=body)
    assert (answer.status_code, answer.get_json()["errors"][0]["field"]) == (422, field)


@pytest.mark.parametrize("body", ["", "{", "[]", '"text"', "[" * 9000, b"\xff"])
def test_what_is_no_json_object_is_refused(http: FlaskClient, body: str | bytes) -> None:
    """A body that is no JSON object is refused, however deep it is."""
    assert http.post("/dev/phone/reply", data=body, content_type="application/json").status_code == 400
