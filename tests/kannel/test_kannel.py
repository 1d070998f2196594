"""Through a real Kannel to a real centre, receipts included."""

from itertools import count
from typing import Any

import httpx
import pytest

from otp_service.domain.messages import Message, Verdict
from otp_service.domain.text.size import measure
from otp_service.providers import build
from tests.kannel.conftest import Joined
from tests.kannel.stand import PASSWORD, USER, WITHIN_S, Stand
from tests.servers import wait_until

NUMBER = "+41791110000"
_numbers = count(1000)  # one of its own for each text


def message_of(joined: Joined, id_: str) -> dict[str, Any]:
    """The one message of a verification, as callers read it."""
    found: dict[str, Any] = joined.world.api.get(f"/v1/verifications/{id_}").json["messages"][0]
    return found


def ends(joined: Joined, id_: str, status: str) -> dict[str, Any]:
    """The message as soon as it has this status."""
    wait_until(lambda: message_of(joined, id_)["status"] == status, WITHIN_S)
    return message_of(joined, id_)


def test_a_code_reaches_the_centre_and_its_receipt_comes_back(joined: Joined) -> None:
    """The centre gets the text, sender and validity; its receipt ends as `delivered`."""
    id_ = joined.world.started("+41791110001")
    assert ends(joined, id_, "delivered")["provider"] == "own"
    (part,) = joined.stand.centre.submitted("+41791110001")
    assert joined.world.code(id_) in part["text"]
    assert (part["from"], part["coding"], part["registered"] & 1) == ("Shop", 0, 1)
    assert part["validity"]


def test_a_failed_delivery_is_told_with_the_networks_error(joined: Joined) -> None:
    """A centre that gives up makes the message `undelivered`."""
    joined.stand.centre.tell("stat UNDELIV err 043")
    assert ends(joined, joined.world.started("+41791110002"), "undelivered")["reason"] == "unknown"


def test_a_refusal_of_the_centre_is_a_failure(joined: Joined) -> None:
    """What the centre refuses after Kannel took it ends as `failed`, by Kannel's own report."""
    joined.stand.centre.tell("refuse 11")  # ESME_RINVDSTADR
    assert ends(joined, joined.world.started("+41791110003"), "failed")["reason"] == "provider_error"


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("a" * 160, id="a full segment"),
        pytest.param("a" * 161, id="one more"),
        pytest.param("€" * 80, id="a segment of escapes"),
        pytest.param("€" * 81, id="an escape at the seam"),
        pytest.param("a" * 152 + "€" + "b" * 200, id="an escape that would be cut"),
        pytest.param("ж" * 70, id="a full segment of UCS-2"),
        pytest.param("ж" * 71, id="one more of UCS-2"),
        pytest.param("ж" * 66 + "🔑" + "ж" * 10, id="a surrogate pair at the seam"),
        pytest.param("{code} [x] \\ ~ ^ | €", id="the whole extension table"),
    ],
)
def test_kannel_splits_as_we_measure(stand: Stand, text: str) -> None:
    """The parts that leave Kannel are as many as we count, and joined they are the text."""
    stand.centre.tell("stat DELIVRD err 000")
    size = measure(text)
    to = f"+4179222{next(_numbers)}"
    provider = build("kannel", "own", {"url": stand.url, "username": USER, "password": PASSWORD, "sender": "Shop"})
    with httpx.Client() as client:
        sent = client.send(provider.request(Message("msg_1", to, text, "CH", encoding=size.encoding), 0))
    assert provider.outcome(sent).verdict is Verdict.ACCEPTED
    wait_until(lambda: len(stand.centre.submitted(to)) >= size.segments, WITHIN_S)
    parts = stand.centre.submitted(to)
    assert len(parts) == size.segments
    joined = "".join(part["text"] for part in parts)
    # Kannel cuts surrogate pairs in two; a phone joins the parts' bytes before it reads them.
    assert joined.encode("utf-16", "surrogatepass").decode("utf-16") == text


@pytest.mark.parametrize(
    ("options", "verdict", "reason"),
    [
        ({"password": "wrong"}, Verdict.MISCONFIGURED, "bad_credentials"),
        ({"sender": None}, Verdict.MISCONFIGURED, "invalid_sender"),
    ],
)
def test_kannels_own_refusals_are_understood(
    stand: Stand, options: dict[str, Any], verdict: Verdict, reason: str
) -> None:
    """What smsbox refuses becomes the outcome that says what to change, with a hint for people."""
    given = {"url": stand.url, "username": USER, "password": PASSWORD, "sender": "Shop", **options}
    provider = build("kannel", "own", given)
    with httpx.Client() as client:
        outcome = provider.outcome(client.send(provider.request(Message("msg_1", NUMBER, "x", "CH"), 0)))
    assert (outcome.verdict, outcome.reason) == (verdict, reason)
    assert provider.hint(outcome.raw)
