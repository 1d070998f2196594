"""The page that confirms an app whose key its user has already, over HTTP."""

import pytest

from otp_service.domain.pages.words import LANGUAGES, words
from tests.clock import DAY
from tests.factor_world import STEP, Answer, FactorWorld
from tests.service.factors.test_bulk import enrolled, shows
from tests.web.pages import Person, allow, make, result_of
from tests.web.test_pages_of_factors import shown

MINUTES = 60_000


@pytest.fixture
def shop(quick: FactorWorld) -> FactorWorld:
    """A shop whose pages may lead back to it."""
    allow(quick)
    return quick


def confirming(shop: FactorWorld, made: Answer, **body: str) -> Person:
    """Somebody at a page that confirms this factor."""
    return Person.at(shop, make(shop, "confirm", **{"user": "u1", "factor": made["id"], **body}))


def status(shop: FactorWorld, made: Answer) -> str:
    """How the factor stands."""
    return str(shop.factors.get(f"/v1/factors/{made['id']}").json["status"])


def test_an_app_is_confirmed_by_its_first_code(shop: FactorWorld) -> None:
    """The right code leads back as enrolled, with the factor, which counts from then on; its key is not shown."""
    made = shop.enrolled()
    somebody = confirming(shop, made, state="s")
    assert made["secret"] not in shown(somebody)
    result = result_of(shop, somebody.send("confirm", code=shop.app_code(made)))
    told = [result[name] for name in ("outcome", "factor", "user", "state", "kind")]
    assert told == ["enrolled", made["id"], "u1", "s", "confirm"]
    assert status(shop, made) == "active"
    shop.clock.pass_(STEP)
    assert shop.verdict(shop.app_code(made)) == "valid"


def test_a_sheet_that_an_admin_printed_is_confirmed(owner: FactorWorld) -> None:
    """Days after thousands were enrolled at once, one of them types the code of the app that took the sheet in."""
    allow(owner)
    (sheet, _) = enrolled(owner).sheets
    owner.clock.pass_(13 * DAY)
    somebody = confirming(owner, {"id": sheet.factor})
    result = result_of(owner, somebody.send("confirm", code=shows(owner, sheet.uri)))
    assert (result["outcome"], status(owner, {"id": sheet.factor})) == ("enrolled", "active")


def test_a_form_that_is_sent_twice_hears_the_same(shop: FactorWorld) -> None:
    """The second time it leads back as enrolled too; another form comes too late."""
    made = shop.enrolled()
    somebody, other = confirming(shop, made), confirming(shop, made)
    told = {"form": somebody.form, "code": shop.app_code(made)}
    for _ in range(2):
        assert result_of(shop, somebody.send("confirm", **told))["outcome"] == "enrolled"
    assert other.send("confirm", code=shop.app_code(made)).status_code == 410
    assert result_of(shop, other.send("leave", note=""))["reason"] == "late"


def test_a_wrong_first_code_is_told_in_words(shop: FactorWorld) -> None:
    """A wrong or short one confirms nothing, and says what to do."""
    made = shop.enrolled(digits=8)
    somebody = confirming(shop, made)
    assert 'data-count="8"' in shown(somebody)
    for typed, answered, said in (("12", 422, "8 digits"), (shop.wrong(made), 200, "Wait for the next one")):
        assert somebody.send("confirm", code=typed).status_code == answered
        assert said in somebody.text
    assert status(shop, made) == "unconfirmed"
    assert result_of(shop, somebody.send("leave"))["outcome"] == "canceled"


def test_wrong_first_codes_cost_what_they_cost_elsewhere(shop: FactorWorld) -> None:
    """After five the person waits, on this page and on every other way."""
    made = shop.enrolled()
    somebody = confirming(shop, made)
    for _ in range(5):
        somebody.send("confirm", code=shop.wrong(made))
    assert somebody.send("confirm", code=shop.app_code(made)).status_code == 429
    assert "You can go on in" in somebody.text
    assert status(shop, made) == "unconfirmed"


def test_a_factor_that_is_gone_ends_the_page(shop: FactorWorld) -> None:
    """Removed, or forgotten since nobody confirmed it in time."""
    made = shop.enrolled()
    somebody = confirming(shop, made)
    shop.factors.delete(f"/v1/factors/{made['id']}")
    assert somebody.send("confirm", code=shop.app_code(made)).status_code == 410
    assert somebody.open().status_code == 410
    made = shop.enrolled()
    somebody = confirming(shop, made)
    shop.clock.pass_(11 * MINUTES)
    assert somebody.open().status_code == 410


def test_only_a_users_own_unconfirmed_factor_gets_a_page(shop: FactorWorld) -> None:
    """Another's, one of another realm, and none at all are not found; one that counts is not pending."""
    made, counts = shop.enrolled(), shop.confirmed()
    codes = shop.enrolled(type="recovery_codes")
    theirs, tests = shop.enrolled("u2"), shop.enrolled(by=shop.caller("factors", test=True))
    for other in (theirs["id"], tests["id"], "fac_x"):
        assert make(shop, "confirm", user="u1", factor=other).status_code == 404
    assert make(shop, "confirm", user="u2", factor=made["id"]).status_code == 404
    for active in (counts, codes):
        assert make(shop, "confirm", user="u1", factor=active["id"]).json["code"] == "not_pending"
    assert (
        shop.caller("verifications:check", "verifications:start")
        .post(
            "/v1/pages",
            {"kind": "confirm", "user": "u1", "factor": made["id"], "return_url": "https://shop.example/back"},
        )
        .status_code
        == 403
    )


@pytest.mark.parametrize(
    "body",
    [
        {"kind": "confirm", "user": "u1"},
        {"kind": "confirm", "factor": "fac_x"},
        {"kind": "enrol", "user": "u1", "factor": "fac_x"},
        {"kind": "check", "user": "u1", "factor": "fac_x"},
    ],
)
def test_a_page_that_confirms_names_user_and_factor(shop: FactorWorld, body: dict[str, str]) -> None:
    """Both of them, and no other page names a factor."""
    assert make(shop, **body).status_code == 422


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_page_that_confirms_speaks_every_language(shop: FactorWorld, language: str) -> None:
    """What it is, what to do, and what was wrong."""
    made, found = shop.enrolled(), words(language)
    somebody = confirming(shop, made, locale=language)
    somebody.send("confirm", code=shop.wrong(made))
    for said in ("confirm_title", "confirm_text", "confirm_label", "confirm_wrong"):
        assert found[said] in somebody.text
