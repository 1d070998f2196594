"""All factors of an application as a file."""

import pytest

from otp_service.domain.errors import Refusal
from otp_service.domain.policy import Policy
from otp_service.ledger import audit
from otp_service.ledger.schema import factors as table
from otp_service.service.factors.exporting import export_factors
from tests.factor_world import STEP, FactorWorld
from tests.service.factors.files import PASSPHRASE, code, entry, exported, file_of, read, taken, token


def test_what_goes_out_comes_in_elsewhere(owner: FactorWorld) -> None:
    """A sealed export has every factor with all that belongs to it: hash, counter, drift, label and newest step."""
    some = [
        entry("u1", algorithm="SHA512", digits=8, period_s=60, label="Ana's phone", issuer="Shop", drift=-3),
        token("u2", counter=41),
    ]
    taken(owner, file_of(*some))
    owner.clock.pass_(STEP)
    assert owner.verdict(code(owner, some[1]), "u2") == "valid"
    ana, bea = read(exported(owner))
    assert (ana.secret, ana.algorithm, ana.digits, ana.period_s, ana.drift) == (some[0].secret, "SHA512", 8, 60, -3)
    assert (ana.label, ana.issuer) == ("Ana's phone", "Shop")
    assert ana.counter == owner.clock.now // 60_000
    assert (bea.type, bea.counter, bea.label) == ("hotp", 42, None)


def test_an_export_holds_what_counts_and_no_more(owner: FactorWorld) -> None:
    """Unconfirmed factors, recovery codes, what test keys made and other applications' factors stay here."""
    owner.confirmed("u1")
    owner.enrolled("u2")
    owner.enrolled("u3", "recovery_codes")
    owner.confirmed("u4", by=owner.caller("factors", test=True))
    other = owner.application("other", Policy())
    owner.confirmed("u5", by=owner.caller("factors", application=other))
    assert [each.user for each in read(exported(owner))] == ["u1"]


@pytest.mark.parametrize("format", ["csv", "otpauth", "migration"])
def test_plain_formats_want_to_be_asked_for(owner: FactorWorld, format: str) -> None:
    """A file of open secrets is written only for who says so."""
    owner.confirmed("u1")
    with pytest.raises(Refusal, match="format: whoever reads this file can make every code"):
        exported(owner, format)
    assert [each.user for each in read(exported(owner, format, plain=True), format)] == ["u1"]


def test_an_export_is_in_the_audit_before_it_leaves(owner: FactorWorld) -> None:
    """Who took how many factors in which format is written down, and nothing of what they are."""
    made = owner.confirmed("u1")
    exported(owner, "csv", plain=True)
    with owner.core.engine.connect() as connection:
        told = audit.entries(connection)[0]
    assert (told.actor, told.act, told.application_id) == ("cli", "factors.export", owner.shop)
    assert told.after == {"format": "csv", "factors": 1}
    assert made["secret"] not in str(told)


def test_a_short_passphrase_is_refused(quick: FactorWorld) -> None:
    """An export that could be guessed open is none, and leaves no trace in the audit."""
    with pytest.raises(Refusal, match="12 characters"):
        export_factors(quick.core, "cli", "shop", "sealed", "short")
    with pytest.raises(Refusal, match="must be one of"):
        export_factors(quick.core, "cli", "shop", "privacyidea", PASSPHRASE, plain=True)
    with quick.core.engine.connect() as connection:
        assert not [each for each in audit.entries(connection) if each.act == "factors.export"]


def test_a_factor_that_does_not_open_ends_the_export(owner: FactorWorld) -> None:
    """An export is whole or none: a factor whose row was changed is named, and the file has no end."""
    made = owner.confirmed("u1")
    with owner.core.engine.begin() as connection:
        connection.execute(table.update().values(sealed="k1.AAAA"))
    with pytest.raises(Refusal, match=made["id"]):
        exported(owner)


def test_what_a_format_cannot_carry_is_told(owner: FactorWorld) -> None:
    """A format that would lose a user's name refuses it."""
    taken(owner, file_of(entry(" u1")))
    with pytest.raises(Refusal, match="spaces around a name"):
        exported(owner, "csv", plain=True)
    assert read(exported(owner))[0].user == " u1"


def test_an_application_without_factors_has_an_export(owner: FactorWorld) -> None:
    """Nobody's factors are a whole file too."""
    assert read(exported(owner)) == []
