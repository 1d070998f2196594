"""Tokens that count: each counter once, a few presses ahead, and found again after many."""

from tests.factor_world import FactorWorld


def confirmed(owner: FactorWorld) -> dict[str, str]:
    """A token whose first code, of counter 0, was typed in; of eight digits, as of its codes no two shall be alike."""
    made = owner.enrolled(type="hotp", digits=8)
    assert owner.ask(f"/v1/factors/{made['id']}/confirm", code=owner.app_code(made, counter=0))["valid"]
    return made


def test_each_counter_counts_once_and_never_an_older_one(owner: FactorWorld) -> None:
    """The next code is taken, then one a few presses later; what was passed over is used up with it."""
    made = confirmed(owner)
    heard = [owner.verdict(owner.app_code(made, counter=counter)) for counter in (1, 1, 5, 4, 5, 6)]
    assert heard == ["valid", "already_used", "valid", "already_used", "already_used", "valid"]


def test_only_a_few_presses_ahead_are_taken(owner: FactorWorld) -> None:
    """Ten codes from the next one on are looked at (RFC 4226, section 7.4)."""
    made = confirmed(owner)
    assert owner.verdict(owner.app_code(made, counter=11)) == "wrong_code"
    assert owner.verdict(owner.app_code(made, counter=10)) == "valid"


def test_a_token_from_a_pocket_is_found_by_two_codes_in_a_row(owner: FactorWorld) -> None:
    """Two codes that follow each other find a token up to a thousand presses ahead, and use those up."""
    made = confirmed(owner)
    path = f"/v1/factors/{made['id']}/resync"
    at = [owner.app_code(made, counter=counter) for counter in (900, 901, 902, 1003, 1004)]
    assert owner.ask(path, codes=[at[0], at[2]])["reason"] == "wrong_code"
    assert owner.ask(path, codes=at[3:])["reason"] == "wrong_code"
    assert owner.ask(path, codes=at[:2])["valid"]
    assert [owner.verdict(code) for code in at[:3]] == ["already_used", "already_used", "valid"]


def test_its_uri_tells_the_counter(quick: FactorWorld) -> None:
    """An app that counts begins where the service does."""
    assert "otpauth://hotp/" in quick.enrolled(type="hotp")["uri"]
    assert "counter=0" in quick.enrolled(type="hotp")["uri"]
