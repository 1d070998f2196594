"""Times inside and outside."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from otp_service.domain.times import milliseconds, rfc3339, rfc3339_or_none


@given(st.integers(min_value=0, max_value=4_102_444_800_000))
def test_times_read_back(ms: int) -> None:
    """A time that was told can be asked for again, to the millisecond."""
    assert abs(milliseconds(rfc3339(ms)) - ms) <= 1


def test_times_are_utc_with_milliseconds() -> None:
    """Times are RFC 3339 in UTC; where there is none there is null."""
    assert rfc3339(1_763_000_000_007) == "2025-11-13T02:13:20.007Z"
    assert rfc3339_or_none(None) is None


@pytest.mark.parametrize("text", ["0001-01-01T00:00:00.000Z", "0364-12-16T06:10:40.957Z", "9999-12-31T23:59:59.999Z"])
def test_a_year_has_four_digits(text: str) -> None:
    """Times of the first and of the last years are written as RFC 3339 has them, too."""
    assert rfc3339(milliseconds(text))[:19] == text[:19]


def test_other_zones_are_understood() -> None:
    """The same moment in another zone is the same moment."""
    assert milliseconds("2026-11-22T11:00:00+01:00") == milliseconds("2026-11-22T10:00:00Z")


@pytest.mark.parametrize("text", ["", "yesterday", "2026-11-22T10:00:00", "2026-13-01T00:00:00Z", "10"])
def test_a_time_without_its_zone_is_refused(text: str) -> None:
    """What is no moment raises ValueError."""
    with pytest.raises(ValueError, match=r"zone|RFC 3339"):
        milliseconds(text)


def test_a_refused_time_is_not_repeated() -> None:
    """The refusal says what a time looks like and not what was sent."""
    with pytest.raises(ValueError, match="RFC 3339") as error:
        milliseconds("+41791234567")
    assert "+41791234567" not in str(error.value)
