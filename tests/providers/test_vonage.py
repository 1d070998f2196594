"""Vonage's Messages API beyond its fixtures: JWTs in both directions against the vendor's own SDK."""

import hashlib
import json
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from hypothesis import given
from hypothesis import strategies as st
from vonage_jwt import JwtClient, verify_signature  # type: ignore[import-untyped]

from otp_service.domain.messages import RANKS, Callback, Dlt, Message
from otp_service.providers import build
from otp_service.providers.vonage import STATUSES
from tests.providers.cases import NOW

SECRET = "a-signature-secret-of-an-account-of-vonage"
URL = "https://otp.example/v1/callbacks/vonage/tok/receipts"
APPLICATION = "aaaaaaaa-bbbb-4ccc-8ddd-0123456789ab"
OPTIONS = {"api_key": "a1b2c3d4", "api_secret": "s3cr3t", "signature_secret": SECRET, "sender": "Shop"}
KEY = rsa.generate_private_key(65537, 2048)
PEM = KEY.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
BY_KEY = {**OPTIONS, "api_secret": None, "application_id": APPLICATION, "private_key": PEM}
BODY = json.dumps({"message_uuid": "a1", "status": "delivered"}).encode()
MESSAGE = Message("msg_1", "+41791234567", "x", "CH")

bodies = st.text(st.characters(exclude_categories=["Cs"]), max_size=60).map(str.encode)


def authentic(told: Callback, now: float = NOW, **options: Any) -> bool:
    return build("vonage", "v", {**OPTIONS, **options}).authentic(told, now)


def claims(body: bytes = BODY, **changes: Any) -> dict[str, Any]:
    told = {
        "iat": int(NOW),
        "jti": "c5ba8f24-1a14-4c10-bfdf-3fbe8ce511b5",
        "iss": "Vonage",
        "payload_hash": hashlib.sha256(body).hexdigest(),
        "api_key": "a1b2c3d4",
        **changes,
    }
    return {name: value for name, value in told.items() if value is not None}


def webhook(token: str, body: bytes = BODY, scheme: str = "Bearer") -> Callback:
    return Callback("POST", URL, {"authorization": f"{scheme} {token}", "content-type": "application/json"}, body)


def signed(told: dict[str, Any], secret: str = SECRET) -> str:
    return jwt.encode(told, secret, algorithm="HS256")


@given(body=bodies)
def test_what_the_vendor_signs_is_authentic(body: bytes) -> None:
    """A webhook whose JWT is right for Vonage's own SDK, and whose payload is the signed one, is authentic."""
    token = signed(claims(body))
    assert authentic(webhook(token, body))
    assert authentic(webhook(token, body, scheme="bearer"))


def test_vendor_agrees_on_the_signature() -> None:
    """Vonage's own SDK takes the signature for right and that of another secret for wrong, as we do."""
    told = claims(iat=1)  # the SDK refuses what is issued after its own clock
    for secret, right in ((SECRET, True), (SECRET + "x", False)):
        token = signed(told, secret)
        assert verify_signature(token, SECRET) is right
        assert authentic(webhook(token), now=1) is right


@given(body=bodies, other=bodies)
def test_payload_must_be_the_signed_one(body: bytes, other: bytes) -> None:
    """A right JWT with another body is refused, which Vonage's SDK leaves to its users."""
    assert authentic(webhook(signed(claims(body)), other)) is (body == other)


@pytest.mark.parametrize("late", [-301, 301, 3600])
def test_old_webhook_is_refused(late: int) -> None:
    """A webhook more than five minutes from its time is refused, however well it is signed."""
    assert not authentic(webhook(signed(claims())), now=int(NOW) + late)


HEADER, PAYLOAD, SIGNATURE = signed(claims()).split(".")


@pytest.mark.parametrize(
    "token",
    [
        signed(claims(api_key="other")),
        signed(claims(api_key=None)),
        signed(claims(payload_hash=None)),
        signed(claims(payload_hash=7)),
        signed(claims(iat=None)),
        signed(claims(iat=True)),
        signed(claims(iat="x")),
        signed(claims(), SECRET + "x"),
        jwt.encode(claims(), "", algorithm="none"),
        jwt.encode(claims(), SECRET + SECRET, algorithm="HS512"),
        jwt.encode(claims(), KEY, algorithm="RS256"),
        jwt.encode(claims(), SECRET, algorithm="HS256", headers={"crit": ["b64"], "b64": False}),
        f"{HEADER}.{PAYLOAD}.",
        f"{HEADER}.{PAYLOAD}",
        f"{HEADER}.{PAYLOAD}.{SIGNATURE}x",
        f"{HEADER}.{PAYLOAD[:-4]}AAAA.{SIGNATURE}",
        "",
        "..",
        "é.é.é",
        "a" * 10_000,
    ],
    ids=[
        "account",
        "no-account",
        "no-hash",
        "hash",
        "no-time",
        "flag",
        "word",
        "secret",
        "none",
        "hs512",
        "rs256",
        "crit",
        "unsigned",
        "two-parts",
        "longer",
        "payload",
        "empty",
        "dots",
        "accents",
        "huge",
    ],
)
def test_other_token_is_refused(token: str) -> None:
    """A JWT of another account, algorithm or secret, a changed one or none is refused without a crash."""
    assert not authentic(webhook(token))


@pytest.mark.parametrize("header", ["", "Bearer", "Basic " + signed(claims()), signed(claims())])
def test_other_authorization_is_refused(header: str) -> None:
    """An Authorization that isn't a bearer's is refused."""
    assert not authentic(Callback("POST", URL, {"authorization": header}, BODY))


@given(header=st.text(max_size=40), token=st.text("abcABC019-_.=", max_size=60))
def test_any_authorization_is_judged(header: str, token: str) -> None:
    """Whatever stands in the header, the answer is no and never a crash."""
    assert not authentic(Callback("POST", URL, {"authorization": header}, BODY))
    assert not authentic(webhook(token))


def test_no_secret_means_no_receipts() -> None:
    """Without the signature secret there are no receipts: none is asked for, and none is believed."""
    provider = build("vonage", "v", {**OPTIONS, "signature_secret": None})
    request = provider.request(Message("m", "+41791234567", "x", "CH", receipts_url=URL), NOW)
    assert not provider.sends_receipts
    assert not provider.authentic(webhook(signed(claims())), NOW)
    assert "webhook_url" not in json.loads(request.content)


def test_request_goes_out_with_a_token_like_the_vendors_own() -> None:
    """The JWT of a request has the header and the claims of Vonage's own SDK, and the application's signature."""
    token = build("vonage", "v", BY_KEY).request(MESSAGE, NOW).headers["authorization"].removeprefix("Bearer ")
    own = JwtClient(APPLICATION, PEM).generate_application_jwt({"iat": int(NOW)}).decode()
    lax = jwt.types.Options(verify_exp=False, verify_iat=False)
    found, wanted = (jwt.decode(one, KEY.public_key(), ["RS256"], options=lax) for one in (token, own))
    assert jwt.get_unverified_header(token) == jwt.get_unverified_header(own)
    assert {**found, "jti": ""} == {**wanted, "jti": ""}
    assert len(found["jti"]) == len(wanted["jti"])


def test_token_is_new_for_each_message_and_time() -> None:
    """A JWT's id differs between messages and between tries, and repeats for the same message at the same time."""
    provider = build("vonage", "v", BY_KEY)
    tries = [(MESSAGE, NOW), (MESSAGE, NOW + 0.5), (Message("msg_2", "+41791234567", "x", "CH"), NOW), (MESSAGE, NOW)]
    tokens = [provider.request(message, now).headers["authorization"] for message, now in tries]
    assert len(set(tokens)) == 3
    assert tokens[0] == tokens[3]


@pytest.mark.parametrize(
    ("message", "why"),
    [
        ({}, None),
        ({"sender": "+41791112233"}, None),
        ({"dlt": Dlt("1", "2")}, None),
        ({"text": "x" * 3201}, "takes at most 3200 characters"),
        ({"valid_for_s": 19}, "holds a message for 20 seconds or more"),
        ({"sender": "My Shop"}, "takes as sender"),
    ],
)
def test_message_that_it_would_change_is_unfit(message: dict[str, Any], why: str | None) -> None:
    """What Vonage would refuse or change is refused with the reason."""
    told = Message(**{"id": "m", "to": "+41791234567", "text": "x", "country": "CH", **message})
    found = build("vonage", "v", OPTIONS).unfit(told)
    assert found is None if why is None else (found or "").startswith(why)


def test_tables_speak_our_words() -> None:
    """Each vendor status maps to one of our statuses."""
    assert set(STATUSES.values()) <= set(RANKS)


OTHER_KEY = ec.generate_private_key(ec.SECP256R1()).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"private_key": "-----BEGIN PRIVATE KEY-----\nAAAA"}, "private_key: must be the application's private key"),
        ({"private_key": OTHER_KEY.decode()}, "private_key: must be the application's private key"),
        ({"private_key": None}, "application_id, private_key: give both or neither"),
        ({"application_id": "1"}, "application_id: "),
        ({"api_secret": "s3cr3t"}, "application_id, api_secret: give exactly one"),
        ({"application_id": None, "private_key": None}, "application_id, api_secret: give exactly one"),
        ({"sender": "My Shop"}, "sender: must be a number, or a name"),
    ],
)
def test_option_that_makes_no_sense_is_refused(change: dict[str, Any], complaint: str) -> None:
    """An option that makes no sense is refused at load with its name."""
    with pytest.raises(ValueError, match=f"^{complaint}"):
        build("vonage", "v", {**BY_KEY, **change})
