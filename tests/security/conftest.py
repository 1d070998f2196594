"""What attacks in tests have in common: nobody who is attacked is short of time."""

import pytest

from otp_service.ledger import engine
from otp_service.store import link
from tests.ledger.databases import PATIENCE


@pytest.fixture(autouse=True)
def _patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """Redis and the ledger have all the time that many callers at once take on a busy machine."""
    monkeypatch.setattr(link, "AGAIN_BEFORE_S", 60)
    for name, value in PATIENCE.items():
        monkeypatch.setattr(engine, name, value)
