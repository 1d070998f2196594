"""Codes are uniform, derived and bound."""

from collections import Counter

import pytest

from otp_service.domain import codes
from otp_service.domain.codes import ALPHABETS, LENGTHS, alphabets_of, bound, derive, digest
from otp_service.domain.ids import Address, address
from otp_service.domain.keys import KeyRing, unb64

KEY = b"c" * 32
AT = address(b"i" * 32, "app_1", "+41791234567", "login")
# Chi-square at p = 1e-5 for 9, 23 and 31 degrees of freedom; the codes are the same in every run.
CRITICAL = {"digits": 40.0, "letters": 62.0, "mixed": 74.0}


@pytest.fixture(scope="module")
def drawn() -> list[str]:
    """A hundred thousand codes."""
    return [derive(KEY, f"ver_{number}", "digits", 6) for number in range(100_000)]


@pytest.mark.parametrize("position", range(6))
def test_every_digit_is_as_likely_at_every_position(drawn: list[str], position: int) -> None:
    """A chi-square over 100,000 codes finds no favourite digit."""
    expected = len(drawn) / 10
    counts = Counter(code[position] for code in drawn)
    assert set(counts) == set("0123456789")
    assert sum((count - expected) ** 2 / expected for count in counts.values()) < CRITICAL["digits"]


def test_neighbouring_digits_are_independent(drawn: list[str]) -> None:
    """No pair of digits is likelier than another."""
    expected = len(drawn) / 100
    pairs = Counter(code[2:4] for code in drawn)
    assert len(pairs) == 100
    assert sum((count - expected) ** 2 / expected for count in pairs.values()) < 180  # 99 degrees, p = 1e-6


def test_leading_zeros_stay(drawn: list[str]) -> None:
    """A code is text: one in ten begins with a zero, and all have their length."""
    assert 9_000 < sum(code.startswith("0") for code in drawn) < 11_000
    assert {len(code) for code in drawn} == {6}


@pytest.mark.parametrize("alphabet", ["letters", "mixed"])
def test_letters_are_as_uniform_as_digits(alphabet: str) -> None:
    """Rejection sampling favours no letter of an alphabet whose size divides no power of two."""
    symbols = "".join(derive(KEY, f"ver_{number}", alphabet, 10) for number in range(4_000))
    expected = len(symbols) / len(ALPHABETS[alphabet])
    counts = Counter(symbols)
    assert set(counts) == set(ALPHABETS[alphabet])
    assert sum((count - expected) ** 2 / expected for count in counts.values()) < CRITICAL[alphabet]


def test_no_alphabet_has_symbols_that_are_mistaken() -> None:
    """Letters leave out I and O; mixed codes leave out 0 and 1 too."""
    assert not set("IO") & set(ALPHABETS["letters"])
    assert not set("IO01") & set(ALPHABETS["mixed"])
    assert all(len(set(symbols)) == len(symbols) for symbols in ALPHABETS.values())


@pytest.mark.parametrize("alphabet", sorted(ALPHABETS))
def test_the_shortest_code_has_enough_entropy(alphabet: str) -> None:
    """At least six decimal digits or 20 bits, whichever alphabet is chosen (NIST SP 800-63B-4, 3.1.3.2)."""
    assert len(ALPHABETS[alphabet]) ** LENGTHS[alphabet][0] >= 10**6


def test_a_code_is_the_same_each_time_it_is_derived() -> None:
    """A resend or a failover sends the code that was sent before."""
    assert derive(KEY, "ver_1", "digits", 6) == derive(KEY, "ver_1", "digits", 6)


def test_another_id_or_key_gives_another_code() -> None:
    """Codes of other ids, keys or alphabets tell nothing about this one."""
    assert len({derive(KEY, f"ver_{number}", "digits", 10) for number in range(1000)}) == 1000
    assert derive(KEY, "ver_1", "digits", 10) != derive(b"d" * 32, "ver_1", "digits", 10)


def test_the_kid_decides_the_code() -> None:
    """A verification that began under the old key keeps its code after a rotation."""
    before, after = KeyRing({"k1": KEY}), KeyRing({"k2": b"d" * 32, "k1": KEY})
    assert codes.code_of(before, "k1", "ver_1", "digits", 10) == codes.code_of(after, "k1", "ver_1", "digits", 10)
    assert codes.code_of(after, "k2", "ver_1", "digits", 10) != codes.code_of(after, "k1", "ver_1", "digits", 10)


BASE = (KEY, AT, "u1", {"amount": "12.50", "payee": "Shop"}, "123456")


@pytest.mark.parametrize(
    "other",
    [
        (b"d" * 32, *BASE[1:]),
        (KEY, Address(b"x" * 12, AT.tag), *BASE[2:]),
        (KEY, Address(AT.subject, b"tttt"), *BASE[2:]),
        (KEY, AT, "u2", *BASE[3:]),
        (KEY, AT, None, *BASE[3:]),
        (KEY, AT, "u1", {"amount": "99.50", "payee": "Shop"}, "123456"),
        (KEY, AT, "u1", {"amount": "12.50"}, "123456"),
        (KEY, AT, "u1", None, "123456"),
        (*BASE[:4], "123457"),
    ],
    ids=["key", "subject", "purpose", "user", "no user", "amount", "no payee", "no binding", "code"],
)
def test_the_digest_covers_everything_a_code_is_good_for(
    other: tuple[bytes, Address, str, dict[str, str], str],
) -> None:
    """Key, subject, purpose, user, binding and code all change what the store compares."""
    assert digest(*other) != digest(*BASE)


def test_a_digest_can_not_be_spliced() -> None:
    """Moving a symbol from the user to the code gives another digest."""
    assert digest(KEY, AT, "u1", None, "23456") != digest(KEY, AT, "u", None, "123456")
    assert digest(KEY, AT, "u", {"a": "b"}, "1") != digest(KEY, AT, 'u{"a":"b"}', None, "1")


def test_the_order_of_a_binding_does_not_matter() -> None:
    """The same binding in another order is the same binding, and an empty one is none."""
    assert digest(KEY, AT, None, {"a": "1", "b": "2"}, "123456") == digest(
        KEY, AT, None, {"b": "2", "a": "1"}, "123456"
    )
    assert digest(KEY, AT, None, {}, "123456") == digest(KEY, AT, None, None, "123456")


def test_digests_are_long_and_are_not_the_code() -> None:
    """What is stored is 144 bits of a MAC."""
    assert len(unb64(digest(*BASE))) == 18
    assert digest(*BASE) != bound(*BASE)


@pytest.mark.parametrize(
    ("code", "names"),
    [
        ("123456", ["digits"]),
        ("234567", ["digits", "mixed"]),
        ("ABCDEF", ["letters", "mixed"]),
        ("ABC234", ["mixed"]),
        ("ABC012", []),
        ("ABCDEI", []),
        ("abcdef", []),
        ("", []),
        ("１２３４５６", []),
    ],
)
def test_a_code_tells_its_alphabets(code: str, names: list[str]) -> None:
    """What no alphabet can spell is recognised before anything is asked of the store."""
    assert alphabets_of(code) == names


def test_equality_does_not_depend_on_where_texts_differ() -> None:
    """Equal texts are equal, others are not."""
    assert codes.same("abc", "abc")
    assert not codes.same("abc", "abd")
    assert not codes.same("abc", "ab")
