"""What wrong codes cost a user, over all factors; what is malformed or used costs nothing."""

import pytest

from otp_service.domain.factors.delays import delay_s
from tests.clock import DAY, SECOND
from tests.factor_world import STEP, FactorWorld


def test_wrong_codes_count_over_all_factors(owner: FactorWorld) -> None:
    """Guesses at an app, a token and recovery codes are guesses at one user."""
    app, _ = owner.confirmed(), owner.enrolled(type="recovery_codes")
    owner.confirmed(type="hotp", digits=8)  # which no code of the app can be of
    left = [owner.check(code)["attempts_left"] for code in (owner.wrong(app), "A" * 16, owner.wrong(app))]
    assert left == [99, 98, 97]
    assert owner.factors.get("/v1/users/u1/factors").json["attempts_left"] == 97


def test_the_fifth_wrong_code_makes_the_next_try_wait(owner: FactorWorld) -> None:
    """While a user waits even the right code is not looked at, and costs nothing; then delays double."""
    made = owner.confirmed()
    assert [owner.verdict(owner.wrong(made)) for _ in range(5)] == ["wrong_code"] * 5
    refused = owner.factors.post("/v1/factors/check", {"user": "u1", "code": owner.app_code(made)})
    assert (refused.status_code, refused.json["code"], refused.headers["Retry-After"]) == (429, "user_locked", "5")
    owner.clock.pass_(5 * SECOND - 1)
    assert owner.verdict(owner.app_code(made)) == "user_locked"
    owner.clock.pass_(1)
    assert owner.check(owner.wrong(made))["attempts_left"] == 94
    assert owner.ask("/v1/factors/check", user="u1", code=owner.app_code(made))["retry_after_s"] == 10


def test_a_right_code_forgives_the_wrong_ones(owner: FactorWorld) -> None:
    """Whoever proves to be the user starts anew."""
    made = owner.confirmed()
    for _ in range(4):
        owner.check(owner.wrong(made))
    assert owner.check(owner.app_code(made))["attempts_left"] == 100
    owner.clock.pass_(STEP)
    assert owner.check(owner.wrong(made))["attempts_left"] == 99


def test_a_hundred_wrong_codes_disable_the_user(owner: FactorWorld) -> None:
    """After the hundredth neither a code, nor a day, nor a new factor helps; the application has heard of it."""
    made = owner.confirmed()
    for failures in range(1, 101):
        assert owner.check(owner.wrong(made))["attempts_left"] == 100 - failures
        owner.clock.pass_(delay_s(failures) * SECOND)
    owner.clock.pass_(DAY)
    assert owner.verdict(owner.app_code(made)) == "user_disabled"
    assert owner.ask("/v1/factors", user="u1", type="totp")["code"] == "user_disabled"
    assert owner.factors.get("/v1/users/u1/factors").json["disabled"]
    assert told(owner) == ["factor.enrolled", "user.locked", "user.disabled"]


def test_a_used_code_costs_nothing(owner: FactorWorld) -> None:
    """A right code that comes again is refused, and is no failure, however often it comes."""
    made = owner.confirmed()
    code = owner.app_code(made)
    assert owner.verdict(code) == "valid"
    assert {owner.verdict(code) for _ in range(12)} == {"already_used"}
    assert owner.factors.get("/v1/users/u1/factors").json["attempts_left"] == 100


@pytest.mark.parametrize(
    "code",
    [
        *("", " 123456", "123456 ", "12345", "123456789", "１２３４５６", "٣٦٠٠٠٠", "12 3456", "123456\n", "0x1234"),
        *(123456, True, None, [], {"$ne": 1}, "+12345", "12.456", "A" * 15, "A" * 17, "A" * 33, "A B" * 5),
    ],
)
def test_what_is_no_code_costs_nothing(quick: FactorWorld, code: object) -> None:
    """Anything but ASCII digits or a recovery code is refused before a try is paid, also while the user is locked."""
    made = quick.confirmed()
    assert quick.factors.post("/v1/factors/check", {"user": "u1", "code": code}).status_code == 422
    assert quick.factors.get("/v1/users/u1/factors").json["attempts_left"] == 100
    assert quick.factors.post(f"/v1/factors/{made['id']}/confirm", {"code": code}).status_code == 422


def test_a_code_of_another_length_is_a_wrong_one(quick: FactorWorld) -> None:
    """A code that fits none of the user's factors does not tell so, and costs a try."""
    quick.confirmed()
    assert quick.check("12345678")["attempts_left"] == 99


def test_a_factor_can_be_asked_alone(quick: FactorWorld) -> None:
    """By its id only that factor is tried, and the try is its user's."""
    one, other = quick.confirmed(), quick.confirmed()
    assert quick.ask("/v1/factors/check", factor=one["id"], code=quick.app_code(other))["attempts_left"] == 99
    assert quick.ask("/v1/factors/check", factor=other["id"], code=quick.app_code(other))["valid"]
    assert quick.ask("/v1/factors/check", code="123456")["code"] == "invalid_field"
    both = {"user": "u1", "factor": one["id"], "code": "123456"}
    assert quick.factors.post("/v1/factors/check", both).json["code"] == "invalid_field"


def told(owner: FactorWorld) -> list[str]:
    """The events that the application has heard of."""
    answer = owner.admin.client.get(
        "/v1/events?after=MA&wait=0", headers={"Authorization": f"Bearer {owner.caller('reports').key}"}
    )
    return [line.partition(": ")[2] for line in answer.text.splitlines() if line.startswith("event: ")]
