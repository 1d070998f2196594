"""One message id in many spellings: an answer's id and a report's that mean the same message share a name."""

from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from otp_service.domain.vendor_ids import names

UUID = "0e99d2a4-7c1b-4f0e-9d3a-1b2c3d4e5f60"


def meet(one: str, other: str) -> bool:
    """Whether a report of `other` finds the message that was answered with `one`."""
    return bool(set(names(one)) & set(names(other)))


@pytest.mark.parametrize(
    ("answered", "reported"),
    [
        ("0054321", "54321"),
        ("54321", "0000000054321"),
        ("000", "0"),
        (" 54321", "54321"),
        ("00abcdef", "ABCDEF"),
    ],
)
def test_leading_zeros_do_not_hide_an_id(answered: str, reported: str) -> None:
    """jookies/jasmin issues 375 and 423: an id kept as text and looked up as a number was never found."""
    assert meet(answered, reported)


@pytest.mark.parametrize("reported", [UUID.upper(), UUID.replace("-", ""), UUID.replace("-", "").upper(), UUID[1:]])
def test_a_uuid_is_one_id_in_any_case_with_or_without_its_dashes(reported: str) -> None:
    """jookies/jasmin issues 405, 643 and 763: a change of case or base, and the zero that it strips, lost receipts."""
    assert meet(UUID, reported)


@pytest.mark.parametrize(
    ("answered", "reported"), [("1e240", "123456"), ("123456", "1E240"), ("4294967295", "ffffffff")]
)
def test_a_number_is_one_id_in_either_base(answered: str, reported: str) -> None:
    """jookies/jasmin issue 616: vendors answer in hexadecimal and report in decimal, or the other way round."""
    assert meet(answered, reported)


def test_different_ids_stay_apart() -> None:
    """What no vendor would take for the same shares no name."""
    ids = [UUID, "SM0123", "123456", "99", "a-1", "a1", "msg_9", "18446744073709551616123"]
    assert [pair for pair in combinations(ids, 2) if meet(*pair)] == []


def test_an_exact_id_is_no_guess() -> None:
    """The first name is the id as it was given, and no guess at another id can have that name."""
    assert names("1e240") == ("=1e240", "~1e240", "#123456")
    assert names("123456") == ("=123456", "~123456", "#123456", "#1193046")


@given(st.text(min_size=1, max_size=128))
def test_any_text_has_names_and_meets_itself(id: str) -> None:
    """Whatever a vendor calls an id has two to four names, and is found by them."""
    assert 2 <= len(names(id)) <= 4
    assert meet(id, id.upper()) or id.upper().lower() != id.lower()
