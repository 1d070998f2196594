"""Authenticator apps: enrolled, confirmed, checked; a step counts once, and the device's clock is remembered."""

from urllib.parse import parse_qs, urlsplit

import pytest

from tests.clock import MINUTE
from tests.factor_world import STEP, FactorWorld


def test_an_app_counts_once_it_is_confirmed(owner: FactorWorld) -> None:
    """A new app opens nothing before a first right code, and then does."""
    made = owner.enrolled()
    assert owner.verdict(owner.app_code(made)) == "not_found"
    assert owner.ask(f"/v1/factors/{made['id']}/confirm", code=owner.wrong(made))["reason"] == "wrong_code"
    told = owner.ask(f"/v1/factors/{made['id']}/confirm", code=owner.app_code(made))
    assert (told["valid"], told["factor"], told["type"]) == (True, made["id"], "totp")
    owner.clock.pass_(STEP)
    told = owner.check(owner.app_code(made))
    assert (told["valid"], told["factor"], told["type"]) == (True, made["id"], "totp")


def test_an_app_without_a_code_is_forgotten_after_ten_minutes(owner: FactorWorld) -> None:
    """An enrolment that nobody finishes is as if it had never been."""
    made = owner.enrolled()
    owner.clock.pass_(10 * MINUTE - 1)
    assert owner.factors.get(f"/v1/factors/{made['id']}").status_code == 200
    owner.clock.pass_(1)
    assert owner.factors.get(f"/v1/factors/{made['id']}").status_code == 404
    assert owner.factors.get("/v1/users/u1/factors").json["items"] == []
    assert owner.ask(f"/v1/factors/{made['id']}/confirm", code=owner.app_code(made))["code"] == "not_found"


def test_a_confirmed_app_is_not_confirmed_again(quick: FactorWorld) -> None:
    """A second confirmation is refused and takes no code."""
    made = quick.confirmed()
    assert quick.ask(f"/v1/factors/{made['id']}/confirm", code=quick.app_code(made))["code"] == "not_pending"
    assert quick.verdict(quick.app_code(made)) == "valid"


@pytest.mark.parametrize("algorithm", ["SHA1", "SHA256", "SHA512"])
@pytest.mark.parametrize(("digits", "period_s"), [(6, 30), (8, 60)])
def test_apps_of_every_kind_are_understood(quick: FactorWorld, algorithm: str, digits: int, period_s: int) -> None:
    """Each hash, length and period works, with a secret as long as the hash, and its URI tells all of it."""
    made = quick.confirmed(algorithm=algorithm, digits=digits, period_s=period_s, label="Ana", issuer="Shop & Co")
    quick.clock.pass_(STEP)
    assert quick.verdict(quick.app_code(made)) == "valid"
    uri = urlsplit(made["uri"])
    told = {name: values[0] for name, values in parse_qs(uri.query).items()}
    assert (uri.scheme, uri.netloc, uri.path) == ("otpauth", "totp", "/Shop%20%26%20Co:Ana")
    assert told["secret"] == made["secret"]
    assert len(made["secret"]) == {"SHA1": 32, "SHA256": 52, "SHA512": 103}[algorithm]
    assert (told.get("algorithm", "SHA1"), told.get("digits", "6"), told.get("period", "30")) == (
        algorithm,
        str(digits),
        str(period_s),
    )
    assert made["qr_svg"].startswith("<svg")


def test_a_code_of_the_step_before_is_taken_unless_the_profile_is_strict(quick: FactorWorld) -> None:
    """One step back is the default, none the strict profile; nothing older and nothing newer ever."""
    made = quick.confirmed()
    quick.clock.pass_(10 * STEP)
    assert [quick.verdict(quick.app_code(made, steps)) for steps in (-2, 1, -1)] == [
        "wrong_code",
        "wrong_code",
        "valid",
    ]
    quick.policy(totp_steps_back=0)
    quick.clock.pass_(10 * STEP)
    assert quick.verdict(quick.app_code(made, -2)) == "wrong_code"
    assert quick.verdict(quick.app_code(made)) == "valid"


def test_a_clock_that_is_off_is_remembered(owner: FactorWorld) -> None:
    """A device two minutes ahead is found at its confirmation; one that drifts is followed, one set right works."""
    made = owner.enrolled()
    assert owner.ask(f"/v1/factors/{made['id']}/confirm", code=owner.app_code(made, 4))["valid"]
    owner.clock.pass_(10 * STEP)
    assert owner.verdict(owner.app_code(made, 4)) == "valid"
    owner.clock.pass_(10 * STEP)
    assert owner.verdict(owner.app_code(made, 3)) == "valid"
    owner.clock.pass_(10 * STEP)
    assert owner.verdict(owner.app_code(made, 2)) == "valid"
    owner.clock.pass_(10 * STEP)
    assert owner.verdict(owner.app_code(made)) == "valid"


def test_a_device_that_ran_away_is_found_by_two_codes_in_a_row(owner: FactorWorld) -> None:
    """Two codes that follow each other find a clock ten minutes off; two that do not are one wrong code."""
    made = owner.confirmed()
    owner.clock.pass_(10 * STEP)
    path = f"/v1/factors/{made['id']}/resync"
    assert owner.verdict(owner.app_code(made, 15)) == "wrong_code"
    apart = [owner.app_code(made, 14), owner.app_code(made, 16)]
    assert owner.ask(path, codes=apart)["reason"] == "wrong_code"
    assert owner.ask(path, codes=[owner.app_code(made, 14), owner.app_code(made, 15)])["valid"]
    assert owner.ask(path, codes=[owner.app_code(made, 14), owner.app_code(made, 15)])["reason"] == "already_used"
    owner.clock.pass_(2 * STEP)
    assert owner.verdict(owner.app_code(made, 15)) == "valid"


def test_a_removed_app_opens_nothing(owner: FactorWorld) -> None:
    """Removing answers the factor as it was; then it is not there any more."""
    made, other = owner.confirmed(), owner.confirmed()
    gone = owner.factors.delete(f"/v1/factors/{made['id']}")
    assert (gone.status_code, gone.json["id"]) == (200, made["id"])
    assert owner.factors.delete(f"/v1/factors/{made['id']}").status_code == 404
    owner.clock.pass_(STEP)
    assert owner.verdict(owner.app_code(made)) == "wrong_code"
    assert owner.verdict(owner.app_code(other)) == "valid"
