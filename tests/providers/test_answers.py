"""How answers are read, for all providers."""

import pytest

from otp_service.providers.answers import at, json_of, retry_after, vendor_id, vendor_word

DATE = "Sat, 21 Nov 2026 15:00:00 GMT"


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"retry-after": "0"}, 0),
        ({"retry-after": " 17 "}, 17),
        ({"retry-after": "99999999999999"}, 86_400),
        ({"retry-after": "-1"}, None),
        ({"retry-after": "1.5"}, None),
        ({"retry-after": "٣"}, None),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "Sat, 21 Nov 2026 15:01:30 GMT", "date": DATE}, 90),
        ({"retry-after": "Sat, 21 Nov 2026 14:00:00 GMT", "date": DATE}, 0),
        ({"retry-after": "Sat, 28 Nov 2026 15:00:00 GMT", "date": DATE}, 86_400),
        ({"retry-after": "Sat, 21 Nov 2026 15:01:30 GMT"}, None),
        ({"retry-after": "Sat, 99 Nov 2026 15:01:30 GMT", "date": DATE}, None),
    ],
)
def test_retry_after_is_seconds_or_a_date(headers: dict[str, str], seconds: int | None) -> None:
    """Retry-After is read as seconds or as a date after the answer's own; anything else says nothing."""
    assert retry_after(headers) == seconds


@pytest.mark.parametrize(
    ("path", "found"),
    [("a.b.1.c", 7), ("a.b.2.c", None), ("a.b.-1.c", None), ("a.b.²", None), ("x", None), ("a.b.1.c.d", None)],
)
def test_path_leads_through_objects_and_lists(path: str, found: object) -> None:
    """A dotted path leads through objects by name and through lists by number, or to nothing."""
    assert at({"a": {"b": [0, {"c": 7}]}}, path) == found


@pytest.mark.parametrize("body", [b"", b"\xff\xfe\x00", b"{", b"[" * 100_000])
def test_body_that_is_no_json_is_nothing(body: bytes) -> None:
    """A body that isn't JSON, however nasty, is nothing."""
    assert json_of(body) is None


@pytest.mark.parametrize(
    ("value", "found"),
    [("SM1", "SM1"), (17, "17"), ("", None), (True, None), (None, None), ({}, None), ("a\nb", None), ("x" * 129, None)],
)
def test_id_is_text_or_a_number_of_sane_length(value: object, found: str | None) -> None:
    """A vendor's message id is printable text or a whole number of at most 128 characters."""
    assert vendor_id(value) == found


@pytest.mark.parametrize(
    ("value", "found"),
    [
        (21610, "21610"),
        (-1, "-1"),
        ("E_NO-ROUTE.7", "E_NO-ROUTE.7"),
        ("+41791234567", None),
        (41791234567, None),
        ("code123456", None),
        ("123456 is your code", None),
        (False, None),
        pytest.param(10**5000, None, id="huge"),
    ],
)
def test_word_is_a_code_and_never_a_text_or_number(value: object, found: str | None) -> None:
    """What is kept as a vendor's word is a short code; a text or a phone number is dropped."""
    assert vendor_word(value) == found
