"""A vendor's export: columns by any of their names, in any order, and what it does not say is said."""

import pytest

from otp_service.domain.prices import price_micros
from otp_service.domain.replay.attempts import ASSUMED_MS, attempts
from otp_service.domain.replay.backtest import Backtest
from otp_service.domain.replay.scoring import Verdict
from otp_service.domain.replay.trace import BadTrace

TWILIO = [
    *("sid", "date_created", "date_updated", "conversion_status", "channel"),
    *("channel_data.to", "channel_data.country", "price.value"),
]


def line(to: str = "+41791234567", status: str = "CONVERTED", at: str = "10:00:00", channel: str = "sms") -> list[str]:
    return ["VL1", f"2026-01-01T{at}Z", "2026-01-01T10:00:30Z", status, channel, to, "CH", "-0.05"]


def test_twilios_fields_become_rows_in_the_order_of_time() -> None:
    """The first attempt is at 0; what is charged is a price whatever its sign."""
    found = attempts([TWILIO, line(at="10:00:10"), line(status="UNCONVERTED")])

    assert [(row.at_ms, row.converts_after_ms, row.price_micros) for row in found.rows] == [
        (0, None, 50_000),
        (10_000, 20_000, 50_000),
    ]
    assert found.unknown == ["ip", "device", "user"]


def test_other_names_and_orders_are_understood() -> None:
    """Case, spaces and order of the columns don't matter; an unknown price is ours and an unknown delay is assumed."""
    found = attempts([["Converted", "Created At", "Phone Number"], ["yes", "2026-01-01 10:00:00Z", "41791234567"]])

    (row,) = found.rows
    assert (row.to, row.converts_after_ms, found.estimated) == ("+41791234567", ASSUMED_MS, 1)


@pytest.mark.parametrize("country", ["CH", "Switzerland", "41", ""])
def test_an_unknown_price_is_that_of_the_numbers_country(country: str) -> None:
    """Whatever an export writes for a country, or nothing, a text to a number costs what it costs there."""
    header = ["to", "date_created", "conversion_status", "country"]
    found = attempts([header, ["+41791234567", "2026-01-01T10:00:00Z", "UNCONVERTED", country]])

    assert [row.price_micros for row in found.rows] == [price_micros("CH", {})]


def test_a_word_in_place_of_an_address_costs_no_line() -> None:
    """What is no address is not known; the line counts, and so do the others."""
    header = ["to", "date_created", "conversion_status", "ip"]
    given = ("203.0.113.7", "unknown", "203.0.113.7:443", "")
    found = attempts([header, *(["+41791234567", "2026-01-01T10:00:00Z", "CONVERTED", ip] for ip in given)])

    assert [row.ip for row in found.rows] == ["203.0.113.7", "", "", ""]
    assert "ip of 2 lines" in found.unknown


def test_what_is_no_text_or_no_number_is_left_aside_and_told() -> None:
    """Calls, masked numbers and lines without a time are counted, not guessed."""
    found = attempts([TWILIO, line(channel="call"), line(to="+4179123****"), line(at="soon")])

    assert found.rows == []
    assert sorted(found.skipped) == ["no phone number in full", "no time in ISO 8601", "not a text message"]


def test_a_line_that_is_cut_short_is_left_aside() -> None:
    """An export whose last line is not whole is read up to there, whichever cell it breaks off in."""
    for cells in range(1, 6):
        found = attempts([TWILIO, line(), line()[:cells]])
        assert (len(found.rows), found.skipped) == (1, {"a line that is cut short": 1})
    assert len(attempts([TWILIO, line()[:6]]).rows) == 1


def test_a_file_that_tells_no_conversion_is_refused() -> None:
    """Without knowing which codes were typed in there is nothing to judge by."""
    with pytest.raises(BadTrace, match="no column tells `converted`"):
        attempts([["to", "date_created"], ["+41791234567", "2026-01-01T10:00:00Z"]])


def test_savings_and_losses_are_told_apart() -> None:
    """Money for what nobody typed in is saved, a typed code that was refused is a person lost, shown masked."""
    typed, dead = attempts([TWILIO, line(), line(status="UNCONVERTED")]).rows
    told = Backtest()
    told.add(dead, Verdict("deny", False, ("prefix:dead",)), "CH")
    told.add(typed, Verdict("deny", False, ("prefix:dead",)), "CH")

    found = told.told()

    assert (found["saved"], found["saved_micros"], found["lost"], found["lost_share"]) == (1.0, 100_000, 1, 1.0)
    assert found["refused_people"] == [{"to": "+4179•••4567", "reason": "prefix:dead"}]
