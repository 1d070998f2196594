"""The page that makes a new set of recovery codes, over HTTP."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from otp_service.domain.pages.words import LANGUAGES, words
from tests.factor_world import STEP, FactorWorld
from tests.service.factors.proving import STEP_UP, proof_of
from tests.web.pages import Person, allow, make, result_of
from tests.web.test_pages_of_factors import CODES, shown

VOIDS = "stop working"


@pytest.fixture
def shop(quick: FactorWorld) -> FactorWorld:
    """A shop whose users have factors, and whose pages may lead back to it."""
    allow(quick)
    return quick


def renewing(shop: FactorWorld, **body: Any) -> Person:
    """Somebody at a page of new recovery codes, a while after it was made."""
    made = make(shop, "enrol", **{"user": "u1", "type": "recovery_codes", **body})
    shop.clock.pass_(STEP)
    return Person.at(shop, made)


def renewed(somebody: Person) -> list[str]:
    """The new codes, as they are shown."""
    assert somebody.send("begin").status_code == 200, somebody.text
    assert "Step 2 of 2" in somebody.text
    return CODES.findall(shown(somebody))


def sets(shop: FactorWorld, user: str = "u1") -> list[dict[str, Any]]:
    """The user's sets of recovery codes."""
    items = shop.factors.get(f"/v1/users/{user}/factors").json["items"]
    return [each for each in items if each["type"] == "recovery_codes"]


def test_a_new_set_takes_the_place_of_the_old(shop: FactorWorld) -> None:
    """Read what it does, press the button, save the codes: the new ones count, and the old ones no more."""
    old = shop.enrolled(type="recovery_codes")["codes"]
    assert shop.verdict(old[0]) == "valid"
    somebody = renewing(shop, state="s")
    assert "Step 1 of 2" in somebody.text
    assert VOIDS in somebody.text
    assert "Codes you have left: 9." in somebody.text
    new = renewed(somebody)
    assert len(new) == 10
    result = result_of(shop, somebody.send("done", saved="yes"))
    (kept,) = sets(shop)
    assert (result["outcome"], result["user"], result["state"]) == ("enrolled", "u1", "s")
    assert (result["factor"], kept["codes_left"]) == (kept["id"], 10)
    assert [shop.verdict(each) for each in (old[1], new[0])] == ["wrong_code", "valid"]


def test_the_old_set_stands_until_the_button_is_pressed(shop: FactorWorld) -> None:
    """To open the page, to read it and to leave it change nothing."""
    old = shop.enrolled(type="recovery_codes")["codes"]
    somebody = renewing(shop)
    somebody.open()
    assert CODES.findall(shown(somebody)) == []
    result = result_of(shop, somebody.send("leave"))
    assert result["outcome"] == "canceled"
    assert shop.verdict(old[0]) == "valid"


def test_nothing_is_said_to_end_where_there_is_nothing(shop: FactorWorld) -> None:
    """Whoever has no set, or none left, reads of no old codes, and gets theirs."""
    assert VOIDS not in renewing(shop).text
    for code in shop.enrolled(type="recovery_codes")["codes"]:
        assert shop.verdict(code) == "valid"
    somebody = renewing(shop)
    assert VOIDS not in somebody.text
    assert len(renewed(somebody)) == 10


def test_nobody_goes_on_without_saving_the_new_codes(shop: FactorWorld) -> None:
    """Without the tick the same codes are shown again, with what to do."""
    somebody = renewing(shop)
    new = renewed(somebody)
    assert somebody.send("done").status_code == 422
    assert "Save the codes first" in somebody.text
    assert CODES.findall(shown(somebody)) == new
    assert result_of(shop, somebody.send("done", saved="yes"))["outcome"] == "enrolled"


def test_a_form_that_is_sent_twice_makes_one_set(shop: FactorWorld) -> None:
    """The second time it shows the same codes, which count."""
    somebody = renewing(shop)
    form, told = somebody.form, []
    for _ in range(2):
        somebody.send("begin", form=form)
        told.append(CODES.findall(shown(somebody)))
    assert told[0] == told[1] != []
    assert shop.verdict(told[0][0]) == "valid"


def test_a_link_that_is_found_later_makes_no_second_set(shop: FactorWorld) -> None:
    """A page makes one set: who opens or uses it after that is told that it has ended, and the set stands."""
    somebody = renewing(shop)
    thief = Person(shop, somebody.path)
    thief.open()
    new = renewed(somebody)
    assert thief.send("begin").status_code == 410
    assert thief.open().status_code == 410
    assert result_of(shop, thief.send("leave"))["outcome"] == "ended"
    assert shop.verdict(new[0]) == "valid"
    assert result_of(shop, somebody.send("done", saved="yes"))["outcome"] == "enrolled"


def test_of_two_on_one_page_one_gets_a_set(owner: FactorWorld) -> None:
    """Of those who press the button at the same moment one is shown codes, and these count."""
    allow(owner)
    first = renewing(owner)
    people = [first, *(Person(owner, first.path) for _ in range(7))]
    for each in people[1:]:
        each.open()
    with ThreadPoolExecutor(len(people)) as pool:
        told = list(pool.map(lambda each: each.send("begin"), people))
    assert sorted(each.status_code for each in told) == [200] + [410] * 7
    (new,) = (CODES.findall(each.text) for each in told if each.status_code == 200)
    assert owner.verdict(new[0]) == "valid"


def test_a_new_set_takes_the_step_up_that_the_api_asks_for(today_quick: FactorWorld) -> None:
    """Where the policy asks for a proof to enrol, no page is made without one, and it counts once."""
    allow(today_quick, **STEP_UP)
    asked = {"user": "u1", "type": "recovery_codes"}
    for unfit in ({}, {"step_up": "eyJ.no.proof"}, {"step_up": proof_of(today_quick, "login")}):
        assert make(today_quick, "enrol", **asked, **unfit).json["code"] == "step_up_required"
    proof = proof_of(today_quick, "factor.enrol")
    pages = [renewing(today_quick, step_up=proof) for _ in range(2)]
    today_quick.clock.pass_(1)
    assert len(renewed(pages[0])) == 10
    today_quick.enrolled(type="recovery_codes", step_up=proof_of(today_quick, "factor.enrol"))
    assert today_quick.ask("/v1/factors", **asked, step_up=proof)["code"] == "step_up_required"


def test_a_proof_that_was_spent_ends_the_page(today_quick: FactorWorld) -> None:
    """Whoever shows it elsewhere first has used it up: the old set stands."""
    allow(today_quick, **STEP_UP)
    proof = proof_of(today_quick, "factor.enrol")
    somebody = renewing(today_quick, step_up=proof)
    today_quick.enrolled(step_up=proof)
    assert somebody.send("begin").status_code == 403
    assert result_of(today_quick, somebody.send("leave"))["reason"] == "late"
    assert sets(today_quick) == []


def test_an_app_does_not_come_of_it(shop: FactorWorld) -> None:
    """Whatever a form asks for, a page of recovery codes sets up no app, nor does one of an app make codes alone."""
    somebody = renewing(shop)
    somebody.send("confirm", code="123456")
    assert shop.factors.get("/v1/users/u1/factors").json["items"] == []
    app = Person.at(shop, make(shop, "enrol", user="u1", type="totp"))
    assert "Set up an authenticator app" in app.text
    app.send("begin")
    assert sets(shop) == []


def test_a_note_of_another_page_shows_no_codes(shop: FactorWorld) -> None:
    """What a page keeps until the codes are saved opens on that page alone."""
    somebody, other = renewing(shop), renewing(shop, user="u2")
    renewed(other)
    assert somebody.send("done", note=other.note, saved="yes").status_code == 404
    assert somebody.send("done", note="", saved="yes").status_code == 404


def test_a_disabled_user_gets_no_codes(shop: FactorWorld) -> None:
    """Nor does a new set lift what holds them."""
    made = shop.confirmed()
    for _ in range(100):
        shop.check(shop.wrong(made))
        shop.clock.pass_(86_400_000)
    somebody = renewing(shop)
    assert somebody.send("begin").status_code == 403
    assert "Codes are switched off" in somebody.text
    assert result_of(shop, somebody.send("leave"))["reason"] == "disabled"


@pytest.mark.parametrize(
    "wrong",
    [{"type": "hotp"}, {"type": ""}, {"kind": "check", "type": "recovery_codes"}, {"kind": "check", "type": "totp"}],
)
def test_a_type_is_of_what_a_page_can_set_up(shop: FactorWorld, wrong: dict[str, str]) -> None:
    """An app or recovery codes, and of the kind enrol alone."""
    shop.confirmed()
    assert make(shop, **{"kind": "enrol", "user": "u1", **wrong}).status_code == 422


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_new_set_is_made_in_every_language(shop: FactorWorld, language: str) -> None:
    """What ends, how many codes are left, and the button are in the page's language."""
    shop.enrolled(type="recovery_codes")
    somebody, found = renewing(shop, locale=language), words(language)
    for said in ("renew_title", "renew_text", "renew_voids", "renew_begin"):
        assert found[said] in somebody.text
    assert found["renew_left"].format(left=10) in somebody.text
    somebody.send("begin")
    assert len(CODES.findall(shown(somebody))) == 10
