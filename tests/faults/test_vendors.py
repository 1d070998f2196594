"""Vendors are down, drip, reset, lie, babble and throttle: every code is sent in time, or has failed with a reason."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from otp_service.domain.messages import REASONS
from tests.faults.gateways import COUNTRIES, Code, Gateways, gateways

EACH = 8
ON_ITS_WAY_S = 5.0  # a request that began before the code's end may be read after it on a busy machine
# What a code's message ends with where its only vendor goes on like that.
ENDS = {
    "down": {"connection", "provider_error"},
    "drip": {"timeout"},
    "reset": {"timeout", "connection"},
    "error_body": {"bad_response", "provider_error"},
    "garbage": {"timeout", "bad_response"},
    "limited": {"rate_limited"},
    "broken": {"provider_error"},
}
LAST_TRY = {"timeout"}  # a try gets what is left of the code's time, which may be too little for any answer


@pytest.fixture(scope="module")
def backed(migrated: Path) -> Iterator[tuple[Gateways, list[Code]]]:
    """Codes that were started where a good vendor stands behind each bad one, and are all ended."""
    with gateways(migrated, with_good=True) as made:
        codes = made.started(EACH)
        made.made.settles()
        yield made, codes


@pytest.fixture(scope="module")
def alone(migrated: Path) -> Iterator[tuple[Gateways, list[Code]]]:
    """Codes that were started where there is nobody but the bad vendor, and are all ended."""
    with gateways(migrated, with_good=False, ttl_s=30) as made:
        codes = made.started(EACH)
        made.made.settles()
        yield made, codes


@pytest.mark.parametrize("way", COUNTRIES)
def test_a_code_reaches_its_person_by_another_vendor(backed: tuple[Gateways, list[Code]], way: str) -> None:
    """However the first vendor misbehaves, the next one gets every code, once, in time, and the same one."""
    made, codes = backed
    assert made.good
    for code in [code for code in codes if code.way == way]:
        (sent,) = made.good.sent_to(code.to)
        assert sent.at < code.expires
        assert made.ended(code)["status"] == "accepted"
        copies = made.copies(code)
        assert len(copies) <= 2
        assert {copy.text for copy in copies} == {sent.text}


@pytest.mark.parametrize("way", COUNTRIES)
def test_a_code_that_nobody_takes_fails_with_a_reason(alone: tuple[Gateways, list[Code]], way: str) -> None:
    """Where the only vendor misbehaves to the end, each code ends with a reason, and none is sent too late."""
    made, codes = alone
    assert ENDS[way] <= REASONS
    for code in [code for code in codes if code.way == way]:
        message = made.ended(code)
        assert (message["status"], message["reason"]) in {
            ("expired", "expired"),
            *(("failed", why) for why in ENDS[way] | LAST_TRY),
        }
        copies = made.copies(code)
        assert copies or way == "down"
        assert all(copy.at < code.expires + ON_ITS_WAY_S for copy in copies)
        assert len({copy.text for copy in copies}) <= 1


@pytest.mark.parametrize("way", ["drip", "reset", "garbage"])
def test_what_may_have_been_sent_is_repeated_once(alone: tuple[Gateways, list[Code]], way: str) -> None:
    """A vendor that takes codes and gives no answer to be relied on gets two copies of each at most."""
    made, codes = alone
    assert all(1 <= len(made.copies(code)) <= 2 for code in codes if code.way == way)


def test_vendors_that_recover_get_what_waited(migrated: Path) -> None:
    """Codes that waited while their only vendor was broken are sent once it works again, each accepted once."""
    with gateways(migrated, with_good=False) as made:
        mendable = ("error_body", "limited", "broken")
        codes = made.started(EACH, *mendable)
        assert all(made.ended(code)["status"] in ("queued", "sending") for code in codes)
        for way in mendable:
            made.bad[way].way = "fine"
        made.made.settles()
        assert {made.ended(code)["status"] for code in codes} == {"accepted"}
        assert all(copy.at < code.expires for code in codes for copy in made.copies(code))
