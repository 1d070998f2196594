"""Who wants a device trusted by the result of a page that says no such thing, or said it once."""

from collections import Counter
from collections.abc import Callable

import pytest

from otp_service.domain.policy import Policy
from tests.factor_world import FactorWorld
from tests.service.factors.proving import AT_ONCE, DEVICES, PHONE, at_once, judged
from tests.web.pages import HOSTS, Person, allow, make
from tests.web.remembering import asked, heard, passed, shown, token_in

FIVE_MINUTES = 300_000


def test_a_result_remembers_a_device_once(owner: FactorWorld) -> None:
    """Of 64 at once by one result, one is remembered; its token is told in no other answer."""
    allow(owner)
    body = {**PHONE, "result": passed(owner, owner.confirmed())}
    assert Counter(at_once(owner, "POST", [DEVICES] * AT_ONCE, body)) == {201: 1, 403: AT_ONCE - 1}
    assert len(owner.factors.get(DEVICES).json["items"]) == 1


def test_a_form_that_is_sent_again_gets_no_second_token(quick: FactorWorld) -> None:
    """Its result is dated anew, and is the one that was shown before all the same."""
    allow(quick)
    made, somebody = quick.confirmed(), asked(quick)
    told = {"form": somebody.form, "code": quick.app_code(made), "remember": "yes"}
    first, again = (token_in(somebody.send("check", **told)) for _ in range(2))
    assert [heard(quick, each) for each in (first, again)] == ["remembered", "step_up_required"]


def test_a_page_remembers_one_device_once_whoever_types_on_it(quick: FactorWorld) -> None:
    """A link that is found later, with another code, gets no second token."""
    allow(quick)
    made, somebody = quick.confirmed(), asked(quick)
    thief = Person(quick, somebody.path)
    thief.open()
    first, again = (passed(quick, made, each) for each in (somebody, thief))
    assert [heard(quick, each) for each in (first, again)] == ["remembered", "step_up_required"]


def test_a_result_is_good_for_five_minutes(quick: FactorWorld) -> None:
    """As long as it may be believed, and no longer."""
    allow(quick)
    result = passed(quick, quick.confirmed())
    quick.clock.pass_(FIVE_MINUTES)
    assert heard(quick, result) == "step_up_required"


@pytest.mark.parametrize(
    "ask",
    [
        lambda shop, result: heard(shop, result, device_id="phone-2"),
        lambda shop, result: heard(shop, result, user="u2"),
        lambda shop, result: heard(shop, result, shop.caller("factors", test=True)),
        lambda shop, result: heard(shop, result[:-4] + ("AAAA" if result[-4:] != "AAAA" else "BBBB")),
        lambda shop, _: heard(shop, "x"),
        lambda shop, _: heard(shop, ""),
        lambda shop, _: heard(shop, "é" * 2000),
    ],
)
def test_a_result_is_of_its_user_device_and_realm(quick: FactorWorld, ask: Callable[[FactorWorld, str], str]) -> None:
    """Told of another user or device, by a test key, or changed, it remembers nothing and stays good."""
    allow(quick)
    tester = quick.caller("factors", test=True)
    made = quick.confirmed()
    quick.confirmed("u2")
    quick.confirmed(by=tester)
    result = passed(quick, made)
    assert ask(quick, result) == "step_up_required"
    assert heard(quick, result) == "remembered"


def test_a_page_of_a_test_key_vouches_for_no_live_device(quick: FactorWorld) -> None:
    """Whoever holds a test key makes up factors of anybody: what they prove is trusted in their realm alone."""
    allow(quick)
    tester = quick.caller("factors", test=True)
    quick.confirmed()
    body = {"kind": "check", "user": "u1", "return_url": "https://shop.example/back", "remember": PHONE}
    mine = quick.confirmed(by=tester)
    result = passed(quick, mine, Person.at(quick, tester.post("/v1/pages", body)))
    assert heard(quick, result) == "step_up_required"
    assert heard(quick, result, tester) == "remembered"


def test_a_page_of_another_application_vouches_for_nothing_here(quick: FactorWorld) -> None:
    """Nor does its result name a device of ours, though the user is called the same."""
    allow(quick)
    quick.confirmed()
    bank = quick.application("bank", Policy(return_hosts=HOSTS))
    teller = quick.caller("factors", application=bank)
    theirs = quick.confirmed(by=teller)
    body = {"kind": "check", "user": "u1", "return_url": "https://shop.example/back", "remember": PHONE}
    result = passed(quick, theirs, Person.at(quick, teller.post("/v1/pages", body)))
    assert heard(quick, result) == "step_up_required"
    assert heard(quick, result, teller) == "remembered"


def test_no_other_result_remembers(quick: FactorWorld) -> None:
    """One that says canceled, and the proof in one, are no word on devices."""
    allow(quick, proof=True)
    quick.confirmed()
    canceled = token_in(asked(quick).send("leave", remember="yes"))
    assert heard(quick, canceled) == "step_up_required"
    code = Person.at(quick, make(quick, verification=quick.started(), remember=None))
    assert heard(quick, token_in(code.send("leave"))) == "step_up_required"


def test_a_factor_that_went_vouches_no_more(quick: FactorWorld) -> None:
    """Between the page and the product's question a factor may be taken for stolen."""
    allow(quick)
    lost, other = quick.confirmed(), quick.confirmed()
    result, good = passed(quick, lost), passed(quick, other)
    quick.factors.delete(f"/v1/factors/{lost['id']}")
    assert heard(quick, result) == "step_up_required"
    assert judged(quick, shown(quick, good).json["trust_token"]) == "trusted"
