"""Who wants to be trusted without a code: by another's token, by none, or by a proof of something else."""

from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import delete, select, update

from otp_service.domain.factors import trust
from otp_service.domain.policy import DAY_S, Policy
from otp_service.ledger import factor_users
from otp_service.ledger.schema import factor_history, trusted_devices
from otp_service.service.factors.users import user_index_of
from tests.factor_world import (
    STEP,
    FactorWorld,
)
from tests.service.factors.proving import (
    AT_ONCE,
    DEVICES,
    PHONE,
    at_once,
    check_proof,
    judged,
    proof_of,
    remembered,
    starter,
)
from tests.world import Api

PROVING: dict[str, Any] = {"proof": True}
MINUTE, DAY = 60_000, DAY_S * 1000


def remember_by(owner: FactorWorld, proof: str, by: Api | None = None, user: str = "u1") -> str:
    """`remembered`, or why not."""
    answer = (by or owner.factors).post(f"/v1/users/{user}/devices", {**PHONE, "proof": proof})
    return "remembered" if answer.status_code == 201 else str(answer.json["code"])


def test_a_token_is_of_no_use_to_anybody_else(owner: FactorWorld) -> None:
    """Another user, device, application or realm, and a token that was changed, are unknown."""
    token = str(remembered(owner, owner.confirmed()))
    tester, bank = owner.caller("factors", test=True), owner.application("bank", Policy())
    for by in (owner.factors, tester):
        owner.confirmed("u2", by=by)
    assert judged(owner, token) == "trusted"
    assert judged(owner, token, user="u2") == judged(owner, token, device="phone-2") == "unknown"
    assert judged(owner, token, by=tester) == "unknown"
    assert judged(owner, token, by=owner.caller("factors", application=bank)) == "unknown"
    assert judged(owner, token[:-2] + ("AA" if token[-2:] != "AA" else "BA")) == judged(owner, "x") == "unknown"


def test_a_token_needs_its_row(owner: FactorWorld) -> None:
    """One that is signed as it should be, but not kept, is taken for one that was revoked and forgotten."""
    owner.confirmed()
    bearer = trust.Bearer(owner.shop, user_index_of(owner.core, owner.shop, "u1"), "phone-1")
    made = trust.token(owner.core.index_key, bearer, trust.Trust("dev_" + "a" * 22, owner.clock.now + DAY))
    assert judged(owner, made) == "revoked"


def test_a_token_ends_when_it_said(owner: FactorWorld) -> None:
    """After the policy's time it is over, even if its row said otherwise."""
    owner.policy(trust_device_s=DAY_S)
    token = remembered(owner, owner.confirmed())
    owner.policy(trust_device_s=90 * DAY_S)
    owner.clock.pass_(DAY - STEP - 1)
    assert judged(owner, token) == "trusted"
    owner.clock.pass_(1)
    assert judged(owner, token) == "expired"
    with owner.core.engine.begin() as connection:
        connection.execute(update(trusted_devices).values(expires_at=owner.clock.now + DAY))
    assert judged(owner, token) == "expired"
    with owner.core.engine.begin() as connection:
        connection.execute(delete(trusted_devices))
    assert judged(owner, token) == "expired"


def test_a_shorter_time_holds_at_once(owner: FactorWorld) -> None:
    """A policy that trusts for less time, or nobody, ends what was remembered before."""
    token = remembered(owner, owner.confirmed())
    owner.clock.pass_(DAY)
    for trust_device_s, told in ((2 * DAY_S, "trusted"), (DAY_S, "expired"), (0, "expired")):
        owner.policy(trust_device_s=trust_device_s)
        assert judged(owner, token) == told
        assert len(owner.factors.get(DEVICES).json["items"]) == (told == "trusted")


def test_a_revoked_device_is_trusted_no_more(owner: FactorWorld) -> None:
    """One, or all of them; the others stay, and another's can't be revoked."""
    made = owner.confirmed()
    tokens = {name: remembered(owner, made, device_id=name) for name in ("a", "b", "c")}
    stranger = owner.caller("factors", test=True)
    newest = owner.factors.get(DEVICES).json["items"][0]["id"]
    assert stranger.delete(f"{DEVICES}/{newest}").status_code == 404
    assert owner.factors.delete(f"/v1/users/u2/devices/{newest}").status_code == 404
    assert (stranger.delete(DEVICES).json, owner.factors.delete("/v1/users/u2/devices").json) == ({"revoked": 0},) * 2
    assert [owner.factors.delete(f"{DEVICES}/{newest}").status_code for _ in range(2)] == [200, 404]
    assert [judged(owner, tokens[name], name) for name in "abc"] == ["trusted", "trusted", "revoked"]
    assert owner.factors.delete(DEVICES).json == {"revoked": 2}
    assert [judged(owner, tokens[name], name) for name in "ab"] == ["revoked", "revoked"]


def test_a_disabled_user_is_trusted_nowhere(owner: FactorWorld) -> None:
    """A hundred wrong codes end the trust too, until an admin lifts it."""
    token = remembered(owner, owner.confirmed())
    with owner.core.engine.begin() as connection:
        factor_users.disable(connection, user_index_of(owner.core, owner.shop, "u1"), owner.clock.now)
    assert judged(owner, token) == "user_disabled"


def test_a_locked_user_is_trusted_where_they_were(owner: FactorWorld) -> None:
    """Strangers who guess codes don't keep the owner from their own device."""
    made = owner.confirmed()
    token = remembered(owner, made)
    assert [owner.verdict(owner.wrong(made)) for _ in range(6)][-1] == "user_locked"
    assert judged(owner, token) == "trusted"


def test_a_factor_that_goes_takes_the_devices_along(owner: FactorWorld) -> None:
    """Whoever removes a factor may have lost it, and with it the phone; a new one brings no trust back."""
    first, second = owner.confirmed(), owner.confirmed()
    token = remembered(owner, second)
    owner.factors.delete(f"/v1/factors/{owner.enrolled()['id']}")
    owner.factors.delete(f"/v1/factors/{owner.enrolled(type='recovery_codes')['id']}")
    assert judged(owner, token) == "trusted"  # those vouched for nothing
    owner.factors.delete(f"/v1/factors/{first['id']}")
    assert judged(owner, token) == "revoked"
    token = remembered(owner, second)
    owner.factors.delete(f"/v1/factors/{second['id']}")
    owner.confirmed()
    assert judged(owner, token) == "revoked"


def test_trust_needs_a_factor_that_was_there(owner: FactorWorld) -> None:
    """However a factor went, what was remembered by it is not trusted by another that came later."""
    made = owner.confirmed()
    token = remembered(owner, made)
    owner.factors.delete(f"/v1/factors/{made['id']}")
    with owner.core.engine.begin() as connection:
        connection.execute(update(trusted_devices).values(revoked_at=None))
    assert judged(owner, token) == "no_factor"
    owner.enrolled(type="recovery_codes")
    owner.confirmed()
    assert judged(owner, token) == "no_factor"


def test_a_recovery_code_remembers_nothing(owner: FactorWorld) -> None:
    """A sheet of paper that was found opens a door once."""
    owner.confirmed()
    codes = owner.enrolled(type="recovery_codes")["codes"]
    heard = owner.ask("/v1/factors/check", user="u1", code=codes[0], remember=PHONE)
    assert (heard["valid"], heard["trust_token"]) == (True, None)
    assert owner.factors.get(DEVICES).json["items"] == []


def test_a_wrong_code_remembers_nothing(owner: FactorWorld) -> None:
    """Neither does one that was used."""
    made = owner.confirmed()
    right = {"user": "u1", "code": owner.app_code(made), "remember": PHONE}
    assert owner.ask("/v1/factors/check", **{**right, "code": owner.wrong(made)})["trust_token"] is None
    assert owner.ask("/v1/factors/check", **right)["trust_token"]
    assert owner.ask("/v1/factors/check", **right)["trust_token"] is None
    assert len(owner.factors.get(DEVICES).json["items"]) == 1


def test_a_policy_may_trust_no_device(quick: FactorWorld) -> None:
    """With 0 nothing is remembered, or what vouches is not worth its min_assurance."""
    made = quick.confirmed()
    for policy in ({"trust_device_s": 0}, {"min_assurance": "webauthn"}):
        quick.policy(**policy)
        assert remembered(quick, made) is None
    quick.policy(trust_device_s=0, proof=True)
    assert remember_by(quick, "x") == "forbidden"


@pytest.mark.parametrize("purpose", ["login", "device.trust"])
def test_a_proof_of_a_log_in_remembers_a_device_once(today: FactorWorld, purpose: str) -> None:
    """Of 64 at once by one proof, one is remembered."""
    today.policy(**PROVING)
    today.confirmed()
    body = {**PHONE, "proof": proof_of(today, purpose)}
    assert Counter(at_once(today, "POST", [DEVICES] * AT_ONCE, body)) == {201: 1, 403: AT_ONCE - 1}
    assert len(today.factors.get(DEVICES).json["items"]) == 1


def test_a_proof_of_a_check_remembers_a_device_once(today: FactorWorld) -> None:
    """A product may ask about the device after the code."""
    today.policy(**PROVING)
    given = check_proof(today, today.confirmed())
    assert [remember_by(today, given) for _ in range(2)] == ["remembered", "step_up_required"]


@pytest.mark.parametrize(
    "other",
    [
        *(lambda owner, purpose=purpose: proof_of(owner, purpose) for purpose in ("pay", "factor.enrol")),
        *(lambda owner, user=user: proof_of(owner, "login", user) for user in ("u2", None)),
        lambda owner: proof_of(owner, "login", by=starter(owner, test=True)),
        lambda _: "x",
    ],
)
def test_no_other_proof_remembers(today_quick: FactorWorld, other: Callable[[FactorWorld], str]) -> None:
    """Of another purpose, user or realm, or none at all: nothing is remembered."""
    today_quick.policy(**PROVING)
    today_quick.confirmed()
    assert remember_by(today_quick, other(today_quick)) == "step_up_required"
    assert today_quick.factors.get(DEVICES).json["items"] == []


def test_a_proof_of_a_factor_that_went_remembers_nothing(today_quick: FactorWorld) -> None:
    """Nor does one that is over, or one that is not worth the policy's min_assurance."""
    today_quick.policy(**PROVING)
    first, second = today_quick.confirmed(), today_quick.confirmed()
    gone, old = check_proof(today_quick, first), check_proof(today_quick, second)
    today_quick.factors.delete(f"/v1/factors/{first['id']}")
    assert remember_by(today_quick, gone) == "step_up_required"
    text = proof_of(today_quick, "login")
    today_quick.policy(**PROVING, min_assurance="totp")
    assert remember_by(today_quick, text) == "step_up_required"
    today_quick.clock.pass_(6 * MINUTE)
    assert remember_by(today_quick, old) == "step_up_required"


def test_recovery_codes_vouch_for_no_device_by_their_proof_either(today_quick: FactorWorld) -> None:
    """What the check does not do, its proof does not do."""
    today_quick.policy(**PROVING)
    today_quick.confirmed()
    codes = today_quick.enrolled(type="recovery_codes")["codes"]
    given = today_quick.check(codes[0])["proof"]
    assert remember_by(today_quick, given) == "step_up_required"


def test_who_has_no_factor_is_remembered_nowhere(today_quick: FactorWorld) -> None:
    """Trust stands in for a factor, so it needs one; a disabled user is told so."""
    today_quick.policy(**PROVING)
    assert remember_by(today_quick, proof_of(today_quick, "login")) == "not_found"
    today_quick.enrolled(type="recovery_codes")
    assert remember_by(today_quick, proof_of(today_quick, "login")) == "not_found"
    today_quick.confirmed()
    with today_quick.core.engine.begin() as connection:
        index = user_index_of(today_quick.core, today_quick.shop, "u1")
        factor_users.disable(connection, index, today_quick.clock.now)
    assert remember_by(today_quick, proof_of(today_quick, "login")) == "user_disabled"


def test_no_device_is_kept_in_clear(owner: FactorWorld) -> None:
    """Neither its name nor its label nor its token is in the ledger's rows, and history tells ids alone."""
    token = str(remembered(owner, owner.confirmed()))
    with owner.core.engine.begin() as connection:
        rows = [str(row) for table in (trusted_devices, factor_history) for row in connection.execute(select(table))]
    assert not any(secret in row for row in rows for secret in ("phone-1", "s phone", token.rpartition(".")[2]))
    assert sum("'trusted'" in row for row in rows) == 1


def test_a_user_has_no_more_devices_than_fifty(owner: FactorWorld) -> None:
    """The oldest makes room; a device that is remembered again takes its own place."""
    made = owner.confirmed()
    first = remembered(owner, made, device_id="first")
    for number in range(49):
        remembered(owner, made, device_id=f"d{number}")
    assert judged(owner, first, "first") == "trusted"
    again = remembered(owner, made, device_id="d48")
    assert judged(owner, first, "first") == "trusted"
    remembered(owner, made, device_id="one-more")
    assert (judged(owner, first, "first"), judged(owner, again, "d48")) == ("revoked", "trusted")
    assert len(owner.factors.get(DEVICES).json["items"]) == 50
