"""The verifier in docs/events.md works as it is written."""

import re
import time
from pathlib import Path
from typing import Any

import pytest

from otp_service.domain.events import TYPES, payload
from otp_service.domain.webhook_signature import SECRET, key_text, signatures

GUIDE = (Path(__file__).parents[2] / "docs" / "events.md").read_text()
KEY, OTHER = key_text(SECRET, b"k" * 32), key_text(SECRET, b"o" * 32)
BODY = payload("message.delivered", 0, {"id": "msg_1"})


def verifier() -> Any:
    """The function that the guide shows."""
    (block,) = re.findall(r"```python\n(.*?)```", GUIDE, re.DOTALL)
    names: dict[str, Any] = {}
    exec(block, names)
    return names["event_of"]


def headers(*keys: str, id: str = "evt_1", at_s: float = 0) -> dict[str, str]:
    """The headers of a delivery that these keys signed."""
    now_s = int(time.time() + at_s)
    signature = signatures(keys, id, now_s, BODY)
    return {"webhook-id": id, "webhook-timestamp": str(now_s), "webhook-signature": signature}


def test_the_guides_verifier_takes_what_we_send() -> None:
    """A delivery is taken once, in a rotation too; a repeat is known."""
    event_of = verifier()
    assert event_of(KEY, headers(OTHER, KEY), BODY)["data"] == {"id": "msg_1"}
    assert event_of(KEY, headers(KEY), BODY) is None


def test_the_guides_verifier_refuses_the_rest() -> None:
    """Another key, another body and an old delivery are refused."""
    event_of = verifier()
    for sent, body in ((headers(OTHER), BODY), (headers(KEY), BODY + b" "), (headers(KEY, at_s=-400), BODY)):
        with pytest.raises(ValueError, match=r"too old|not signed"):
            event_of(KEY, sent, body)


def test_the_guide_names_every_type() -> None:
    """Every type of event is in the guide's table, and no other."""
    table = GUIDE.partition("|---|")[2].partition("\n\n")[0]
    assert set(re.findall(r"`(\w+\.\w+)`", table)) == set(TYPES)
