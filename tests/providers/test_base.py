"""What most vendors have in common."""

import httpx
import pytest

from otp_service.domain.messages import Outcome, Receipt, Verdict
from otp_service.providers.base import Known, Vendor


class Words(Vendor):
    """A vendor of whom only its words are known."""

    statuses = {"ok": "delivered", "late": "expired", "off": "canceled", "bad": "failed"}  # noqa: RUF012
    errors = {"7": Known(Verdict.REJECTED, "opted_out", "they said stop")}  # noqa: RUF012


@pytest.mark.parametrize(
    ("said", "code", "receipt"),
    [
        ("ok", None, Receipt("1", "delivered", None, "ok")),
        ("ok", "7", Receipt("1", "delivered", None, "ok")),
        ("bad", "7", Receipt("1", "failed", "opted_out", "7")),
        ("bad", "8", Receipt("1", "failed", "unknown", "8")),
        ("bad", None, Receipt("1", "failed", "unknown", "bad")),
        ("late", None, Receipt("1", "expired", "expired", "late")),
        ("late", "7", Receipt("1", "expired", "opted_out", "7")),
        ("off", None, Receipt("1", "canceled", "canceled", "off")),
        ("dreaming", "7", Receipt("1", "accepted", "unknown", "dreaming")),
        ("+41791234567", None, Receipt("1", "accepted", "unknown", None)),
    ],
)
def test_status_becomes_a_receipt_in_our_words(said: str, code: str | None, receipt: Receipt) -> None:
    """A bad end has the reason of its code, else its own; an unknown status moves nothing and leaks nothing."""
    assert Words().receipt("1", said, code) == receipt


@pytest.mark.parametrize(
    ("status", "word", "outcome"),
    [
        (200, "7", Outcome(Verdict.REJECTED, "opted_out", raw="7")),
        (200, "8", Outcome(Verdict.TRY_ANOTHER, "unknown", raw="8")),
        (200, None, Outcome(Verdict.TRY_ANOTHER, "bad_response", raw="http 200")),
        (401, "8", Outcome(Verdict.MISCONFIGURED, "bad_credentials", raw="8")),
        (401, "7", Outcome(Verdict.REJECTED, "opted_out", raw="7")),
    ],
)
def test_refusal_is_judged_by_its_word_before_its_status(status: int, word: str | None, outcome: Outcome) -> None:
    """A known word decides; of an unknown one the HTTP status, unless it says yes where the word says no."""
    assert Words().refusal(httpx.Response(status), word) == outcome


def test_a_403_with_a_reason_nobody_knows_does_not_speak_of_the_account() -> None:
    """One message refused in a word that is new must not shut its provider everywhere; without a word 403 does."""
    refused = httpx.Response(403)
    assert Words().refusal(refused, "full_moon").verdict is Verdict.TRY_ANOTHER
    assert Words().refusal(refused, None).verdict is Verdict.MISCONFIGURED
