"""Which keys of the ring the ledger still needs."""

import pytest
from sqlalchemy import Engine

from otp_service.domain.policy import Policy
from otp_service.ledger import applications, blocks, meta
from otp_service.ledger.changes import AuditKey, change
from otp_service.ledger.engine import reading
from otp_service.ledger.facts import apply_facts
from otp_service.ledger.kids import missing_kids
from tests.ledger.telling import NOW, started


@pytest.fixture
def sealed(engine: Engine) -> Engine:
    """A ledger with values under k1 (a person), k2 (a block), k3 (the index key) and k4 (the audit)."""
    apply_facts(engine, [started("ver_1", "app_1")])
    meta.ensure_index_key(engine, lambda: "k3.sealed")
    with change(engine, AuditKey("k4", b"k" * 32), "cli", NOW) as opened:
        applications.create(opened, "shop", Policy())
        blocks.add(opened, "number", "index", "fraud", to_sealed="k2.sealed")
    return engine


@pytest.mark.parametrize(
    ("ring", "missing"),
    [
        (["k4", "k3", "k2", "k1", "k0"], []),
        (["k2", "k3", "k4"], ["k1"]),
        (["k1", "k3", "k4"], ["k2"]),
        (["k1", "k2", "k4"], ["k3"]),
        (["k1", "k2", "k3"], ["k4"]),
        (["k"], ["k1", "k2", "k3", "k4"]),
    ],
)
def test_a_ring_that_lacks_a_key_shows(sealed: Engine, ring: list[str], missing: list[str]) -> None:
    """Every kid under which something is kept, and that the ring lacks, is named."""
    with reading(sealed) as connection:
        assert missing_kids(connection, ring) == missing
