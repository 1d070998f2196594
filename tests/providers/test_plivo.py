"""Plivo beyond its fixtures: signatures against the vendor's own SDK, and what it can't carry."""

import base64
import hashlib
import hmac
import json
from typing import Any
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st
from plivo.utils import validate_signature  # type: ignore[import-untyped]
from plivo.utils.signature_v3 import (  # type: ignore[import-untyped]
    construct_get_url,
    construct_post_url,
    get_signature_v3,
    validate_v3_signature,
)

from otp_service.domain.messages import RANKS, Callback, Dlt, Message
from otp_service.providers import build
from otp_service.providers.plivo import STATUSES
from tests.providers.cases import NOW

TOKEN = "MjQ1NjY3ODkwMTIzNDU2Nzg5MDEyMzQ1Njc4OTAx"
URL = "https://otp.example/v1/callbacks/plivo/tok/receipts"
FORM = "application/x-www-form-urlencoded"
OPTIONS = {"auth_id": "MA000000000000000001", "auth_token": TOKEN, "sender": "+15005550006"}
FIELDS = {"MessageUUID": "a1", "Status": "delivered"}

names = st.text("ABCabc", min_size=1, max_size=4)
values = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
fields = st.dictionaries(names, values, max_size=6)
queries = st.dictionaries(names, st.text("xyz&=+% .", max_size=6), max_size=3)
nonces = st.text("0123456789", min_size=1, max_size=20)


def authentic(told: Callback, **options: Any) -> bool:
    return build("plivo", "p", {**OPTIONS, **options}).authentic(told, NOW)


def post(params: dict[str, str], signature: str, nonce: str = "12345", url: str = URL) -> Callback:
    told = {"content-type": FORM, "x-plivo-signature-v3": signature, "x-plivo-signature-v3-nonce": nonce}
    return Callback("POST", url, told, urlencode(params).encode())


def signed(params: dict[str, str], nonce: str = "12345", url: str = URL, token: str = TOKEN) -> str:
    base = bytes(construct_post_url(url, dict(params))).decode()
    return str(get_signature_v3(token.encode(), base, nonce.encode()).decode())


def with_query(query: dict[str, str]) -> str:
    return f"{URL}?{urlencode(query)}" if query else URL


@given(params=fields, query=queries, nonce=nonces)
def test_what_the_vendor_signs_is_authentic(params: dict[str, str], query: dict[str, str], nonce: str) -> None:
    """Every form post that Plivo's own SDK signs is authentic, with whatever query and fields."""
    url = with_query(query)
    assert authentic(post(params, signed(params, nonce, url), nonce, url))


@given(query=queries, nonce=nonces)
def test_get_is_authentic_as_the_vendor_signs_it(query: dict[str, str], nonce: str) -> None:
    """A GET that Plivo's own SDK signs is authentic."""
    url = with_query(query)
    signature = get_signature_v3(TOKEN.encode(), bytes(construct_get_url(url, {})).decode(), nonce.encode()).decode()
    told = Callback("GET", url, {"x-plivo-signature-v3": signature, "x-plivo-signature-v3-nonce": nonce}, b"")
    assert validate_v3_signature("GET", url, nonce, TOKEN, signature, {})
    assert authentic(told)


@given(params=fields, other=fields)
def test_signature_of_other_fields_is_judged_as_by_the_vendor(params: dict[str, str], other: dict[str, str]) -> None:
    """A signature holds for its own fields only; our judgement is that of Plivo's SDK."""
    signature = signed(other)
    assert authentic(post(params, signature)) == validate_v3_signature("POST", URL, "12345", TOKEN, signature, params)


@pytest.mark.parametrize(
    "told",
    [
        post({**FIELDS, "Status": "failed"}, signed(FIELDS)),
        post(FIELDS, signed(FIELDS), nonce="12346"),
        post(FIELDS, signed(FIELDS), url=URL.replace("tok", "other")),
        post(FIELDS, signed(FIELDS), url=URL + "?a=1"),
        post(FIELDS, signed(FIELDS, token="other")),
        post(FIELDS, ""),
        post(FIELDS, "é,,AAAA"),
        Callback("GET", URL, post(FIELDS, signed(FIELDS)).headers, post(FIELDS, "").body),
        Callback("POST", URL, {**post({}, signed({})).headers, "content-type": "application/json"}, b"{}"),
        Callback("POST", URL, {**post({}, signed({})).headers}, b"%ff"),
        Callback("POST", URL, {"content-type": FORM}, b"Status=delivered&MessageUUID=a1"),
    ],
    ids=["field", "nonce", "url", "query", "key", "none", "junk", "method", "json", "bytes", "unsigned"],
)
def test_tampered_callback_is_refused(told: Callback) -> None:
    """A changed field, nonce, address, query, key or body is refused, and so is no signature."""
    assert not authentic(told)
    assert not authentic(told, accept_v2=True)


def test_one_of_several_signatures_is_enough() -> None:
    """While Plivo rotates a token it sends several signatures; one right one is enough, of the main account too."""
    several = signed(FIELDS, token="other") + "," + signed(FIELDS)
    assert authentic(post(FIELDS, several))
    headers = post(FIELDS, signed(FIELDS, token="sub")).headers
    told = Callback("POST", URL, {**headers, "x-plivo-signature-ma-v3": signed(FIELDS)}, post(FIELDS, "").body)
    assert authentic(told)


def v2(url: str = URL, nonce: str = "77") -> Callback:
    made = base64.b64encode(hmac.new(TOKEN.encode(), (URL + nonce).encode(), hashlib.sha256).digest()).decode()
    assert validate_signature(URL + "?x=1", nonce, made, TOKEN)
    told = {"content-type": FORM, "x-plivo-signature-v2": made, "x-plivo-signature-v2-nonce": nonce}
    return Callback("POST", url, told, urlencode(FIELDS).encode())


def test_v2_is_believed_only_where_configured() -> None:
    """The older signature, which leaves the body open, is believed only with accept_v2."""
    assert not authentic(v2())
    assert authentic(v2(), accept_v2=True)
    assert authentic(v2(URL + "?x=1"), accept_v2=True)
    assert not authentic(v2(URL + "/x"), accept_v2=True)


def test_right_v2_does_not_help_a_wrong_v3() -> None:
    """A callback with a wrong V3 is refused, however right its V2 is."""
    told = v2()
    both = Callback("POST", URL, {**told.headers, "x-plivo-signature-v3": "AAAA"}, told.body)
    assert not authentic(both, accept_v2=True)


def sent(message: Message, **options: Any) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(build("plivo", "p", {**OPTIONS, **options}).request(message, NOW).content)
    return found


@pytest.mark.parametrize(("message_class", "category"), [("code", "service_implicit"), ("promotional", "promotional")])
def test_dlt_ids_go_along(message_class: Any, category: str) -> None:
    """India's ids go along, with the category of the template."""
    told = Message(
        "m",
        "+919812345678",
        "x",
        "IN",
        message_class=message_class,
        dlt=Dlt("1201159178492032504", "1007493130372339254"),
    )
    body = sent(told)
    assert {name: body[name] for name in body if name.startswith("dlt")} == {
        "dlt_entity_id": "1201159178492032504",
        "dlt_template_id": "1007493130372339254",
        "dlt_template_category": category,
    }


def test_codes_stay_out_of_the_vendors_logs() -> None:
    """The text of a code is hidden from Plivo's logs always, that of another message if configured."""
    code = Message("m", "+41791234567", "x", "CH")
    other = Message("m", "+41791234567", "x", "CH", is_code=False)
    found = [sent(code)["log"], sent(other)["log"], sent(other, discard_content=True)["log"]]
    assert found == ["false", "true", "false"]


@pytest.mark.parametrize(
    ("message", "why"),
    [
        ({}, None),
        ({"text": "x" * 1600}, None),
        ({"text": "x" * 1601}, "takes at most 1600 characters"),
        ({"text": "€" * 801}, "takes at most 1600 characters"),
        ({"text": "ж" * 737, "encoding": "ucs2"}, None),
        ({"text": "ж" * 738, "encoding": "ucs2"}, "takes at most 1600 characters"),
        ({"text": "😀" * 369, "encoding": "ucs2"}, "takes at most 1600 characters"),
        ({"valid_for_s": 4}, "holds a message for 5 seconds or more"),
        ({"sender": "My Shop"}, "takes as sender"),
        ({"sender": "+1500555000612345"}, "takes as sender"),
        ({"sender": "41<42"}, "takes as sender"),
    ],
)
def test_message_that_it_would_change_is_unfit(message: dict[str, Any], why: str | None) -> None:
    """What Plivo would cut, refuse or change is refused with the reason."""
    told = Message(**{"id": "m", "to": "+41791234567", "text": "x", "country": "CH", **message})
    found = build("plivo", "p", OPTIONS).unfit(told)
    assert found is None if why is None else (found or "").startswith(why)


def test_tables_speak_our_words() -> None:
    """Each vendor status maps to one of our statuses."""
    assert set(STATUSES.values()) <= set(RANKS)


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"auth_id": "1"}, "auth_id: "),
        ({"auth_token": ""}, "auth_token: "),
        ({"sender": None}, "sender, powerpack_uuid: give exactly one"),
        ({"powerpack_uuid": "86bbb125-97bb-4d72-89fd-81d5c515b015"}, "sender, powerpack_uuid: give exactly one"),
        ({"dlt_template_category": "otp"}, "dlt_template_category: "),
        ({"base_url": "ftp://x"}, "base_url: "),
    ],
)
def test_option_that_makes_no_sense_is_refused(change: dict[str, Any], complaint: str) -> None:
    """An option that makes no sense is refused at load with its name."""
    with pytest.raises(ValueError, match=f"^{complaint}"):
        build("plivo", "p", {**OPTIONS, **change})
