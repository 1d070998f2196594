"""Which keys of the ring the ledger still needs."""

import pytest
from sqlalchemy import Engine, select

from otp_service.domain.policy import Policy
from otp_service.ledger import applications, blocks, meta
from otp_service.ledger.changes import AuditKey, change
from otp_service.ledger.engine import reading
from otp_service.ledger.facts import apply_facts
from otp_service.ledger.kids import missing_kids
from otp_service.ledger.rekey import rekey
from otp_service.ledger.schema import people
from tests.ledger.telling import NOW, started


@pytest.fixture
def sealed(engine: Engine) -> Engine:
    """A ledger with values under k1 (a person), k2 (a block) and k3 (the index key)."""
    apply_facts(engine, [started("ver_1", "app_1")])
    meta.ensure_index_key(engine, lambda: "k3.sealed")
    with change(engine, AuditKey("index", b"k" * 32), "cli", NOW) as opened:
        applications.create(opened, "shop", Policy())
        blocks.add(opened, "number", "index", "fraud", to_sealed="k2.sealed")
    return engine


@pytest.mark.parametrize(
    ("ring", "missing"),
    [
        (["k3", "k2", "k1", "k0"], []),
        (["k2", "k3"], ["k1"]),
        (["k1", "k3"], ["k2"]),
        (["k1", "k2"], ["k3"]),
        (["k"], ["k1", "k2", "k3"]),
    ],
)
def test_a_ring_that_lacks_a_key_shows(sealed: Engine, ring: list[str], missing: list[str]) -> None:
    """Every kid under which something is kept, and that the ring lacks, is named."""
    with reading(sealed) as connection:
        assert missing_kids(connection, ring) == missing


def test_after_a_rekey_only_the_newest_key_is_needed(sealed: Engine) -> None:
    """Whatever older keys sealed is sealed again, bound to the same names, and no older key is missed any more."""
    bound: dict[str, str] = {}

    def reseal(value: str, bound_to: str) -> str:
        bound[value.partition(".")[0]] = bound_to
        return f"k9.{value}"

    with reading(sealed) as connection:
        person = connection.scalar(select(people.c.number_index))
    assert rekey(sealed, "k9", reseal) == 3
    assert bound == {"k1": person, "k2": "index", "k3": "index_key"}
    with reading(sealed) as connection:
        assert missing_kids(connection, ["k9"]) == []
        assert meta.read(connection, "index_key") == "k9.k3.sealed"
    assert rekey(sealed, "k9", reseal) == 0
