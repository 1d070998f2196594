"""The grammar of limits."""

import pytest

from otp_service.domain.limits import Limit, parse_limits

HOUR, DAY = 3_600_000, 86_400_000


@pytest.mark.parametrize(
    ("text", "limits"),
    [
        ("20 per hour", [Limit(20, HOUR)]),
        ("5 per 10 minutes; 20 per day", [Limit(5, 600_000), Limit(20, DAY)]),
        ("5/10 minute, 20/day", [Limit(5, 600_000), Limit(20, DAY)]),
        ("1 per second", [Limit(1, 1000)]),
        ("0 per hour", [Limit(0, HOUR)]),
        ("100 PER HOUR", [Limit(100, HOUR)]),
        ("3 per month", [Limit(3, 30 * DAY)]),
        ("", []),
        ("  ", []),
    ],
)
def test_limits_are_read_in_the_grammar_of_the_library(text: str, limits: list[Limit]) -> None:
    """Amount and period, one or several; an empty string means no limit."""
    assert list(parse_limits(text)) == limits


@pytest.mark.parametrize(
    "text",
    [
        *(
            "7",
            "per hour",
            "-1 per hour",
            "1.5 per hour",
            "1e3 per hour",
            "5 per century",
            "5 per hour 3",
            "５ per hour",
        ),
        *(
            "; 5 per hour",
            "5 per hour;",
            "five per hour",
            "5 per 2 years",
            "1000000001 per hour",
            "5 per 0 minutes",
            "5/0day",
            "9" * 40 + " per day",
        ),
    ],
)
def test_what_can_not_be_read_or_counted_is_refused(text: str) -> None:
    """A limit that makes no sense says so, without the text that was sent."""
    with pytest.raises(ValueError, match="limit") as caught:
        parse_limits(text)
    assert text not in str(caught.value)


def test_up_to_64_are_counted_exactly() -> None:
    """Small limits keep exact times, large ones counters."""
    assert [Limit(amount, HOUR).kind for amount in (0, 1, 64, 65, 10**9)] == ["e", "e", "e", "c", "c"]
