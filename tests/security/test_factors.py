"""What broke elsewhere in second factors, and must not break here: SECURITY's known failures, each by its name."""

import pytest
from sqlalchemy import select, update

from otp_service.domain.factors.codes import Generator, step_of
from otp_service.ledger.schema import factors
from tests.factor_world import (
    STEP,
    FactorWorld,
)
from tests.security.together import AT_ONCE, at_once, heard


def test_a_code_of_an_app_is_accepted_once_of_64_at_once(owner: FactorWorld) -> None:
    """RFC 6238, 5.2; CVE-2026-33473, CVE-2026-27855, CVE-2026-43930: one use, whatever comes at once."""
    made = owner.confirmed()
    body = {"user": "u1", "code": owner.app_code(made)}
    said = heard(at_once(owner, "/v1/factors/check", [body] * AT_ONCE))
    assert said == {"valid": 1, "already_used": AT_ONCE - 1}
    assert owner.factors.get("/v1/users/u1/factors").json["attempts_left"] == 100


def test_a_recovery_code_is_accepted_once_of_64_at_once(owner: FactorWorld) -> None:
    """GHSA-2299-ghjr-6vjp, CVE-2026-31875, appwrite 11692: a recovery code is consumed by its first use."""
    codes = owner.enrolled(type="recovery_codes")["codes"]
    said = heard(at_once(owner, "/v1/factors/check", [{"user": "u1", "code": codes[0]}] * AT_ONCE))
    assert said == {"valid": 1, "already_used": AT_ONCE - 1}
    assert owner.check(codes[1])["codes_left"] == 8


def test_a_counter_is_accepted_once_of_64_at_once(owner: FactorWorld) -> None:
    """A token's code is consumed by its first use, and so is a confirmation."""
    made = owner.enrolled(type="hotp")
    first = {"code": owner.app_code(made, counter=0)}
    said = heard(at_once(owner, f"/v1/factors/{made['id']}/confirm", [first] * 16))
    assert said["valid"] == 1
    body = {"user": "u1", "code": owner.app_code(made, counter=1)}
    assert heard(at_once(owner, "/v1/factors/check", [body] * AT_ONCE)) == {"valid": 1, "already_used": AT_ONCE - 1}


def test_of_64_wrong_codes_at_once_five_are_looked_at(owner: FactorWorld) -> None:
    """AuthQuake, Keycloak CVE-2024-4629: parallel guesses pay one after the other, and the rest wait."""
    made = owner.confirmed()
    body = {"user": "u1", "code": owner.wrong(made)}
    answers = at_once(owner, "/v1/factors/check", [body] * AT_ONCE)
    assert heard(answers) == {"wrong_code": 5, "user_locked": AT_ONCE - 5}
    assert sorted(each["attempts_left"] for each in answers if "attempts_left" in each) == [95, 96, 97, 98, 99]


def test_a_step_before_an_accepted_one_is_refused(owner: FactorWorld) -> None:
    """CVE-2015-7225, CVE-2021-43177: after a newer step no older one counts, though it is in time."""
    made = owner.confirmed()
    owner.clock.pass_(10 * STEP)
    before = owner.app_code(made, -1)
    assert owner.verdict(owner.app_code(made)) == "valid"
    assert owner.verdict(before) == "already_used"
    owner.clock.pass_(STEP)
    assert owner.verdict(owner.app_code(made, -1)) == "already_used"


def test_the_code_that_confirmed_an_app_opens_nothing_more(owner: FactorWorld) -> None:
    """The first code is a use like any other."""
    made = owner.enrolled()
    code = owner.app_code(made)
    assert owner.ask(f"/v1/factors/{made['id']}/confirm", code=code)["valid"]
    assert owner.verdict(code) == "already_used"


@pytest.mark.parametrize("blank", [" ", "\t", "\n", "\u00a0", "\u200b"])
@pytest.mark.parametrize("place", ["before", "after", "within"])
def test_white_space_makes_no_other_code(quick: FactorWorld, blank: str, place: str) -> None:
    """Vault CVE-2025-6014 and -6015, OpenBao CVE-2025-55003: a variant in white space is no code, and no fresh one."""
    made = quick.confirmed()
    code = quick.app_code(made)
    assert quick.verdict(code) == "valid"
    spelled = {"before": blank + code, "after": code + blank, "within": code[:3] + blank + code[3:]}[place]
    assert quick.factors.post("/v1/factors/check", {"user": "u1", "code": spelled}).status_code == 422


def test_digits_of_other_scripts_are_no_digits(quick: FactorWorld) -> None:
    """What pyotp takes for digits is refused before it is asked."""
    made = quick.confirmed()
    wide = quick.app_code(made).translate({ord("0") + n: 0xFF10 + n for n in range(10)})
    assert quick.factors.post("/v1/factors/check", {"user": "u1", "code": wide}).status_code == 422
    assert quick.factors.get("/v1/users/u1/factors").json["attempts_left"] == 100


@pytest.mark.parametrize(("algorithm", "bits"), [("SHA1", 160), ("SHA256", 256), ("SHA512", 512)])
def test_secrets_are_as_long_as_their_hash(quick: FactorWorld, algorithm: str, bits: int) -> None:
    """Devise-two-factor CVE-2024-8796 had 120 bits: no secret has fewer than 160, and none comes twice."""
    secrets = {quick.enrolled(user, algorithm=algorithm)["secret"] for user in "abc"}
    assert {len(secret) * 5 // 8 * 8 for secret in secrets} == {bits}
    assert len(secrets) == 3


def test_swapped_secrets_open_nothing(owner: FactorWorld) -> None:
    """Row 11: sealed values are bound to application, user and factor; who swaps two rows opens neither."""
    mine, theirs = owner.confirmed("u1"), owner.confirmed("u2")
    with owner.core.engine.begin() as connection:
        sealed = dict(connection.execute(select(factors.c.id, factors.c.sealed)).all())
        for id, other in ((mine["id"], theirs["id"]), (theirs["id"], mine["id"])):
            connection.execute(update(factors).where(factors.c.id == id).values(sealed=sealed[other]))
    for made, user in ((mine, "u2"), (theirs, "u2"), (mine, "u1"), (theirs, "u1")):
        assert owner.verdict(owner.app_code(made), user) == "wrong_code"


def test_a_factor_that_is_moved_to_another_user_opens_nothing(owner: FactorWorld) -> None:
    """Row 11: a row that is given to another user does not open there."""
    mine, kept = owner.confirmed("u1"), owner.confirmed("u2")
    owner.clock.pass_(STEP)
    with owner.core.engine.begin() as connection:
        theirs = connection.scalar(select(factors.c.user_index).where(factors.c.id != mine["id"]))
        connection.execute(update(factors).where(factors.c.id == mine["id"]).values(user_index=theirs))
    assert owner.verdict(owner.app_code(mine), "u2") == "wrong_code"
    assert owner.verdict(owner.app_code(kept), "u2") == "valid"


def test_a_wrong_code_does_not_tell_on_which_factor_it_failed(quick: FactorWorld) -> None:
    """Answers to a wrong code are alike, whatever factors there are."""
    made = [quick.confirmed("u1"), quick.confirmed("u2", type="hotp"), quick.confirmed("u3")]
    quick.enrolled("u3", "recovery_codes")
    wrong = quick.wrong(*made)
    answers = [quick.check(wrong, user) for user in ("u1", "u2", "u3")]
    assert all(answer == answers[0] for answer in answers)
    assert answers[0]["factor"] is answers[0]["type"] is None


def test_no_answer_but_the_enrolment_shows_a_secret(quick: FactorWorld) -> None:
    """What proves a factor is shown once."""
    made = quick.confirmed()
    said = repr([quick.factors.get(f"/v1/factors/{made['id']}").json, quick.factors.get("/v1/users/u1/factors").json])
    said += repr([quick.check(quick.app_code(made)), quick.factors.delete(f"/v1/factors/{made['id']}").json])
    assert made["secret"] not in said
    assert "secret" not in said


def test_more_factors_take_no_more_than_four_codes_each(quick: FactorWorld) -> None:
    """However a clock has drifted, at most the codes of four steps are right at any time."""
    made = quick.enrolled(digits=8)  # of six, two steps would share one now and then
    assert quick.ask(f"/v1/factors/{made['id']}/confirm", code=quick.app_code(made, 4))["valid"]
    quick.clock.pass_(20 * STEP)
    app = Generator(made["secret"], made["algorithm"], made["digits"])
    now = step_of(quick.clock.now, 30)
    right = []
    for steps in range(-12, 13):
        with quick.core.engine.begin() as connection:
            connection.execute(update(factors).values(counter=0, drift=4))
        if quick.verdict(app.code(now + steps)) == "valid":
            right.append(steps)
        with quick.core.engine.begin() as connection:
            connection.exec_driver_sql("UPDATE factor_users SET failures = 0, locked_until = 0")
    assert right == [-1, 0, 3, 4]
