"""Recovery codes as the ledger keeps them: keyed hashes, each used once."""

from collections.abc import Iterable

from sqlalchemy import Connection, func, insert, select, update

from otp_service.ledger.schema import recovery_codes


def add(connection: Connection, factor_id: str, hashes: Iterable[str]) -> None:
    """The codes of a new set."""
    connection.execute(insert(recovery_codes), [{"factor_id": factor_id, "code_hash": each} for each in hashes])


def use(connection: Connection, factor_id: str, code_hash: str, now_ms: int) -> bool:
    """Uses up a code; False if there is no such code that is unused."""
    this = (recovery_codes.c.factor_id == factor_id, recovery_codes.c.code_hash == code_hash)
    unused = update(recovery_codes).where(*this, recovery_codes.c.used_at.is_(None)).values(used_at=now_ms)
    return connection.execute(unused).rowcount == 1


def is_used(connection: Connection, factor_id: str, code_hash: str) -> bool:
    """Whether this was a code of the set, and was used."""
    this = (recovery_codes.c.factor_id == factor_id, recovery_codes.c.code_hash == code_hash)
    used = select(recovery_codes.c.used_at).where(*this, recovery_codes.c.used_at.is_not(None))
    return connection.scalar(used) is not None


def left(connection: Connection, factor_id: str) -> int:
    """How many codes of a set are unused."""
    unused = recovery_codes.c.used_at.is_(None)
    count = select(func.count()).select_from(recovery_codes).where(recovery_codes.c.factor_id == factor_id, unused)
    return int(connection.scalar(count) or 0)
