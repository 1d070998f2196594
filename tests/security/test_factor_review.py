"""What a hostile review of second factors found: each hole by its name, on both databases where it matters."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, get_args

import pytest
from sqlalchemy import func, select, update

from otp_service.domain import proof
from otp_service.domain.errors import Refusal
from otp_service.domain.factors.delays import MOST_FAILURES
from otp_service.domain.factors.requests import EnrolRequest
from otp_service.ledger import engine
from otp_service.ledger.schema import factor_history, factor_users, factors
from otp_service.service.factors import bulk
from otp_service.service.factors.types import TYPES
from tests.factor_world import (
    STEP,
    Answer,
    FactorWorld,
)
from tests.security.together import at_once, heard
from tests.world import Api

DAY = 86_400_000


def change(owner: FactorWorld, made: Answer | None = None, **values: Any) -> None:
    """Writes into the row of a factor, or of all users."""
    rows = update(factors).where(factors.c.id == made["id"]) if made else update(factor_users)
    with owner.core.engine.begin() as connection:
        connection.execute(rows.values(values))


def happened(owner: FactorWorld) -> list[str]:
    """What is written down of the user, in the order of the alphabet."""
    with owner.core.engine.begin() as connection:
        return sorted(connection.scalars(select(factor_history.c.event)))


def each_at_once(
    owner: FactorWorld, tries: Sequence[tuple[str, dict[str, Any] | None]], method: str = "POST"
) -> list[Answer]:
    """The answers to all of these, sent in parallel."""

    def send(asked: tuple[str, dict[str, Any] | None]) -> Answer:
        answer: Answer = Api(owner.app.test_client(), owner.factors.key).call(method, *asked).json
        return answer

    with ThreadPoolExecutor(len(tries)) as pool:
        return list(pool.map(send, tries))


def left(owner: FactorWorld) -> int:
    """How many wrong codes the user may still type."""
    with owner.core.engine.begin() as connection:
        return connection.scalars(select(func.min(MOST_FAILURES - factor_users.c.failures))).one()


@pytest.mark.parametrize("unknown", [{"type": "webauthn"}, {"algorithm": "SHA3"}, {"digits": None}, {"digits": 10}])
def test_a_factor_of_a_newer_release_gives_no_guess_back(owner: FactorWorld, unknown: dict[str, Any]) -> None:
    """After a release was taken back, a row it left is wrong for every code; a failure would unpay each guess."""
    good, odd = owner.confirmed(), owner.confirmed()
    change(owner, odd, **unknown)
    assert [owner.verdict(owner.wrong(good)) for _ in range(3)] == ["wrong_code"] * 3
    assert left(owner) == 97
    assert owner.verdict(owner.app_code(good)) == "valid"
    assert owner.ask("/v1/factors/check", factor=odd["id"], code="123456")["reason"] == "wrong_code"
    codes = ["123456", "234567"]
    assert owner.ask(f"/v1/factors/{odd['id']}/resync", codes=codes)["reason"] == "wrong_code"
    key = {"Authorization": f"Bearer {owner.factors.key}"}  # its words are not in this release's openapi.yaml
    assert owner.factors.client.delete(f"/v1/factors/{odd['id']}", headers=key).status_code == 200


@pytest.mark.parametrize(
    ("words", "verdict"),
    [((b"}", b', "later": 1}'), "valid"), ((b'"secret"', b'"secrets"'), "wrong_code"), ((b"{", b"["), "wrong_code")],
)
def test_what_a_newer_release_seals_fails_nobody(quick: FactorWorld, words: tuple[bytes, bytes], verdict: str) -> None:
    """A field more in what is sealed is passed over; without the one that counts no code is right, and each is paid."""
    made = quick.confirmed()
    with quick.core.engine.begin() as connection:
        row = connection.execute(select(factors)).one()
        place = f"{row.application_id}/{row.user_index}/{row.id}"
        told = quick.core.ring.open(row.sealed, place).replace(*words)
        connection.execute(update(factors).values(sealed=quick.core.ring.seal(told, place, b"n" * 12)))
    assert quick.verdict(quick.app_code(made)) == verdict
    assert left(quick) == MOST_FAILURES - (verdict != "valid")


def test_a_name_that_does_not_open_gives_no_guess_back(owner: FactorWorld) -> None:
    """Whoever can't be told of by name is locked and disabled all the same."""
    made = owner.confirmed()
    for failures in (49, 99):
        change(owner, user_sealed="gone:AAAA", failures=failures, locked_until=0)
        assert owner.verdict(owner.wrong(made)) == "wrong_code"
        assert left(owner) == 99 - failures
    assert owner.verdict(owner.app_code(made)) == "user_disabled"


def test_a_name_that_does_not_open_keeps_nobody_out(quick: FactorWorld) -> None:
    """A right code is right, without a proof, which would be of nobody; and a factor can be removed."""
    quick.policy(proof=True)
    made = quick.confirmed()
    change(quick, user_sealed="gone:AAAA")
    said = quick.check(quick.app_code(made))
    assert (said["valid"], said["proof"]) == (True, None)
    assert quick.factors.delete(f"/v1/factors/{made['id']}").status_code == 200


def test_a_name_that_does_not_open_is_no_way_around_a_step_up(quick: FactorWorld) -> None:
    """The last factor of somebody unreadable takes a proof that nobody has."""
    quick.policy(proof=True)
    made = quick.confirmed()
    quick.policy(proof=True, step_up=["remove"])
    change(quick, user_sealed="gone:AAAA")
    refused = quick.factors.delete(f"/v1/factors/{made['id']}")
    assert refused.json["code"] == "step_up_required"


def test_a_factor_of_ones_own_forgives_no_guesses_at_the_others(owner: FactorWorld) -> None:
    """With a stolen session: guess, enrol an app of one's own, guess again. Its first code leaves the count."""
    theirs = owner.confirmed()
    for _ in range(5):
        assert owner.verdict(owner.wrong(theirs)) == "wrong_code"
    owner.clock.pass_(5_000)
    mine = owner.enrolled()
    said = owner.ask(f"/v1/factors/{mine['id']}/confirm", code=owner.app_code(mine))
    assert (said["valid"], said["attempts_left"]) == (True, 95)
    owner.enrolled(type="recovery_codes")
    assert left(owner) == 95
    assert owner.ask("/v1/factors/check", factor=theirs["id"], code=owner.wrong(theirs))["attempts_left"] == 94
    assert owner.verdict("123456") == "user_locked"


def test_the_first_factor_forgives_what_was_mistyped_on_the_way(quick: FactorWorld) -> None:
    """Where nothing else could be guessed at, who has set up an app starts afresh."""
    made = quick.enrolled()
    path = f"/v1/factors/{made['id']}/confirm"
    assert quick.ask(path, code=quick.wrong(made))["attempts_left"] == 99
    assert quick.ask(path, code=quick.app_code(made))["attempts_left"] == 100


def test_a_factor_is_confirmed_once_whatever_codes_come_at_once(owner: FactorWorld) -> None:
    """The wide window of a confirmation is for one code: of 27 at once, each of its nine three times, one is valid."""
    made = owner.enrolled()
    codes = [owner.app_code(made, steps) for steps in range(-4, 5)]
    said = heard(at_once(owner, f"/v1/factors/{made['id']}/confirm", [{"code": code} for code in codes * 3]))
    assert said == {"valid": 1, "not_pending": 26}
    assert happened(owner) == ["checked", "confirmed", "enrolled"]


def test_confirming_checking_and_synchronising_at_once_use_a_code_once(owner: FactorWorld) -> None:
    """Every way in shares the counter: a code that one has taken is used for the others."""
    token, app = owner.confirmed(type="hotp"), owner.confirmed()
    first, second = (owner.app_code(token, counter=counter) for counter in (1, 2))
    tries = [(f"/v1/factors/{token['id']}/resync", {"codes": [first, second]}) for _ in range(8)]
    tries += [("/v1/factors/check", {"user": "u1", "code": second})] * 8
    tries += [("/v1/factors/check", {"factor": token["id"], "code": second})] * 8
    assert heard(each_at_once(owner, tries)) == {"valid": 1, "already_used": 23}

    before, now = owner.app_code(app, -1), owner.app_code(app)
    change(owner, app, counter=0)
    tries = [(f"/v1/factors/{app['id']}/resync", {"codes": [before, now]}) for _ in range(8)]
    tries += [("/v1/factors/check", {"user": "u1", "code": now})] * 16
    assert heard(each_at_once(owner, tries)) == {"valid": 1, "already_used": 23}


def test_a_factor_that_is_removed_twice_at_once_was_there_once(owner: FactorWorld) -> None:
    """The second of two finds it gone."""
    made = owner.confirmed()
    tries = [(f"/v1/factors/{made['id']}", None)] * 16
    said = each_at_once(owner, tries, "DELETE")
    assert sorted(each.get("code", "removed") for each in said) == ["not_found"] * 15 + ["removed"]
    assert happened(owner).count("removed") == 1


def test_new_recovery_codes_need_no_room_of_their_own(quick: FactorWorld) -> None:
    """Who has as many factors as may be gets a new set for the old one, which may have been stolen."""
    old = quick.enrolled(type="recovery_codes")["codes"]
    for _ in range(9):
        quick.enrolled()
    quick.enrolled(type="recovery_codes")
    assert quick.verdict(old[0]) == "wrong_code"
    assert quick.factors.post("/v1/factors", {"user": "u1", "type": "totp"}).json["code"] == "conflict"


def test_whoever_holds_a_users_row_holds_up_no_thread_for_good(
    owner: FactorWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A transaction that somebody forgot to end costs its user's checks a 503 each; nothing is counted by them."""
    made = owner.confirmed()
    monkeypatch.setattr(engine, "BUSY_TIMEOUT_MS", 200)
    owner.core.engine.dispose()  # connections know for how long they wait from their beginning
    with owner.core.engine.begin() as forgotten:
        forgotten.execute(update(factor_users).values(created_at=factor_users.c.created_at))
        assert owner.verdict(owner.wrong(made)) == "unavailable"
    assert left(owner) == MOST_FAILURES
    assert owner.verdict(owner.app_code(made)) == "valid"


def test_a_clock_that_goes_back_opens_nothing(owner: FactorWorld) -> None:
    """Neither is a code good again, nor does a delay end, nor is anything counted that was right."""
    made = owner.confirmed()
    code = owner.app_code(made)
    assert owner.verdict(code) == "valid"
    for back in (STEP, 10 * STEP, DAY):
        owner.clock.pass_(-back)
        assert owner.verdict(owner.app_code(made)) == "already_used"
        owner.clock.pass_(back)
    assert left(owner) == MOST_FAILURES
    assert [owner.verdict(owner.wrong(made)) for _ in range(6)][-1] == "user_locked"
    owner.clock.pass_(-DAY)
    assert owner.verdict(owner.app_code(made)) == "user_locked"


def test_no_way_in_gives_a_guess_for_nothing(owner: FactorWorld) -> None:
    """What is refused without a payment tells nothing: a wrong code and the right one are refused alike."""
    mine, theirs = owner.confirmed(), owner.enrolled("u2")
    codes = owner.enrolled(type="recovery_codes")
    stranger = owner.caller("factors", test=True)
    for code in (owner.app_code(mine), owner.wrong(mine)):
        said = [
            owner.ask("/v1/factors/check", factor=theirs["id"], code=code)["code"],
            owner.ask("/v1/factors/check", user="u3", code=code)["code"],
            owner.ask("/v1/factors/check", stranger, factor=mine["id"], code=code)["code"],
            owner.ask("/v1/factors/check", stranger, user="u1", code=code)["code"],
            owner.ask(f"/v1/factors/{mine['id']}/confirm", code=code)["code"],
            owner.ask(f"/v1/factors/{codes['id']}/confirm", code=code)["code"],
            owner.ask(f"/v1/factors/{codes['id']}/resync", codes=[code, code])["code"],
            owner.ask(f"/v1/factors/{theirs['id']}/resync", codes=[code, code])["code"],
        ]
        assert said == ["not_found"] * 4 + ["not_pending"] * 2 + ["invalid_field", "not_pending"]
    assert left(owner) == MOST_FAILURES
    assert owner.verdict(owner.app_code(mine)) == "valid"


def test_each_type_says_what_its_proof_is_worth() -> None:
    """A type without a word in the tables of proofs would fail after its code was right, and give everything back."""
    assert set(TYPES) <= set(proof.ASSURANCE) & set(proof.AMR)
    assert set(proof.ASSURANCE.values()) <= set(proof.LEVELS)
    assert set(get_args(EnrolRequest.model_fields["type"].annotation)) == set(TYPES)


def test_no_file_gives_a_user_more_factors_than_guessing_allows(quick: FactorWorld) -> None:
    """Each factor makes a guess likelier to hit: who has ten is passed over, however often they are enrolled again."""
    for _ in range(9):
        quick.enrolled()
    somebody, how = [bulk.Person("u1")], bulk.How(again=True)
    planned = [bulk.plan(quick.core, "shop", somebody, how) for _ in range(2)]
    bulk.enrol(quick.core, "tests", planned[0], again=True)
    assert bulk.plan(quick.core, "shop", somebody, how).passed_over == 1
    with pytest.raises(Refusal, match="meanwhile"):
        bulk.enrol(quick.core, "tests", planned[1], again=True)
