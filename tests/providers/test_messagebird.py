"""MessageBird beyond its fixtures: its signature against the SDK's own validator, and what it can't carry."""

import base64
import hashlib
import json
import time
from typing import Any
from urllib.parse import urlencode

import jwt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from messagebird.error import ValidationError
from messagebird.request_validator import RequestValidator

from otp_service.domain.messages import RANKS, REASONS, Callback, Dlt, Message
from otp_service.providers import build
from otp_service.providers.messagebird_words import ERRORS, STATUSES
from tests.providers.cases import NOW

KEY = "s1gning-key-of-messagebird-" + "0" * 40
OPTIONS: dict[str, Any] = {"access_key": "live_k3y", "sender": "Shop", "signing_key": KEY}
URL = "https://otp.example/v1/callbacks/messagebird/tok/receipts?id=e807&status=delivered"
VENDOR = RequestValidator(KEY)
PROVIDER = build("messagebird", "m", OPTIONS)

queries = st.dictionaries(st.text("abAB", min_size=1, max_size=4), st.text(max_size=12), max_size=4).map(
    lambda told: urlencode({name: value.encode("utf-8", "replace") for name, value in told.items()})
)


def claims(url: str = URL, body: bytes = b"", now: float = NOW, **changes: Any) -> dict[str, Any]:
    """What MessageBird claims of a request; None leaves a claim out."""
    told = {
        "iss": "MessageBird",
        "nbf": int(now) - 1,
        "exp": int(now) + 60,
        "jti": "5a0c7e",
        "url_hash": hashlib.sha256(url.encode()).hexdigest(),
        "payload_hash": hashlib.sha256(body).hexdigest() if body else None,
        **changes,
    }
    return {name: value for name, value in told.items() if value is not None}


def token(told: dict[str, Any], key: str = KEY, algorithm: str = "HS256") -> str:
    return jwt.encode(told, key, algorithm)


def authentic(signed: str, url: str = URL, body: bytes = b"", now: float = NOW) -> bool:
    return PROVIDER.authentic(Callback("GET", url, {"messagebird-signature-jwt": signed}, body), now)


def vendor_accepts(signed: str, url: str = URL, body: bytes = b"") -> bool:
    try:
        VENDOR.validate_signature(signed, url, body)
    except (ValidationError, KeyError):  # they look a missing url_hash up without a guard
        return False
    return True


@given(query=queries, body=st.binary(max_size=40), algorithm=st.sampled_from(["HS256", "HS384", "HS512"]))
def test_what_is_signed_is_authentic_here_and_there(query: str, body: bytes, algorithm: str) -> None:
    """Any URL and body that MessageBird signs is authentic here as it is for its own SDK."""
    url, now = f"https://otp.example/r?{query}", time.time()
    signed = token(claims(url, body, now), algorithm=algorithm)
    assert vendor_accepts(signed, url, body)
    assert authentic(signed, url, body, now)


@pytest.mark.parametrize(
    "change",
    [
        {"iss": "Somebody"},
        {"iss": None},
        {"nbf": None},
        {"exp": None},
        {"nbf": 4_000_000_000},
        {"exp": 1_500_000_000},
        {"url_hash": None},
        {"url_hash": "0" * 64},
        {"payload_hash": "0" * 64},
    ],
    ids=repr,
)
@pytest.mark.parametrize("body", [b"", b"{}"])
def test_other_claims_are_refused_here_and_there(change: dict[str, Any], body: bytes) -> None:
    """A token that claims another issuer, time, URL or body is refused, as by MessageBird's own SDK."""
    now = time.time()
    signed = token(claims(body=body, now=now, **change))
    assert not vendor_accepts(signed, body=body)
    assert not authentic(signed, body=body, now=now)


def test_body_without_its_hash_is_refused() -> None:
    """A body that the token doesn't cover is refused, though the URL is signed."""
    now = time.time()
    signed = token(claims(now=now))
    assert not vendor_accepts(signed, body=b"{}")
    assert not authentic(signed, body=b"{}", now=now)


@pytest.mark.parametrize("url", [URL + "&x=1", URL.replace("delivered", "expired"), URL.replace("tok", "other")])
def test_token_holds_for_its_own_url_only(url: str) -> None:
    """A token of another URL is refused: the query is where the report stands."""
    assert authentic(token(claims()))
    assert not authentic(token(claims()), url)


@pytest.mark.parametrize(
    ("offset_s", "believed"), [(-2.5, False), (-2, True), (0, True), (60, True), (60.9, True), (61, False)]
)
def test_token_counts_while_it_is_in_force(offset_s: float, believed: bool) -> None:
    """A token counts from its first second to its last, with a second of leeway, by the clock that is given."""
    assert authentic(token(claims()), now=NOW + offset_s) is believed


def test_token_by_another_key_is_refused() -> None:
    """A token by another account's key is refused."""
    assert not authentic(token(claims(), KEY[::-1]))


def test_token_without_a_signature_is_refused() -> None:
    """A token that names no algorithm, and so proves nothing, is refused."""
    unsigned = jwt.encode(claims(), None, "none")
    assert not authentic(unsigned)
    assert not authentic(token(claims()).rpartition(".")[0] + ".")


NESTED = base64.urlsafe_b64encode(b"[" * 6000).decode() + ".W10.AAAA"


@pytest.mark.parametrize("signed", ["", "a.b.c", "é", "..", "0" * 10_000, "eyJhbGciOiJIUzI1NiJ9.W10.AAAA", NESTED])
def test_what_is_no_token_is_refused(signed: str) -> None:
    """No token, or something that is none, is refused without a crash."""
    assert not authentic(signed)


claim_values = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.lists(st.text(max_size=2))
)


@given(told=st.dictionaries(st.sampled_from(["iss", "nbf", "exp", "url_hash", "payload_hash", "jti"]), claim_values))
def test_no_claims_make_an_exception(told: dict[str, Any]) -> None:
    """Whatever a rightly signed token claims, it is judged without a crash."""
    payload = json.dumps({"iss": "MessageBird", "nbf": 1, "exp": NOW + 9, **told}).encode()
    assert not authentic(jwt.PyJWS().encode(payload, KEY, "HS256"))


@given(query=queries, raw=st.text("%=&;abi\x00é", max_size=20))
def test_no_query_makes_an_exception(query: str, raw: str) -> None:
    """Whatever stands in a report's query, it is read without a crash."""
    for text in (query, raw, f"id=1&status={raw}"):
        for receipt in PROVIDER.receipts(Callback("GET", f"https://otp.example/r?{text}", {}, b"")):
            assert receipt.status in RANKS
            assert receipt.reason is None or receipt.reason in REASONS


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"segments": 10}, "takes at most 9 segments"),
        ({"sender": "Shop of Shops"}, "takes as sender a number, or a name of at most 11 characters of ASCII"),
        ({"dlt": Dlt("1", "2")}, "can't carry DLT ids, without which networks in India drop a message"),
        ({"segments": 9, "sender": "+41445551234"}, None),
    ],
)
def test_message_that_messagebird_would_cut_is_not_handed_over(changes: dict[str, Any], told: str | None) -> None:
    """What MessageBird can't carry as it is asked is told beforehand; nothing is cut or left out."""
    assert PROVIDER.unfit(Message(**{"id": "m", "to": "+41791234567", "text": "x", "country": "CH", **changes})) == told


def test_report_is_asked_for_with_a_reference() -> None:
    """Without a URL to report to none is named; the reference, which reports need, is always there."""
    sent = json.loads(PROVIDER.request(Message("msg_1", "+41791234567", "x", "CH", valid_for_s=-3), NOW).content)
    assert (sent["reference"], sent["validity"], "reportUrl" in sent) == ("msg_1", 1, False)


def test_tables_speak_our_words() -> None:
    """Each word of MessageBird leads to one of our reasons and statuses, and each error has a hint."""
    assert {known.reason for known in ERRORS.values()} <= REASONS
    assert set(STATUSES.values()) <= set(RANKS)
    assert [word for word in ERRORS if not PROVIDER.hint(word)] == []


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"access_key": "two words"}, "access_key: "),
        ({"signing_key": ""}, "signing_key: "),
        ({"sender": None}, "sender: "),
        ({"sender": "Shop of Shops"}, "sender: "),
        ({"base_url": "rest.messagebird.com"}, "base_url: "),
    ],
)
def test_option_that_makes_no_sense_is_refused(changes: dict[str, Any], complaint: str) -> None:
    """An option that makes no sense is refused at load with its name."""
    with pytest.raises(ValueError, match=f"^{complaint}"):
        build("messagebird", "m", {**OPTIONS, **changes})
