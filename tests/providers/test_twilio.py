"""Twilio beyond its fixtures: signatures against the vendor's own validator, and the tables."""

import hashlib
from typing import Any
from urllib.parse import urlencode, urlsplit, urlunsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st
from twilio.request_validator import RequestValidator  # type: ignore[import-untyped]

from otp_service.domain.messages import RANKS, REASONS, Callback, Message
from otp_service.providers import build
from otp_service.providers.twilio import STATUSES
from otp_service.providers.twilio_words import ERRORS
from tests.providers.cases import NOW

TOKEN = "12345678901234567890123456789012"
KEY = "shared-key-secret"
ACCOUNT = "AC" + "0" * 32
URL = "https://otp.example/v1/callbacks/twilio/tok/receipts?a=1&b=%20x"
FORM = "application/x-www-form-urlencoded"
SETTINGS = "x-twilio-webhooks-signature-settings"
VENDOR = RequestValidator(TOKEN)

names = st.text("ABCabc", min_size=1, max_size=4)
fields = st.dictionaries(names, st.text(st.characters(exclude_categories=["Cs"]), max_size=12), max_size=6)
urls = st.builds(
    lambda scheme, host, port, path: f"{scheme}://{host}{port}{path}",
    st.sampled_from(["https", "http"]),
    st.sampled_from(["otp.example", "10.0.0.1", "a.b.c.example"]),
    st.sampled_from(["", ":443", ":80", ":8443"]),
    st.sampled_from(["", "/", "/v1/callbacks/t/tok/receipts", "/r?x=1&y=", "/r?x=%2B+a"]),
)


def authentic(told: Callback, **options: Any) -> bool:
    base = {"account_sid": ACCOUNT, "auth_token": TOKEN, "sender": "+15005550006"}
    return build("twilio", "t", {**base, **options}).authentic(told, now=0)


def form_post(params: dict[str, str], signature: str, url: str = URL, **headers: str) -> Callback:
    told = {"content-type": FORM, "x-twilio-signature": signature, **headers}
    return Callback("POST", url, told, urlencode(params).encode())


def json_post(body: bytes, url: str, signature: str) -> Callback:
    return Callback("POST", url, {"content-type": "application/json", "x-twilio-signature": signature}, body)


@given(url=urls, params=fields)
def test_what_the_vendor_signs_is_authentic(url: str, params: dict[str, str]) -> None:
    """Every form that Twilio's own SDK signs is authentic, with whatever URL and fields."""
    assert authentic(form_post(params, VENDOR.compute_signature(url, params), url))


@given(url=urls, params=fields, port=st.booleans())
def test_we_agree_with_the_vendor_on_ports(url: str, params: dict[str, str], port: bool) -> None:
    """Where Twilio signs a port that our URL lacks, or leaves out one that it has, we judge as its SDK does."""
    parts = urlsplit(url)
    default = 443 if parts.scheme == "https" else 80
    signed = urlunsplit(parts._replace(netloc=f"{parts.hostname}:{default}" if port else str(parts.hostname)))
    signature = VENDOR.compute_signature(signed, params)
    assert authentic(form_post(params, signature, url)) == VENDOR.validate(url, params, signature)


@pytest.mark.parametrize("url", ["https://otp.example/r?", "https://otp.example?x=1", "https://otp.example/a//b?&x"])
def test_url_is_taken_as_it_is_written(url: str) -> None:
    """A URL that could be written more neatly is signed as it is written."""
    assert authentic(form_post({"a": "b"}, VENDOR.compute_signature(url, {"a": "b"}), url))


@given(params=fields, other=fields)
def test_signature_of_other_fields_is_refused(params: dict[str, str], other: dict[str, str]) -> None:
    """A signature holds for its own fields only; our judgement is that of Twilio's SDK."""
    signature = VENDOR.compute_signature(URL, other)
    assert authentic(form_post(params, signature)) == VENDOR.validate(URL, params, signature)


@given(body=st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=40))
def test_json_is_authentic_by_its_hash_in_the_signed_url(body: str) -> None:
    """A JSON body is authentic if its SHA-256 stands in the signed URL."""
    url = f"{URL}&bodySHA256={hashlib.sha256(body.encode()).hexdigest()}"
    signature = VENDOR.compute_signature(url, {})
    assert VENDOR.validate(url, body, signature)
    assert authentic(json_post(body.encode(), url, signature))


def test_json_with_another_body_is_refused() -> None:
    """A JSON body whose hash isn't the one in the signed URL is refused."""
    url = f"{URL}&bodySHA256={hashlib.sha256(b'{}').hexdigest()}"
    assert not authentic(json_post(b"[]", url, VENDOR.compute_signature(url, {})))


def test_json_without_a_hash_is_refused() -> None:
    """A body that neither the fields nor a hash covers is refused, though the URL is signed."""
    assert not authentic(json_post(b"{}", URL, VENDOR.compute_signature(URL, {})))


def test_repeated_fields_are_signed_once_and_sorted() -> None:
    """A field given twice is signed with its distinct values in order, as the SDK does it."""

    class Many(dict[str, list[str]]):
        def getlist(self, name: str) -> list[str]:
            return self[name]

    signature = VENDOR.compute_signature(URL, Many(B=["2", "1", "2"], A=["x"]))
    body = b"B=2&A=x&B=1&B=2"
    assert authentic(Callback("POST", URL, {"content-type": FORM, "x-twilio-signature": signature}, body))


@pytest.mark.parametrize("signature", ["", "AAAA", "é", "0" * 10_000])
def test_other_signature_is_refused(signature: str) -> None:
    """No signature, or any other one, is refused without a crash."""
    assert not authentic(form_post({"a": "b"}, signature))


def test_signature_of_another_url_is_refused() -> None:
    """A signature over another URL is refused: only the configured one counts."""
    signature = VENDOR.compute_signature(URL.replace("tok", "other"), {"a": "b"})
    assert not authentic(form_post({"a": "b"}, signature))


def test_signature_by_another_token_is_refused() -> None:
    """A signature by another account's token is refused."""
    assert not authentic(form_post({"a": "b"}, RequestValidator("other").compute_signature(URL, {"a": "b"})))


def test_shared_key_signs_with_sha256() -> None:
    """With a configured webhook key, a callback whose settings name SHA-256 is authentic by that key."""
    signature = RequestValidator(KEY).compute_signature(URL, {"a": "b"}, "HMAC_SHA256")
    told = form_post({"a": "b"}, signature, **{SETTINGS: "key=webhooks_sharedkey_1,algorithm=HMAC_SHA256"})
    assert authentic(told, webhook_key=KEY)


@pytest.mark.parametrize("algorithm", ["HMAC_SHA512", "none", "HMAC_MD5"])
def test_unknown_algorithm_is_refused(algorithm: str) -> None:
    """A callback that names an algorithm we don't know is refused, however well it is signed otherwise."""
    told = form_post(
        {"a": "b"}, VENDOR.compute_signature(URL, {"a": "b"}), **{SETTINGS: f"key=1,algorithm={algorithm}"}
    )
    assert not authentic(told)
    assert not authentic(told, webhook_key=TOKEN)


def test_shared_key_without_our_having_it_is_refused() -> None:
    """A callback signed with a shared key is refused where none is configured; the auth token does not stand in."""
    signature = VENDOR.compute_signature(URL, {"a": "b"}, "HMAC_SHA256")
    assert not authentic(form_post({"a": "b"}, signature, **{SETTINGS: "key=1,algorithm=HMAC_SHA256"}))


def test_too_many_fields_are_refused() -> None:
    """A form of hundreds of fields is refused before anything is computed over it."""
    params = {f"f{index}": "x" for index in range(201)}
    assert not authentic(form_post(params, VENDOR.compute_signature(URL, params)))


def test_tables_speak_our_words() -> None:
    """Each vendor code maps to one of our reasons, and each vendor status to one of our statuses."""
    assert {known.reason for known in ERRORS.values()} <= REASONS
    assert set(STATUSES.values()) <= set(RANKS)


def test_error_is_translated_for_people() -> None:
    """An error code comes with what is wrong and what to do; an unknown one says nothing."""
    provider = build("twilio", "t", {"account_sid": ACCOUNT, "auth_token": TOKEN, "sender": "+15005550006"})
    wanted = "your US number is not registered for 10DLC; register it or choose another sender"
    assert provider.hint("30034") == wanted
    assert provider.hint("99999") is None


def test_vendors_default_validity_is_never_used() -> None:
    """A dead message still goes out with a validity of a second, not with Twilio's ten hours."""
    provider = build("twilio", "t", {"account_sid": ACCOUNT, "auth_token": TOKEN, "sender": "+15005550006"})
    request = provider.request(Message("msg_1", "+41791234567", "x", "CH", valid_for_s=-5), NOW)
    assert b"ValidityPeriod=1&" in request.content + b"&"


def test_senders_of_the_message_comes_before_the_configured_one() -> None:
    """A message's own sender replaces the configured sender or messaging service."""
    provider = build(
        "twilio", "t", {"account_sid": ACCOUNT, "auth_token": TOKEN, "messaging_service_sid": "MG" + "1" * 32}
    )
    request = provider.request(Message("msg_1", "+41791234567", "x", "CH", sender="Shop"), NOW)
    assert b"From=Shop" in request.content
    assert b"MessagingServiceSid" not in request.content


def test_a_pool_is_a_messaging_service() -> None:
    """A sender that is the id of a messaging service is sent as one, so that an inventory can name several."""
    provider = build("twilio", "t", {"account_sid": ACCOUNT, "auth_token": TOKEN, "sender": "Shop"})
    request = provider.request(Message("msg_1", "+41791234567", "x", "CH", sender="MG" + "2" * 32), NOW)
    assert b"MessagingServiceSid=MG2222" in request.content
    assert b"From=" not in request.content


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"account_sid": "SK1"}, "account_sid: "),
        ({"auth_token": ""}, "auth_token: "),
        ({"sender": None}, "sender, messaging_service_sid: give exactly one"),
        ({"messaging_service_sid": "MG" + "1" * 32}, "sender, messaging_service_sid: give exactly one"),
        ({"api_key_sid": "SK" + "1" * 32}, "api_key_sid, api_key_secret: give both or neither"),
        ({"base_url": "ftp://x"}, "base_url: "),
        ({"base_url": "https://api.twilio.com/"}, "base_url: "),
        ({"discard_content": "yes"}, "discard_content: "),
    ],
)
def test_option_that_makes_no_sense_is_refused(change: dict[str, Any], complaint: str) -> None:
    """An option that makes no sense is refused at load with its name."""
    options = {"account_sid": ACCOUNT, "auth_token": TOKEN, "sender": "+15005550006", **change}
    with pytest.raises(ValueError, match=f"^{complaint}"):
        build("twilio", "t", options)


@pytest.mark.parametrize("host", ["localhost:8000", "127.0.0.1:8000", "[::1]:8000"])
def test_an_address_that_only_this_host_can_reach_is_not_sent_along(host: str) -> None:
    """Twilio would refuse the whole message over it; without it the message goes out and is not reported."""
    message = Message("msg_1", "+41791234567", "hello", "CH", receipts_url=f"http://{host}/v1/callbacks/t/tok/receipts")
    provider = build("twilio", "t", {"account_sid": ACCOUNT, "auth_token": TOKEN, "sender": "+15005550006"})

    assert b"StatusCallback" not in provider.request(message, NOW).content
