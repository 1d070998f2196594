"""Vonage's SMS API beyond its fixtures: signatures against the vendor's own SDK, and what it can't carry."""

import hashlib
import json
from typing import Any, get_args
from urllib.parse import parse_qsl, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st
from vonage_http_client.auth import Auth  # type: ignore[import-untyped]

from otp_service.domain.messages import RANKS, Callback, Dlt, Message
from otp_service.providers import build
from otp_service.providers.vonage_signature import Method, is_signed, signature
from otp_service.providers.vonage_sms import STATUSES
from tests.providers.cases import NOW

SECRET = "hush-hush"
URL = "https://otp.example/v1/callbacks/vonage/tok/receipts"
FORM = "application/x-www-form-urlencoded"
OPTIONS = {"api_key": "a1b2c3d4", "api_secret": "s3cr3t", "signature_secret": SECRET, "sender": "Shop"}
HMACS = [method for method in get_args(Method) if method != "md5_hash"]
MOMENT = str(int(NOW))
FIELDS = {"messageId": "0B01", "status": "delivered", "err-code": "0", "timestamp": MOMENT, "nonce": "n-1"}

names = st.text("ABCabc-", min_size=1, max_size=5)
values = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
fields = st.dictionaries(names, values, max_size=6).map(lambda found: {**found, "timestamp": MOMENT})
methods = st.sampled_from(HMACS)


def vendor(method: str) -> Auth:
    return Auth(api_key="a1b2c3d4", signature_secret=SECRET, signature_method=method.removesuffix("_hmac"))


def authentic(told: Callback, now: float = NOW, **options: Any) -> bool:
    return build("vonage_sms", "v", {**OPTIONS, **options}).authentic(told, now)


def with_sig(told: dict[str, str], method: str = "sha256_hmac") -> dict[str, str]:
    return {**told, "sig": vendor(method).sign_params(dict(told))}


def post(told: dict[str, str]) -> Callback:
    return Callback("POST", URL, {"content-type": FORM}, urlencode(told).encode())


@given(told=fields, method=methods)
def test_what_the_vendor_signs_is_authentic(told: dict[str, str], method: str) -> None:
    """Every receipt that Vonage's own SDK signs is authentic, by each HMAC, whatever its fields."""
    assert authentic(post(with_sig(told, method)), signature_method=method)


@given(told=fields, method=methods)
def test_what_we_sign_the_vendor_believes(told: dict[str, str], method: Any) -> None:
    """Every signature of ours is right for Vonage's own SDK, in capitals too."""
    made = signature(told, SECRET, method)
    assert vendor(method).check_signature({**told, "sig": made})
    assert is_signed({**told, "sig": made.upper()}, SECRET, method, NOW)


@given(told=fields, other=fields)
def test_signature_of_other_fields_is_judged_as_by_the_vendor(told: dict[str, str], other: dict[str, str]) -> None:
    """A signature holds for its own fields only; our judgement is that of Vonage's SDK."""
    taken = {**told, "sig": with_sig(other)["sig"]}
    assert authentic(post(taken)) == vendor("sha256_hmac").check_signature(dict(taken))


def test_plain_hash_is_md5_with_the_secret_at_the_end() -> None:
    """Vonage's default, a plain MD5, is over the fields and the secret (concepts/guides/signing-messages)."""
    text = f"&a=x_y_z&timestamp={MOMENT}{SECRET}"
    told = {"a": "x&y=z", "timestamp": MOMENT, "sig": hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()}
    assert authentic(post(told), signature_method="md5_hash")
    assert not authentic(post({**told, "a": "x"}), signature_method="md5_hash")
    assert not authentic(post(told))


def test_receipt_may_come_as_query_form_or_json() -> None:
    """A signed receipt is authentic as a GET, a form post and a JSON post, as the account has it."""
    told = with_sig(FIELDS)
    assert authentic(post(told))
    assert authentic(Callback("GET", f"{URL}?{urlencode(told)}", {}, b""))
    numbers = {**told, "timestamp": int(told["timestamp"]), "err-code": 0}
    assert authentic(Callback("POST", URL, {"content-type": "application/json"}, json.dumps(numbers).encode()))


@pytest.mark.parametrize(
    "told",
    [
        post({**with_sig(FIELDS), "status": "failed"}),
        post({**with_sig(FIELDS), "more": "x"}),
        post({**with_sig(FIELDS), "timestamp": str(int(NOW) + 1)}),
        post({**with_sig(FIELDS), "sig": ""}),
        post({**with_sig(FIELDS), "sig": "é" * 64}),
        post(FIELDS),
        post(with_sig({**FIELDS, "timestamp": "soon"})),
        post(with_sig(FIELDS, "sha1_hmac")),
        post(
            {
                "a=1&messageId": "0B01",
                "timestamp": MOMENT,
                "sig": with_sig({"a": "1", "messageId": "0B01", "timestamp": MOMENT})["sig"],
            }
        ),
        Callback("POST", URL, {"content-type": FORM}, (urlencode(with_sig(FIELDS)) + "&status=failed").encode()),
        Callback("POST", URL, {"content-type": "text/plain"}, urlencode(with_sig(FIELDS)).encode()),
        Callback("POST", URL, {"content-type": "application/json"}, b"[]"),
        Callback("POST", f"{URL}?{urlencode(with_sig(FIELDS))}", {"content-type": FORM}, b""),
    ],
    ids=[
        "field",
        "more",
        "time",
        "empty",
        "junk",
        "none",
        "no-time",
        "method",
        "names",
        "twice",
        "type",
        "list",
        "query",
    ],
)
def test_tampered_receipt_is_refused(told: Callback) -> None:
    """A changed, added or repeated field, another method, time or body is refused, and so is no signature."""
    assert not authentic(told)


def test_signature_by_another_secret_is_refused() -> None:
    """A signature by another account's secret is refused."""
    assert not authentic(post(with_sig(FIELDS)), signature_secret="other")


@pytest.mark.parametrize(("late", "believed"), [(0, True), (300, True), (301, False), (-300, True), (-301, False)])
def test_time_may_be_five_minutes_away(late: int, believed: bool) -> None:
    """A well signed receipt is believed within five minutes of its time, before and after."""
    assert authentic(post(with_sig(FIELDS)), now=int(NOW) + late) is believed


def test_receipt_without_a_secret_rests_on_its_url() -> None:
    """Where no signature secret is configured, the token in the URL is all that speaks for a receipt."""
    assert authentic(post(FIELDS), signature_secret=None)


def test_receipts_come_to_one_url() -> None:
    """All receipts come to one URL, and are matched by Vonage's message id; only one of 100 characters goes along."""
    provider = build("vonage_sms", "v", OPTIONS)
    assert provider.fixed_receipts
    for length, goes_along in ((100, True), (101, False)):
        url = "https://otp.example/".ljust(length, "x")
        request = provider.request(Message("m", "+41791234567", "x", "CH", receipts_url=url), NOW)
        assert ("callback" in dict(parse_qsl(request.content.decode()))) is goes_along


@pytest.mark.parametrize("method", HMACS)
def test_request_without_api_secret_is_signed(method: str) -> None:
    """Without api_secret a request is signed; Vonage's own SDK believes it, and no secret stands in it."""
    options = {**OPTIONS, "api_secret": None, "signature_method": method}
    request = build("vonage_sms", "v", options).request(Message("m", "+41791234567", "a&b=c €", "CH"), NOW)
    told = dict(parse_qsl(request.content.decode(), strict_parsing=True))
    assert (told["text"], told["timestamp"], told["api_key"]) == ("a&b=c €", MOMENT, "a1b2c3d4")
    assert "authorization" not in request.headers
    assert vendor(method).check_signature(told)


@pytest.mark.parametrize(
    ("message", "why"),
    [
        ({}, None),
        ({"sender": "+41791112233"}, None),
        ({"dlt": Dlt("1", "2")}, None),
        ({"text": "x" * 3201}, "takes at most 3200 characters"),
        ({"valid_for_s": 19}, "holds a message for 20 seconds or more"),
        ({"sender": "My Shop"}, "takes as sender"),
        ({"sender": "Shop!"}, "takes as sender"),
        ({"sender": "ShopShopShop"}, "takes as sender"),
    ],
)
def test_message_that_it_would_change_is_unfit(message: dict[str, Any], why: str | None) -> None:
    """What Vonage would refuse or change, as a space in a sender, is refused with the reason."""
    told = Message(**{"id": "m", "to": "+41791234567", "text": "x", "country": "CH", **message})
    found = build("vonage_sms", "v", OPTIONS).unfit(told)
    assert found is None if why is None else (found or "").startswith(why)


def test_same_number_means_two_things() -> None:
    """4 in an answer is about our credentials, 4 in a receipt about the person; each has its own hint."""
    provider = build("vonage_sms", "v", OPTIONS)
    assert "credentials" in (provider.hint("4") or "")
    assert "person" in (provider.hint("dlr.4") or "")


def test_tables_speak_our_words() -> None:
    """Each vendor status maps to one of our statuses."""
    assert set(STATUSES.values()) <= set(RANKS)


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"api_key": "a:b"}, "api_key: "),
        ({"api_secret": None, "signature_secret": None}, "api_secret, signature_secret: give at least one"),
        ({"signature_method": "sha256"}, "signature_method: "),
        ({"sender": "My Shop"}, "sender: must be a number, or a name"),
        ({"base_url": "https://rest.nexmo.com/sms"}, "base_url: "),
    ],
)
def test_option_that_makes_no_sense_is_refused(change: dict[str, Any], complaint: str) -> None:
    """An option that makes no sense is refused at load with its name."""
    with pytest.raises(ValueError, match=f"^{complaint}"):
        build("vonage_sms", "v", {**OPTIONS, **change})
