"""Reasons: why the brake decided as it did, in words."""

import pytest

from otp_service.domain.fraud.reasons import Reason, read_reason


@pytest.mark.parametrize(
    ("written", "sentence"),
    [
        (
            "prefix owed 1 360000 360000",
            "This operator's prefix owes $0.36 of sends whose codes nobody has typed yet, "
            "and may owe $0.36, this one included, before somebody is asked",
        ),
        (
            "application dead 2 2500000 2000000",
            "Unproven numbers of this application owe 25 sends whose codes nobody typed in time, and may owe 20, "
            "this one included",
        ),
        (
            "network owed 1 0 0",
            "This client network is asked from the first send on: too much is owed around it, or the send is dear",
        ),
        ("block sequence 1 5 4", "This block of ten thousand numbers was asked for 5 numbers in a row"),
        ("prefix watched 1 900 1000", "This operator's prefix is watched: many codes that went there were not typed"),
        ("prefix novelty 1 0 0", "This operator's prefix: novelty"),
    ],
)
def test_a_reason_is_a_sentence(written: str, sentence: str) -> None:
    """What a script wrote reads as a sentence, with money as money and sends as sends; an unknown rule by its name."""
    assert read_reason(written).sentence == sentence


def test_a_strong_reason_refuses_by_itself() -> None:
    """Level 1 asks, level 2 refuses."""
    assert [Reason("block", "dead", level, 0, 0).strong for level in (1, 2)] == [False, True]
