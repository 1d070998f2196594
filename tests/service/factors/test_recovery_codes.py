"""Recovery codes: shown once, each used once, voided by a new set, counted."""

from sqlalchemy import select

from otp_service.ledger.schema import recovery_codes
from tests.factor_world import FactorWorld


def test_each_code_works_once(owner: FactorWorld) -> None:
    """Ten codes work, one time each, and every answer says how many are left."""
    codes = owner.enrolled(type="recovery_codes")["codes"]
    assert [owner.check(code)["codes_left"] for code in codes] == [9, 8, 7, 6, 5, 4, 3, 2, 1, 0]
    assert {owner.verdict(code) for code in codes} == {"already_used"}
    assert owner.factors.get("/v1/users/u1/factors").json["items"][0]["codes_left"] == 0


def test_a_new_set_voids_the_old_one(owner: FactorWorld) -> None:
    """Of two sets only the newer works, and it is the only one listed."""
    old, new = (owner.enrolled(type="recovery_codes") for _ in range(2))
    assert owner.verdict(old["codes"][0]) == "wrong_code"
    assert owner.verdict(new["codes"][0]) == "valid"
    listed = owner.factors.get("/v1/users/u1/factors").json["items"]
    assert [each["id"] for each in listed] == [new["id"]]


def test_codes_are_typed_as_one_likes(quick: FactorWorld) -> None:
    """Without hyphens or in small letters a code is the same code."""
    codes = quick.enrolled(type="recovery_codes")["codes"]
    assert quick.verdict(codes[0].lower()) == "valid"
    assert quick.verdict(codes[0].replace("-", "")) == "already_used"


def test_codes_of_one_user_open_nothing_of_another(quick: FactorWorld) -> None:
    """A code is of one set: another user's set does not know it."""
    mine, _ = quick.enrolled(type="recovery_codes"), quick.enrolled("u2", "recovery_codes")
    assert quick.verdict(mine["codes"][0], "u2") == "wrong_code"


def test_only_hashes_are_kept(owner: FactorWorld) -> None:
    """The ledger holds ten hashes, none of which tells a code."""
    codes = owner.enrolled(type="recovery_codes")["codes"]
    with owner.core.engine.connect() as connection:
        kept = connection.scalars(select(recovery_codes.c.code_hash)).all()
    assert len(kept) == 10
    assert not any(code in hash or code.replace("-", "") in hash for code in codes for hash in kept)


def test_recovery_codes_have_nothing_to_confirm(quick: FactorWorld) -> None:
    """They count at once."""
    made = quick.enrolled(type="recovery_codes")
    assert made["status"] == "active"
    assert quick.ask(f"/v1/factors/{made['id']}/confirm", code="123456")["code"] == "not_pending"
    assert quick.ask(f"/v1/factors/{made['id']}/resync", codes=["123456", "123457"])["code"] == "invalid_field"
