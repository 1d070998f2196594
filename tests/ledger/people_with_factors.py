"""What the ledger's specs tell of people with factors: rows in short words."""

from typing import Any

from sqlalchemy import Engine, insert

from otp_service.ledger.schema import (
    factor_history,
    factor_users,
    factors,
    recovery_codes,
    spent_proofs,
    trusted_devices,
)
from tests.ledger.telling import DAY, NOW, Row


def user(index: str = "u1", application: str = "app_1", **more: Any) -> Row:
    """A user of an application, nothing held against them."""
    held = {"failures": 0, "locked_until": 0, "disabled_at": None}
    who = {"user_index": index, "application_id": application, "test": False, "user_sealed": f"k1.{index}"}
    return {**who, **held, "created_at": NOW, **more}


def factor(id: str = "fac_1", index: str = "u1", application: str = "app_1", **more: Any) -> Row:
    """An app's factor that counts."""
    whose = {"id": id, "user_index": index, "application_id": application}
    made = {"type": "totp", "status": "active", "algorithm": "SHA1", "digits": 6, "period_s": 30}
    stands = {"sealed": f"k1.{id}", "counter": 0, "drift": 0, "created_at": NOW, "expires_at": None}
    return {**whose, **made, **stands, "confirmed_at": NOW, "used_at": None, **more}


def device(id: str = "dev_1", index: str = "u1", **more: Any) -> Row:
    """A device that is trusted for a day."""
    times = {"created_at": NOW, "expires_at": NOW + DAY, "seen_at": None, "revoked_at": None}
    return {"id": id, "user_index": index, "device_index": "d", "label_sealed": f"k1.{id}", **times, **more}


def happened(id: str = "fah_1", index: str = "u1", application: str = "app_1", at: int = NOW) -> Row:
    """Something that happened to a user's factors."""
    whose = {"id": id, "application_id": application, "user_index": index, "factor_id": "fac_1"}
    return {**whose, "event": "checked", "at": at, "data": {"type": "totp"}}


# A set of recovery codes, since a restore leaves it as it is.
CODES = factor(type="recovery_codes", algorithm=None, digits=None, period_s=None)
EVERYTHING = (
    (factor_users, user()),
    (factors, CODES),
    (recovery_codes, {"factor_id": "fac_1", "code_hash": "h", "used_at": None}),
    (trusted_devices, device()),
    (spent_proofs, {"id": "prf_1", "expires_at": NOW + DAY}),
    (factor_history, happened()),
)


def tell(engine: Engine, *told: tuple[Any, Row]) -> None:
    """Writes rows down."""
    with engine.begin() as connection:
        for table, row in told:
            connection.execute(insert(table).values(row))
