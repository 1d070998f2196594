"""Key ring, sealing and MACs."""

import base64
import hmac
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from otp_service.domain.keys import KeyRing, UnknownKid, b64, canonical, mac, parse_ring, unb64

OLD, NEW = bytes(range(32)), bytes(range(32, 64))
NONCE = b"n" * 12
PARTS = st.lists(st.none() | st.binary(max_size=6) | st.text(max_size=6), max_size=5)


def entry(kid: str, key: bytes) -> str:
    return f"{kid}:{base64.b64encode(key).decode()}"


def test_the_first_key_makes_and_every_key_opens() -> None:
    """Values sealed before a rotation open after it; new ones are sealed under the newest key."""
    before, after = KeyRing({"k1": OLD}), KeyRing({"k2": NEW, "k1": OLD})
    assert after.open(before.seal(b"secret", "here", NONCE), "here") == b"secret"
    assert after.seal(b"secret", "here", NONCE).startswith("k2.")


def test_a_key_that_left_the_ring_is_named() -> None:
    """What can't be opened for want of a key says which kid is missing."""
    sealed = KeyRing({"k1": OLD}).seal(b"secret", "here", NONCE)
    with pytest.raises(UnknownKid, match="'k1'"):
        KeyRing({"k2": NEW}).open(sealed, "here")


def test_a_sealed_value_does_not_open_elsewhere() -> None:
    """A value that was moved to another place does not open."""
    ring = KeyRing({"k1": OLD})
    with pytest.raises(ValueError, match="moved"):
        ring.open(ring.seal(b"secret", "here", NONCE), "there")


@pytest.mark.parametrize("position", [3, 10, 20, 40])
def test_a_changed_sealed_value_does_not_open(position: int) -> None:
    """One changed symbol anywhere in a sealed value is noticed."""
    ring = KeyRing({"k1": OLD})
    sealed = ring.seal(b"secret" * 4, "here", NONCE)
    changed = sealed[:position] + ("A" if sealed[position] != "A" else "B") + sealed[position + 1 :]
    with pytest.raises(ValueError, match="does not open"):
        ring.open(changed, "here")


@pytest.mark.parametrize("garbage", ["", "k1", "k1.", "k1.A", "k1.AAAA", "k1.é", "k1.AA+A", "."])
def test_garbage_does_not_open(garbage: str) -> None:
    """Whatever was never sealed is refused, not crashed on."""
    with pytest.raises((ValueError, UnknownKid)):
        KeyRing({"k1": OLD}).open(garbage, "here")


def test_purposes_and_kids_have_keys_of_their_own() -> None:
    """No key is derived twice: purpose and kid both change it."""
    ring = KeyRing({"k2": NEW, "k1": OLD})
    drawn = {ring.key(purpose, kid) for purpose in ("code", "check", "seal") for kid in ring.kids}
    assert len(drawn) == 6
    assert {len(key) for key in drawn} == {32}


def test_the_same_bytes_under_another_kid_are_another_key() -> None:
    """A kid is part of the derivation, so reusing bytes under a new kid does not reuse keys."""
    ring = KeyRing({"k2": OLD, "k1": OLD})
    assert ring.key("code", "k1") != ring.key("code", "k2")


@given(PARTS, PARTS)
def test_mac_input_can_not_be_spliced(one: list[str | bytes | None], other: list[str | bytes | None]) -> None:
    """Two lists of parts have the same MAC only if they are the same list, wherever the borders lie."""

    def plain(parts: list[str | bytes | None]) -> list[bytes | None]:
        return [part.encode() if isinstance(part, str) else part for part in parts]

    assert (mac(OLD, *one) == mac(OLD, *other)) == (plain(one) == plain(other))


@pytest.mark.parametrize("key", [b"", b"short", OLD, NEW, OLD + NEW, OLD * 3])
@pytest.mark.parametrize("_", ["first", "again"])
def test_a_mac_is_the_hmac_of_its_parts_behind_their_lengths(key: bytes, _: str) -> None:
    """Under a key of any length, and whatever was made with it before, it is RFC 2104's HMAC-SHA256."""
    parts = b"\0\0\0\x02ab" + b"\xff\xff\xff\xff" + b"\0\0\0\0" + b"\0\0\0\x02\xc3\xa9"
    assert mac(key, b"ab", None, "", "é") == hmac.digest(key, parts, "sha256")


def test_a_missing_part_is_not_an_empty_one() -> None:
    """None and the empty string give different MACs."""
    assert mac(OLD, "a", None) != mac(OLD, "a", "")
    assert mac(OLD, "ab", "c") != mac(OLD, "a", "bc")


def test_a_ring_is_read_newest_first() -> None:
    """The first entry of OTP_MASTER_KEYS makes; the order of the others does not matter."""
    ring = parse_ring(f"{entry('k2', NEW)}, {entry('k1', OLD)}")
    assert (ring.current, ring.kids) == ("k2", ("k2", "k1"))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "entry 1 must look like kid:base64"),
        ("k1", "has 0 bytes"),
        (f"{entry('k1', OLD)},", "entry 2 must look like"),
        (f"{entry('k1', OLD)},{entry('k1', NEW)}", "entry 2 repeats the kid 'k1'"),
        ("k1:not-base64!", "entry 1 (k1) is not base64"),
        ("k1:ÄÖ", "entry 1 (k1) is not base64"),
        (entry("k1", b"short"), "entry 1 (k1) has 5 bytes; make one of 32: openssl rand -base64 32"),
        (entry("k.1", OLD), "entry 1 must look like"),
        (entry("k" * 17, OLD), "the kid 1 to 16 ASCII letters or digits"),
        (entry("ké", OLD), "ASCII letters or digits"),
    ],
)
def test_a_bad_ring_says_which_entry_and_what_to_do(text: str, said: str) -> None:
    """Every mistake in OTP_MASTER_KEYS names its entry and the way out, never the key."""
    with pytest.raises(ValueError, match=re.escape(said)) as caught:
        parse_ring(text)
    assert base64.b64encode(OLD).decode()[:10] not in str(caught.value)


def test_an_empty_ring_is_refused() -> None:
    """A ring without a key can neither make nor open anything."""
    with pytest.raises(ValueError, match="at least one key"):
        KeyRing({})


@given(st.binary(max_size=40))
def test_base64url_reads_back(data: bytes) -> None:
    """Encoded bytes hold no padding and come back as they were."""
    assert unb64(b64(data)) == data
    assert b64(data) == base64.urlsafe_b64encode(data).decode().rstrip("=")


@pytest.mark.parametrize("other", ["ab+c", "ab/c", "a c", "a", "é", "ab\n"])
def test_a_value_has_one_spelling(other: str) -> None:
    """Other alphabets, blanks and stray symbols are no base64url."""
    with pytest.raises(ValueError, match=r"base64url|ASCII"):
        unb64(other)


def test_canonical_json_has_one_spelling() -> None:
    """The order of names and the escaping of letters don't change what is signed."""
    assert canonical({"b": "é", "a": 1}) == canonical({"a": 1, "b": "\u00e9"}) == '{"a":1,"b":"é"}'
