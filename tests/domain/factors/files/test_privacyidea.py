"""What privacyIDEA exports."""

import base64
import hmac
import json
from typing import Any

import pytest
import yaml
from cryptography.fernet import Fernet
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC
from cryptography.hazmat.primitives.padding import PKCS7

from otp_service.domain.factors.files.rows import Asked, BadFile, Entry
from tests.domain.factors.files.made import RFC_SECRET, found, left_out, read, written, wrong

HEX = RFC_SECRET.hex()
KEY = "000102030405060708090a0b0c0d0e0f"
FERNET = base64.urlsafe_b64encode(bytes(range(32))).decode()


def token(**other: Any) -> dict[str, Any]:
    """A token as `_to_dict()` of privacyIDEA tells it."""
    told = {
        **{"serial": "TOTP0001", "type": "totp", "otpkey": HEX, "description": "", "otplen": 6, "maxfail": 10},
        **{"failcount": 0, "counter": 55_000_001, "window": 10, "active": True, "revoked": False, "locked": False},
        **{"rollout_state": "", "_hashed_pin": "$argon2id$v=19$m=65536", "owner": "ana@staff"},
        "info_list": {"hashlib": "sha256", "timeStep": "60", "timeShift": "-118.5", "tokenkind": "software"},
    }
    return told | other


HOTP = {"type": "hotp", "counter": 41, "serial": "OATH0001", "owner": "bea@staff", "info_list": {"hashlib": "sha1"}}


def sealed(plain: bytes, key: str = KEY) -> bytes:
    """AES-128-CBC as privacyIDEA seals, the IV in front."""
    iv = bytes(range(16, 32))
    padder = PKCS7(AES.block_size).padder()
    cipher = Cipher(AES(bytes.fromhex(key)), CBC(iv)).encryptor()
    return iv + cipher.update(padder.update(plain) + padder.finalize()) + cipher.finalize()


def b64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def package(type: str = "totp", serial: str = "TOTP0001", secret: str = "", **other: object) -> str:
    """A key package as `export_pskc()` writes it, its tags in small letters."""
    shut = sealed(RFC_SECRET)
    secret = (
        secret
        or f"""<encryptedvalue>
        <xenc:encryptionmethod algorithm="http://www.w3.org/2001/04/xmlenc#aes128-cbc"></xenc:encryptionmethod>
        <xenc:cipherdata><xenc:ciphervalue>{b64(shut)}</xenc:ciphervalue></xenc:cipherdata>
        </encryptedvalue><valuemac>{b64(hmac.digest(bytes(20), shut, "sha1"))}</valuemac>"""
    )
    said = {"suite": "sha256", "length": 8, "interval": 60, "counter": 41, "drift": 119.0, **other}
    return f"""<keypackage>
  <deviceinfo><manufacturer>ana</manufacturer><serialno>{serial}</serialno></deviceinfo>
  <key algorithm="urn:ietf:params:xml:ns:keyprov:pskc:{type}" id="{serial}"><issuer>privacyIDEA</issuer>
  <algorithmparameters><responseformat encoding="DECIMAL" length="{said["length"]}"></responseformat>
  <suite hashalgo="{said["suite"]}"></suite></algorithmparameters>
  <data><secret>{secret}</secret><time><plainvalue>0</plainvalue></time>
  <timeinterval><plainvalue>{said["interval"]}</plainvalue></timeinterval>
  <counter><plainvalue>{said["counter"]}</plainvalue></counter>
  <timedrift><plainvalue>{said["drift"]}</plainvalue></timedrift></data></key></keypackage>"""


def pskc(*packages: str) -> str:
    """A file of these packages."""
    return f"""<keycontainer version="1.0" xmlns="urn:ietf:params:xml:ns:keyprov:pskc"
     xmlns:ds="http://www.w3.org/2000/09/xmldsig#" xmlns:xenc="http://www.w3.org/2001/04/xmlenc#">
     <encryptionkey><ds:keyname>Pre-shared-key</ds:keyname></encryptionkey>
     <macmethod algorithm="http://www.w3.org/2000/09/xmldsig#hmac-sha1"><mackey>
     <xenc:encryptionmethod algorithm="http://www.w3.org/2001/04/xmlenc#aes128-cbc"></xenc:encryptionmethod>
     <xenc:cipherdata><xenc:ciphervalue>{b64(sealed(bytes(20)))}</xenc:ciphervalue></xenc:cipherdata></mackey>
     </macmethod>{"".join(packages)}</keycontainer>"""


def pi(*tokens: dict[str, Any]) -> bytes:
    """A `pi` export."""
    return Fernet(FERNET).encrypt(json.dumps(tokens).encode())


def test_yaml_is_read() -> None:
    """Hash, digits, period, drift and the counter of HOTP are kept; the login is the user."""
    totp, hotp = found("privacyidea", yaml.safe_dump([token(), token(**HOTP)]))
    assert totp == Entry("ana", "totp", RFC_SECRET, "SHA256", 6, 60, drift=-2)
    assert hotp == Entry("bea", "hotp", RFC_SECRET, "SHA1", 6, None, 41)


def test_secrets_may_be_in_base32() -> None:
    """With --b32 the exports have base32."""
    text = yaml.safe_dump([token(otpkey=base64.b32encode(RFC_SECRET).decode())])
    assert found("privacyidea", text)[0].secret == RFC_SECRET


def test_a_pi_export_is_read_with_its_key() -> None:
    """The encrypted export opens under the key that was told when it was made, and under no other."""
    user = {"login": "ana", "realm": "staff", "resolver": "ldap", "uid": "7", "custom_attributes": {}}
    file = pi(token(user=user, owner=None), token(**HOTP, count=42))
    totp, hotp = found("privacyidea", file, Asked(FERNET + "\n"))
    assert (totp.user, totp.secret, hotp.counter) == ("ana", RFC_SECRET, 42)
    other = base64.urlsafe_b64encode(bytes(32)).decode()
    with pytest.raises(BadFile, match="the key does not open this file"):
        read("privacyidea", file, Asked(other))
    with pytest.raises(BadFile, match="44 characters"):
        read("privacyidea", file, Asked("a passphrase"))


@pytest.mark.parametrize(
    ("other", "reason"),
    [
        ({"type": "sms"}, "of another type"),
        ({"type": "pw"}, "of another type"),
        ({"active": False}, "disabled, revoked or locked"),
        ({"revoked": True}, "disabled, revoked or locked"),
        ({"locked": True}, "disabled, revoked or locked"),
        ({"rollout_state": "verify"}, "not yet enrolled"),
    ],
)
def test_what_is_off_there_is_not_on_here(other: dict[str, Any], reason: str) -> None:
    """Tokens of other types, and those that were taken out of service, are left out and say why."""
    assert left_out("privacyidea", yaml.safe_dump([token(**other)])) == [reason]
    assert left_out("privacyidea", pi(token(**other)), Asked(FERNET)) == [reason]


def test_a_login_in_two_realms_is_two_people() -> None:
    """Two people of one login are told, and can be kept apart by their owner's full name."""
    text = yaml.safe_dump([token(), token(owner="ana@guests")])
    ((_, told),) = wrong("privacyidea", text)
    assert "in two realms" in told
    assert [each.user for each in found("privacyidea", text, Asked(user_from="owner"))] == ["ana@staff", "ana@guests"]


@pytest.mark.parametrize(("taken_from", "user"), [("serial", "TOTP0001"), ("description", "Ana Muster")])
def test_the_user_can_be_taken_from_elsewhere(taken_from: str, user: str) -> None:
    """A token without an owner is refused, unless its serial or description says whose it is."""
    text = yaml.safe_dump([token(owner="n/a", description="Ana Muster")])
    assert "nobody's" in wrong("privacyidea", text)[0][1]
    assert found("privacyidea", text, Asked(user_from=taken_from))[0].user == user


@pytest.mark.parametrize(
    ("other", "why"),
    [
        ({"otpkey": "xyz"}, "base32"),
        ({"otpkey": ["a"]}, "a list where text belongs"),
        ({"otplen": 4}, "digits must be"),
        ({"info_list": {"hashlib": "md5"}}, "algorithm must be"),
        ({"info_list": {"timeStep": "soon"}}, "period_s must be"),
        ({"info_list": {"timeShift": "inf"}}, "timeShift must be"),
        ({"info_list": {"timeShift": "x"}}, "timeShift must be"),
        ({"info_list": "x"}, "info_list must be"),
        ({"type": "hotp", "counter": None}, "counter must be said"),
    ],
)
def test_a_bad_token_is_told_by_its_line(other: dict[str, Any], why: str) -> None:
    """A bad token is named by the line on which it begins; those around it are read."""
    text = yaml.safe_dump([token()])
    ((line, told),) = wrong("privacyidea", text + yaml.safe_dump([token(**other)]))
    assert line == len(text.splitlines()) + 1
    assert why in told


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("- &a {type: totp}\n- *a\n", "reference"),
        ("- " + "[" * 50 + "]" * 50, "more than tokens do"),
        ("- " + "{a: 1, " * 3000, "more than tokens do"),
        ("- [" + "1," * 5000 + "]", "more than tokens do"),
        ("- a: [1\n", "not YAML"),
        ("- a: \x07", "not YAML"),
    ],
)
def test_yaml_can_hurt_nobody(text: str, why: str) -> None:
    """References, depth and size that no export has are refused before they cost anything."""
    with pytest.raises(BadFile, match=why):
        read("privacyidea", text)


def test_pskc_is_read_with_its_key() -> None:
    """Secrets under the pre-shared key are opened, their MAC checked; a serial stands for the user it does not name."""
    file = pskc(
        package(), package("hotp", "OATH0001", length=6, suite="sha1", interval=0, drift=0), package("pw", "PW1")
    )
    totp, hotp = [row.found for row in read("privacyidea", file, Asked(KEY))][:2]
    assert totp == Entry("TOTP0001", "totp", RFC_SECRET, "SHA256", 8, 60, drift=2)
    assert hotp == Entry("OATH0001", "hotp", RFC_SECRET, "SHA1", 6, None, 41)
    assert left_out("privacyidea", file, Asked(KEY)) == ["of another type"]
    described = Asked(KEY, "description")
    assert [each.user for each in found("privacyidea", pskc(package()), described)] == ["ana"]


def test_pskc_without_encryption_is_read() -> None:
    """Plain values, as vendors of tokens deliver them, need no key; tags may be in any case and have prefixes."""
    plain = f"<PlainValue>{b64(RFC_SECRET)}</PlainValue>"
    file = f"""<?xml version="1.0" encoding="UTF-8"?>
<pskc:KeyContainer Version="1.0" xmlns:pskc="urn:ietf:params:xml:ns:keyprov:pskc"><pskc:KeyPackage>
<pskc:DeviceInfo><pskc:Manufacturer>Acme</pskc:Manufacturer><pskc:SerialNo>987654321</pskc:SerialNo></pskc:DeviceInfo>
<pskc:Key Id="12345678" Algorithm="urn:ietf:params:xml:ns:keyprov:pskc:hotp"><pskc:AlgorithmParameters>
<pskc:ResponseFormat Length="8" Encoding="DECIMAL"/></pskc:AlgorithmParameters><pskc:Data><pskc:Secret>
<pskc:PlainValue>{b64(RFC_SECRET)}</pskc:PlainValue></pskc:Secret><pskc:Counter><pskc:PlainValue>0</pskc:PlainValue>
</pskc:Counter></pskc:Data></pskc:Key></pskc:KeyPackage></pskc:KeyContainer>"""
    assert found("privacyidea", file) == [Entry("987654321", "hotp", RFC_SECRET, "SHA1", 8, None, 0)]
    assert found("privacyidea", pskc(package(secret=plain)))[0].secret == RFC_SECRET


@pytest.mark.parametrize(
    ("file", "key", "why"),
    [
        (pskc(package()), "", "32 hexadecimal digits"),
        (pskc(package()), "f" * 32, "does not open|MAC does not fit"),
        (pskc(package(serial="A" * 200)), KEY, "user must have"),
        (pskc(package()).replace("</valuemac>", "A</valuemac>"), KEY, "not base64"),
        (pskc(package()).replace("<valuemac>", "<valuemac>AAAA"), KEY, "MAC does not fit|not base64"),
        (pskc(package()).replace("aes128-cbc", "aes256-cbc"), KEY, "AES-128-CBC"),
        (pskc(package(interval="x")), KEY, "period_s must be"),
        (pskc(package("hotp", counter="")), KEY, "counter must be said"),
    ],
)
def test_a_bad_package_is_told(file: str, key: str, why: str) -> None:
    """A package that does not open, or is none, is named by its line."""
    ((line, told),) = wrong("privacyidea", file, Asked(key))
    assert line == 7
    assert any(each in told for each in why.split("|")), told


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ('<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>', "document type"),
        ('<!DOCTYPE a SYSTEM "file:///etc/passwd"><a/>', "document type"),
        ("<a>" * 40, "nested deeper"),
        (f"<a>{'x' * 20_000}</a>", "longer than those"),
        ("<a>", "not XML"),
        (pskc(package()) + pskc(package()), "not XML"),
        ("<?xml version='1.0' encoding='klingon'?><a/>", "not XML"),
    ],
)
def test_xml_can_hurt_nobody(text: str, why: str) -> None:
    """Document types, and with them entities, are refused where they begin, as is what is too deep or too long."""
    with pytest.raises(BadFile, match=why):
        read("privacyidea", text, Asked(KEY))


def test_pskc_names_no_users() -> None:
    """Whoever asks for logins hears that this file has none."""
    with pytest.raises(BadFile, match="names no users"):
        read("privacyidea", pskc(package()), Asked(KEY, "login"))


def test_csv_is_read() -> None:
    """Owner, serial, secret, type, digits and period; TOTP is taken for SHA1, since the file knows no hash."""
    (entry,) = found("privacyidea", f"ana, muster@staff, TOTP0001, {HEX}, totp, 8, 60\n")
    assert entry == Entry("ana, muster", "totp", RFC_SECRET, "SHA1", 8, 60)


@pytest.mark.parametrize(
    ("line", "why"),
    [
        (f"ana@staff, OATH0001, {HEX}, hotp, 6", "tells no counters"),
        (f"ana@staff, TOTP0001, {HEX}, totp, 6, None", "tells no period"),
        (f"n/a, TOTP0001, {HEX}, totp, 6, 30", "nobody's"),
        ("what, is, this", "no line of privacyIDEA's CSV"),
        (f"ana@staff, TOTP0001, {HEX}, motp, 6, 30", "type must be"),
    ],
)
def test_csv_that_does_not_tell_enough_is_refused(line: str, why: str) -> None:
    """Where the file leaves a counter or period to be guessed, the row is refused with what to do instead."""
    ((number, told),) = wrong("privacyidea", f"ana@staff, TOTP0001, {HEX}, totp, 6, 30\n{line}\n")
    assert number == 2
    assert why in told


def test_the_field_of_the_user_is_one_of_four() -> None:
    """Another field than those that tokens have is refused."""
    with pytest.raises(BadFile, match="login, owner, serial, description"):
        read("privacyidea", "a, b, c, d, e, f", Asked(user_from="uid"))


def test_it_is_read_only() -> None:
    """Nothing is written in this format."""
    with pytest.raises(BadFile, match="read only"):
        written("privacyidea", [])
