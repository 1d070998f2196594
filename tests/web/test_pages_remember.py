"""The box on the page of a check by which a person has their device remembered, over HTTP."""

import base64
import re
from typing import Any

import pytest

from otp_service.domain.pages.words import LANGUAGES, words
from tests.factor_world import FactorWorld
from tests.service.factors.proving import DEVICES, PHONE, judged
from tests.web.pages import Person, allow, make, read
from tests.web.remembering import asked, passed, shown, token_in

BOX = re.compile(r'<input type="checkbox" name="remember"[^>]*>')
HOUR_S = 3600


@pytest.fixture
def shop(quick: FactorWorld) -> FactorWorld:
    """A shop whose pages may lead back to it."""
    allow(quick)
    return quick


def box(somebody: Person) -> str | None:
    """The box as it is drawn."""
    assert somebody.shown is not None
    found = BOX.search(somebody.shown.text)
    return found and found[0]


def test_a_device_is_remembered_from_a_page(shop: FactorWorld) -> None:
    """Tick the box, type the code: the result gets the product a token, which stands in for a code from then on."""
    result = passed(shop, shop.confirmed())
    answer = shown(shop, result)
    assert answer.status_code == 201
    assert answer.json["label"] == PHONE["label"]
    assert judged(shop, answer.json["trust_token"]) == "trusted"


def test_the_product_may_call_the_device_otherwise(shop: FactorWorld) -> None:
    """A label beside the result takes the place of the page's; without either there is none."""
    made = shop.confirmed()
    assert shown(shop, passed(shop, made), label="Laptop").json["label"] == "Laptop"
    bare = asked(shop, remember={"device_id": PHONE["device_id"]})
    assert shown(shop, passed(shop, made, bare)).json["label"] is None


def test_nothing_is_remembered_that_nobody_ticked(shop: FactorWorld) -> None:
    """Without the tick the result holds no word of it, and gets no token."""
    made = shop.confirmed()
    for told in ("", "no"):
        result = passed(shop, made, remember=told)
        assert "remember" not in read(shop, result)
        assert shown(shop, result).json["code"] == "step_up_required"
    assert shop.factors.get(DEVICES).json["items"] == []


def test_a_page_that_may_not_remember_does_not(shop: FactorWorld) -> None:
    """Where the product did not ask there is no box, and a form that tells of one is passed over."""
    made = shop.confirmed()
    somebody = Person.at(shop, make(shop, "check", user="u1"))
    assert box(somebody) is None
    assert "remember" not in read(shop, passed(shop, made, somebody))


def test_the_box_is_not_ticked_for_anybody(shop: FactorWorld) -> None:
    """Neither at first, nor by a link that somebody made up."""
    shop.confirmed()
    somebody = asked(shop)
    assert "checked" not in str(box(somebody))
    somebody.path += "?act=check&remember=yes"
    somebody.open()
    assert "checked" not in str(box(somebody))


def test_a_wrong_code_leaves_the_box_as_it_was(shop: FactorWorld) -> None:
    """Whoever ticked it and mistyped finds it ticked, who did not finds it empty."""
    made = shop.confirmed()
    for code in (shop.wrong(made), "12"):
        somebody = asked(shop)
        somebody.send("check", code=code, remember="yes")
        assert " checked" in str(box(somebody))
        somebody.send("check", code=code)
        assert " checked" not in str(box(somebody))


def test_the_box_is_for_apps_alone(shop: FactorWorld) -> None:
    """Recovery codes remember nothing: their field has no box, and none of them counts as a tick."""
    shop.confirmed()
    codes = shop.enrolled(type="recovery_codes")["codes"]
    somebody = asked(shop)
    assert box(somebody)
    somebody.path += "?way=recovery"
    somebody.open()
    assert box(somebody) is None
    for way, code in zip(("recovery", "app"), codes, strict=False):
        back = asked(shop).send("check", way=way, code=code, remember="yes")
        assert "remember" not in read(shop, token_in(back))


@pytest.mark.parametrize("policy", [{"trust_device_s": 0}, {"min_assurance": "webauthn"}])
def test_a_policy_that_trusts_no_device_shows_no_box(shop: FactorWorld, policy: dict[str, Any]) -> None:
    """What would not be done is not offered; what was offered before is not done."""
    made = shop.confirmed()
    somebody, before = asked(shop), passed(shop, made)
    allow(shop, **policy)
    assert shown(shop, before).status_code == 403
    assert "remember" not in read(shop, passed(shop, made, somebody))
    assert box(asked(shop)) is None


@pytest.mark.parametrize(
    ("trust_device_s", "said"),
    [(30 * 24 * HOUR_S, "Days at most: 30."), (8 * HOUR_S, "Hours at most: 8."), (60, "Hours at most: 1.")],
)
def test_the_page_says_for_how_long(shop: FactorWorld, trust_device_s: int, said: str) -> None:
    """In days, or in hours where it is no whole number of them; and whom it is for."""
    allow(shop, trust_device_s=trust_device_s)
    shop.confirmed()
    assert said in asked(shop).text
    assert "only if nobody else uses this device" in asked(shop).text


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_box_speaks_every_language(shop: FactorWorld, language: str) -> None:
    """Its label and what it is worth are in the page's language, with the number of days."""
    shop.confirmed()
    text, found = asked(shop, locale=language).text, words(language)
    assert found["remember"] in text
    assert found["remember_days"].format(count=30) in text
    assert found["remember_own"] in text


def test_neither_the_device_nor_its_token_is_in_an_address(shop: FactorWorld) -> None:
    """What the address of the way back holds of it is sealed; the token is made when the product asks for it."""
    made, phone = shop.confirmed(), {"device_id": "a-phone-in-the-pocket", "label": "The phone in her pocket"}
    somebody = asked(shop, remember=phone)
    result = passed(shop, made, somebody)
    token = shown(shop, result, device_id=phone["device_id"]).json["trust_token"]
    claims = base64.urlsafe_b64decode(result.split(".")[1] + "==").decode()
    for place in (somebody.path, result, claims):
        assert not any(secret in place for secret in (*phone.values(), token))
    assert "remember" in claims


@pytest.mark.parametrize("kind", ["enrol", "code"])
def test_other_pages_remember_no_device(shop: FactorWorld, kind: str) -> None:
    """A page that asks for no code of a factor is not made with a device to remember."""
    whose = {"verification": shop.started()} if kind == "code" else {"user": "u1"}
    made = make(shop, kind, **whose, remember=PHONE)
    assert (made.status_code, made.json["code"]) == (422, "invalid_field")


@pytest.mark.parametrize("told", [{}, {"proof": "x", "result": "x"}])
def test_a_device_is_remembered_by_one_word(shop: FactorWorld, told: dict[str, str]) -> None:
    """Either a proof or a result, not both and not neither."""
    assert shop.factors.post(DEVICES, {**PHONE, **told}).status_code == 422
