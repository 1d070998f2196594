"""Factors from a file: taken over whole or not at all, once, and no code of theirs twice."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from sqlalchemy import select

from otp_service.domain.errors import Refusal
from otp_service.ledger import audit, factors
from otp_service.ledger.schema import factor_history, factor_users
from otp_service.ledger.schema import factors as table
from otp_service.service.factors import importing
from otp_service.service.factors.enrolling import MOST_FACTORS
from otp_service.service.factors.users import user_index_of
from tests.factor_world import STEP, FactorWorld
from tests.service.factors.files import code, entry, file_of, taken, token

CSV = "user,secret\n"


def counted(world: FactorWorld) -> int:
    """How many factors there are."""
    with world.core.engine.connect() as connection:
        return len(connection.execute(select(table.c.id)).all())


def acts(world: FactorWorld) -> list[audit.Entry]:
    """What the audit tells of imports, the newest first."""
    with world.core.engine.connect() as connection:
        return [each for each in audit.entries(connection) if each.act == "factors.import"]


def test_imported_factors_count_at_once(owner: FactorWorld) -> None:
    """What was confirmed elsewhere needs no first code here: the next one is taken, of apps and of tokens."""
    app = entry("u1", algorithm="SHA256", digits=8, period_s=60, label="Ana's phone", issuer="Old shop")
    press = token("u2", counter=41)
    told = taken(owner, file_of(app, press))
    assert (told.new, told.known, told.refused, told.written) == (2, 0, 0, True)
    owner.clock.pass_(2 * STEP)
    assert owner.verdict(code(owner, app)) == "valid"
    assert owner.verdict(code(owner, press), "u2") == "valid"
    (shown,) = owner.factors.get("/v1/users/u1/factors").json["items"]
    assert (shown["status"], shown["label"], shown["issuer"]) == ("active", "Ana's phone", "Old shop")


def test_a_code_that_was_taken_elsewhere_is_not_taken_again(owner: FactorWorld) -> None:
    """Steps of time up to the import count as used, also of a device whose clock is ahead; so do counters of tokens."""
    app, ahead, press = entry("u1"), entry("u2", drift=2), token("u3", counter=41)
    taken(owner, file_of(app, ahead, press))
    assert owner.verdict(code(owner, app)) == "already_used"
    assert owner.verdict(code(owner, ahead, 2), "u2") == "already_used"
    assert owner.verdict(code(owner, press, -1), "u3") == "already_used"
    owner.clock.pass_(STEP)
    assert owner.verdict(code(owner, app)) == "valid"
    assert owner.verdict(code(owner, ahead, 2), "u2") == "valid"
    assert owner.verdict(code(owner, press), "u3") == "valid"


def test_told_again_it_changes_nothing(owner: FactorWorld) -> None:
    """The same secret of the same user is known, whatever format it comes in; of another user it is new."""
    taken(owner, file_of(entry("u1"), entry("u2", bytes(20))))
    once = counted(owner)
    again = taken(owner, file_of(entry("u1"), entry("u2", bytes(20)), format="csv"), "csv")
    assert (again.new, again.known, again.written, counted(owner)) == (0, 2, True, once)
    assert len(acts(owner)) == 1
    assert taken(owner, file_of(entry("u3"))).new == 1


def test_presses_that_were_used_elsewhere_meanwhile_are_used_up(owner: FactorWorld) -> None:
    """A count that is further on in a file is taken over, which is audited; one that is behind changes nothing."""
    taken(owner, file_of(token(counter=41)))
    for counter, moved_on in ((45, 1), (43, 0)):
        for dry_run in (True, False):
            told = taken(owner, file_of(token(counter=counter)), dry_run=dry_run)
            assert (told.new, told.known, told.moved_on) == (0, 1, moved_on)
    assert owner.verdict(code(owner, token(counter=44))) == "already_used"
    assert owner.verdict(code(owner, token(counter=45))) == "valid"
    assert [(each.after or {}).get("moved_on") for each in acts(owner)] == [1, None]


def test_imports_at_the_same_time_add_nothing_twice(owner: FactorWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    """Four operators who import one file at once have its factors once between them."""
    monkeypatch.setattr(importing, "AT_ONCE", 5)
    file = file_of(*(entry(f"u{n}") for n in range(20)))
    with ThreadPoolExecutor(4) as pool:
        told = list(pool.map(lambda _: taken(owner, file), range(4)))
    assert (sum(each.new for each in told), sum(each.known for each in told), counted(owner)) == (20, 60, 20)


def test_the_same_factor_twice_in_a_file_is_one(owner: FactorWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    """A repeated row is known, in one batch and over batches, and a dry run counts as the import does."""
    monkeypatch.setattr(importing, "AT_ONCE", 2)
    file = file_of(entry("u1"), entry("u1"), entry("u2"), entry("u1"))
    assert (taken(owner, file, dry_run=True).new, taken(owner, file).new, counted(owner)) == (2, 2, 2)


def test_a_secret_that_was_enrolled_here_is_known(owner: FactorWorld) -> None:
    """An import of what this service exported, or enrolled itself, adds nothing."""
    made = owner.confirmed("u1")
    file = f"{CSV}u1,{made['secret']}\n".encode()
    assert (taken(owner, file, "csv").known, counted(owner)) == (1, 1)


def test_a_dry_run_changes_nothing(owner: FactorWorld) -> None:
    """A dry run tells what would become of each row, and leaves no trace, not even of users."""
    told = taken(owner, file_of(entry("u1"), entry("u2", bytes(12))), dry_run=True)
    assert (told.new, told.refused, told.written) == (1, 1, False)
    assert (counted(owner), acts(owner)) == (0, [])
    with owner.core.engine.connect() as connection:
        assert connection.execute(select(factor_users)).all() == []


def test_one_bad_row_keeps_all_out(owner: FactorWorld) -> None:
    """If a row is refused nothing is changed, and each is told by its line; asked to, the import skips them."""
    file = f"{CSV}u1,{'A' * 32}\nu2,not-base32!\nu3,{'B' * 32}\nu4,short\n".encode()
    told = taken(owner, file, "csv")
    assert (told.new, told.refused, told.written, counted(owner)) == (2, 2, False, 0)
    assert [line for line, _ in told.reasons] == [3, 5]
    assert "base32" in told.reasons[0][1]
    told = taken(owner, file, "csv", skip_refused=True)
    assert (told.new, told.refused, told.written, counted(owner)) == (2, 2, True, 2)


def test_weak_secrets_are_taken_only_if_one_says_so(owner: FactorWorld) -> None:
    """Secrets of under 128 bits are refused, unless they are allowed; the audit counts them."""
    file = file_of(entry("u1", bytes(10)), entry("u2"))
    told = taken(owner, file)
    assert told.reasons == [(2, "the secret has under 128 bits: enrol its user anew, or allow weak ones")]
    assert taken(owner, file, allow_weak=True).new == 2
    assert acts(owner)[0].after == {"format": "sealed", "factors": 2, "weak": 1}


def test_a_user_has_only_so_many_factors(owner: FactorWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    """A row that would be one factor too many is refused, counted over batches and with what the user has."""
    monkeypatch.setattr(importing, "AT_ONCE", 4)
    taken(owner, file_of(*(entry("u1", bytes([n]) * 20) for n in range(MOST_FACTORS - 5))))
    more = file_of(*(entry("u1", bytes([n]) * 20) for n in range(100, 106)))
    for told in (taken(owner, more, dry_run=True), taken(owner, more)):
        assert (told.new, told.refused, told.reasons[0][0]) == (5, 1, 7)
    assert taken(owner, more, skip_refused=True).new == 5
    assert counted(owner) == MOST_FACTORS


def test_a_damaged_file_brings_nothing_in(owner: FactorWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that is cut short or opens no further is refused whole, however much of it was well."""
    monkeypatch.setattr(importing, "AT_ONCE", 1)
    file = file_of(entry("u1"), entry("u2"), entry("u3"))
    for damaged in (file.rpartition(b'"\n"')[0] + b'"\n', file.replace(b"otp-service", b"other")):
        with pytest.raises(Refusal, match="nothing was changed") as refused:
            taken(owner, damaged)
        assert refused.value.code == "invalid_field"
    assert counted(owner) == 0


def test_an_application_must_be_there(owner: FactorWorld) -> None:
    """An unknown application is told."""
    with pytest.raises(Refusal, match="no such application"):
        importing.import_factors(owner.core, "cli", list, importing.Wish("shoe", "csv"))


def test_batches_are_audited_with_their_factors(owner: FactorWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each batch has its entry, which tells how many came and nothing of what; history tells of each factor."""
    monkeypatch.setattr(importing, "AT_ONCE", 2)
    taken(owner, file_of(*(entry(f"u{n}") for n in range(5))))
    assert [each.after and each.after["factors"] for each in acts(owner)] == [1, 2, 2]
    assert {each.application_id for each in acts(owner)} == {owner.shop}
    with owner.core.engine.connect() as connection:
        told = connection.execute(select(factor_history.c.event, factor_history.c.data)).all()
    assert [tuple(each) for each in told] == [("imported", {"type": "totp"})] * 5


def test_a_known_user_stays_as_they_are(owner: FactorWorld) -> None:
    """Wrong codes that are counted against a user, and what they enrolled here, outlive an import."""
    made = owner.confirmed("u1")
    owner.check(owner.wrong(made))
    taken(owner, file_of(entry("u1")))
    with owner.core.engine.connect() as connection:
        index = user_index_of(owner.core, owner.shop, "u1")
        assert connection.scalar(select(factor_users.c.failures)) == 1
        assert [each.status for each in factors.of_user(connection, index, owner.clock.now)] == ["active", "active"]
    assert owner.verdict(owner.app_code(made)) == "valid"


def test_sealed_rows_open_in_their_place_alone(owner: FactorWorld) -> None:
    """Secrets that came in are bound to their user and factor as any other: swapped, none of them opens a door."""
    taken(owner, file_of(entry("u1"), entry("u2", bytes(20))))
    with owner.core.engine.begin() as connection:
        rows = connection.execute(select(table.c.id, table.c.sealed)).all()
        for (id, _), (_, sealed) in zip(rows, reversed(rows), strict=True):
            connection.execute(table.update().where(table.c.id == id).values(sealed=sealed))
    owner.clock.pass_(STEP)
    assert owner.verdict(code(owner, entry("u1"))) != "valid"
    assert owner.verdict(code(owner, entry("u2", bytes(20))), "u1") != "valid"


def test_what_privacyidea_has_no_use_for_is_left_out(quick: FactorWorld) -> None:
    """Tokens that are no factors here are counted by their reason, and keep nothing out."""
    text = "- {type: sms, owner: a@b}\n- {type: totp, otpkey: '%s', owner: u1@b}\n" % ("31" * 20)
    told = taken(quick, text.encode(), "privacyidea")
    assert (told.new, dict(told.left_out), told.written) == (1, {"of another type": 1}, True)


def test_a_file_has_a_million_rows_at_most(quick: FactorWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    """A larger file is refused with what to do."""
    monkeypatch.setattr(importing, "MOST_ROWS", 2)
    with pytest.raises(Refusal, match="import it in parts"):
        taken(quick, file_of(*(replace(entry(), user=f"u{n}") for n in range(3))))
