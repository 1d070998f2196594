"""The hosted page of a code, over HTTP: what it does is what check and resend do, in words."""

from concurrent.futures import ThreadPoolExecutor
from urllib.parse import parse_qs, urlsplit

import pytest

from otp_service.service.pages.links import opened
from tests.clock import SECOND, TimedWorld
from tests.logged import logged
from tests.web.pages import Person, allow, make, person, read, result_of
from tests.world import World


@pytest.fixture
def shop(world: World) -> World:
    """An application whose pages may lead back to its shop."""
    allow(world)
    return world


def test_the_right_code_leads_back_with_a_signed_result(shop: World) -> None:
    """The right code approves, and leads back with the state and a JWT that says so to this application alone."""
    somebody, id_ = person(shop, state="s-1")
    back = somebody.send("check", code=shop.code(id_))
    assert parse_qs(urlsplit(back.location).query)["state"] == ["s-1"]
    result = result_of(shop, back)
    assert (result["kind"], result["outcome"], result["verification"]) == ("code", "approved", id_)
    assert (result["state"], result["exp"] - result["iat"], result["aud"]) == ("s-1", 300, f"{shop.shop}/pages")
    assert result["sub"].startswith("pag_")
    assert shop.api.get(f"/v1/verifications/{id_}").json["status"] == "approved"


def test_a_result_is_no_proof(shop: World) -> None:
    """A result has neither the subject nor the claims of a proof, which it carries where the policy asks for one."""
    allow(shop, proof=True)
    somebody, id_ = person(shop)
    result = result_of(shop, somebody.send("check", code=shop.code(id_)))
    assert result["sub"] != id_
    assert not {"purpose", "amr"} & set(result)
    assert read(shop, result["proof"], audience="")["sub"] == id_


def test_a_wrong_code_says_what_to_do_and_what_is_left(shop: World) -> None:
    """A wrong code costs an attempt, is told in words, and the page goes on."""
    somebody, id_ = person(shop)
    response = somebody.send("check", code=shop.wrong(id_))
    assert response.status_code == 200
    assert "That is not the code." in somebody.text
    assert "Attempts left: 4" in somebody.text
    assert result_of(shop, somebody.send("check", code=shop.code(id_)))["outcome"] == "approved"


@pytest.mark.parametrize("typed", ["", "12345", "1234567", "12345a", "ABCDEF", "<script>", "1" * 5000])
def test_what_can_not_be_the_code_costs_nothing(shop: World, typed: str) -> None:
    """What is too short, too long or of other symbols is told so, and no attempt is used up."""
    somebody, id_ = person(shop)
    assert somebody.send("check", code=typed).status_code == 422
    assert "Type the whole code: 6 digits." in somebody.text
    assert shop.api.get(f"/v1/verifications/{id_}").json["attempts_left"] == 5


@pytest.mark.parametrize("spelt", ["{0} {1}", " {0}-{1}\u200e", "{0}\u2013{1}", "arabic", "wide", "devanagari"])
def test_a_code_is_read_as_it_was_meant(shop: World, spelt: str) -> None:
    """Spaces, dashes, marks of direction and the digits of other scripts are read as the code that they are."""
    somebody, id_ = person(shop)
    code = shop.code(id_)
    zeros = {"arabic": 0x660, "wide": 0xFF10, "devanagari": 0x966}
    typed = (
        "".join(chr(zeros[spelt] + int(digit)) for digit in code)
        if spelt in zeros
        else spelt.format(code[:3], code[3:])
    )
    assert result_of(shop, somebody.send("check", code=typed))["outcome"] == "approved"


def test_letters_may_be_small(shop: World) -> None:
    """A code of letters has a field for letters, and small ones are taken for capitals."""
    allow(shop, code_alphabet="mixed", code_length=8)
    somebody, id_ = person(shop)
    assert "8 letters and digits" in somebody.text
    assert result_of(shop, somebody.send("check", code=shop.code(id_).lower()))["outcome"] == "approved"


def test_a_form_that_is_sent_twice_counts_once(shop: World) -> None:
    """The same form with the same code is one guess, wrong or right; both answers are the same."""
    somebody, id_ = person(shop)
    form = somebody.form
    for _ in range(3):
        somebody.send("check", form=form, code=shop.wrong(id_))
    assert shop.api.get(f"/v1/verifications/{id_}").json["attempts_left"] == 4
    form = somebody.form
    both = [result_of(shop, somebody.send("check", form=form, code=shop.code(id_))) for _ in range(2)]
    assert [each["outcome"] for each in both] == ["approved", "approved"]
    assert both[0]["jti"] == both[1]["jti"]


def test_of_64_forms_at_once_one_is_approved(shop: World) -> None:
    """The right code from 64 forms at once approves once; the others hear that it was used."""
    somebody, id_ = person(shop)
    told = [{"act": "check", "form": f"form-{n:04}", "code": shop.code(id_)} for n in range(64)]
    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(lambda form: shop.app.test_client().post(somebody.path, data=form).status_code, told))
    assert (answers.count(303), answers.count(410)) == (1, 63)


def test_nothing_that_was_typed_is_logged(shop: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither a link nor what was typed, nor where it leads, is in any log line; the route is."""
    allow(shop, code_length=10)  # no part of a time or of how long something took
    with logged(monkeypatch) as lines:
        somebody, id_ = person(shop, state="the-state")
        somebody.send("check", code=shop.wrong(id_))
        somebody.send("check", code=shop.code(id_))
    said = lines.getvalue()
    assert '"/pages/<token>"' in said
    token = somebody.path.removeprefix("/pages/")
    assert not [each for each in (token[:40], shop.code(id_), shop.wrong(id_), "the-state", "/back") if each in said]


def test_an_approval_is_told_to_one_form_alone(shop: World) -> None:
    """Once approved, the page leads nowhere as approved any more: not by its link, and not with the right code."""
    somebody, id_ = person(shop)
    code = shop.code(id_)
    somebody.send("check", code=code)
    assert somebody.open().status_code == 410
    assert "This code was already used" in somebody.text
    for act in ("resend", "check"):
        assert somebody.send(act, code="1234567" if act == "check" else "").status_code == 410
        assert "This code was already used" in somebody.text
    assert somebody.send("check", code=code).status_code == 410
    assert result_of(shop, somebody.send("leave"))["outcome"] == "ended"


def test_the_last_wrong_code_ends_the_page(shop: World) -> None:
    """After five wrong codes the page says so and leads back as ended; the right one helps no more."""
    somebody, id_ = person(shop)
    answers = [somebody.send("check", code=shop.wrong(id_)).status_code for _ in range(5)]
    assert answers == [200, 200, 200, 200, 410]
    assert "Too many wrong codes" in somebody.text
    assert somebody.send("check", code=shop.code(id_)).status_code == 410
    result = result_of(shop, somebody.send("leave"))
    assert (result["outcome"], result["reason"]) == ("ended", "max_attempts")


def test_whoever_leaves_is_told_as_canceled(shop: World) -> None:
    """Leaving leads back as canceled, and the verification stays as it was."""
    somebody, id_ = person(shop)
    assert result_of(shop, somebody.send("leave"))["outcome"] == "canceled"
    assert shop.api.get(f"/v1/verifications/{id_}").json["status"] == "pending"


def test_whoever_leaves_after_the_end_is_told_as_ended(shop: World) -> None:
    """A code that was used, or is over, is never told as one that is still good."""
    somebody, id_ = person(shop)
    form = somebody.form
    result_of(shop, somebody.send("check", code=shop.code(id_)))
    result = result_of(shop, somebody.send("leave", form=form))
    assert (result["outcome"], result["reason"]) == ("ended", "already_used")


def test_the_page_is_bound_as_the_verification_is(shop: World) -> None:
    """User and binding must be repeated when the page is made, and are part of what is compared."""
    id_ = shop.started(user="u1", binding={"payee": "Shop"})
    for wrong in ({}, {"user": "u2", "binding": {"payee": "Shop"}}, {"user": "u1"}):
        assert make(shop, verification=id_, **wrong).status_code == 422
    somebody = Person.at(shop, make(shop, verification=id_, user="u1", binding={"payee": "Shop"}))
    result = result_of(shop, somebody.send("check", code=shop.code(id_)))
    assert (result["outcome"], result["user"]) == ("approved", "u1")


def test_the_page_tells_little_of_the_number(shop: World) -> None:
    """The page shows the last two digits of the number, and nothing else of it."""
    somebody, _ = person(shop)
    assert "•••• 67" in somebody.text
    assert "791234" not in somebody.shown.text  # type: ignore[union-attr]


def test_a_code_is_sent_again_after_the_countdown(timed: TimedWorld) -> None:
    """Until it may be sent again the page counts down and refuses; afterwards it sends once per form."""
    allow(timed, resend_after_s=30)
    somebody, id_ = person(timed)
    assert 'data-wait="30"' in somebody.shown.text  # type: ignore[union-attr]
    assert somebody.send("resend").status_code == 429
    assert "sent only a moment ago" in somebody.text
    timed.clock.pass_(12 * SECOND)
    somebody.open()
    assert 'data-wait="18"' in somebody.shown.text  # type: ignore[union-attr]
    assert "0:18" in somebody.text
    timed.clock.pass_(18 * SECOND)
    path, form = somebody.path, somebody.form
    for _ in range(2):
        somebody.path = path
        assert somebody.send("resend", form=form).status_code == 200
        assert "The code is on its way again." in somebody.text
    assert timed.api.get(f"/v1/verifications/{id_}").json["sends"] == 2
    assert result_of(timed, somebody.send("check", code=timed.code(id_)))["outcome"] == "approved"


def test_a_resend_near_the_end_goes_on_with_the_new_verification(timed: TimedWorld) -> None:
    """Where a resend opens a new verification the page is of that one, and its result names it."""
    allow(timed)
    somebody, id_ = person(timed)
    timed.clock.pass_(550 * SECOND)
    somebody.send("resend")
    assert "on its way again" in somebody.text
    assert timed.api.get(f"/v1/verifications/{id_}").json["status"] == "canceled"
    fresh = opened(timed.core, somebody.path.removeprefix("/pages/").partition("?")[0]).page.verification
    assert fresh != id_
    result = result_of(timed, somebody.send("check", code=timed.code(fresh or "")))
    assert (result["outcome"], result["verification"]) == ("approved", fresh)


def test_too_many_sends_are_told_with_a_countdown(shop: World) -> None:
    """A limit is told in words with the time to wait, under the status and the header of the API."""
    allow(shop, limits={"to": "1 per 10 minutes"})
    somebody, _ = person(shop)
    response = somebody.send("resend")
    assert response.status_code == 429
    assert 0 < int(response.headers["Retry-After"]) <= 600
    assert "too often in a short time" in somebody.text
    assert "You can go on in" in somebody.text


def test_an_expired_code_ends_the_page(timed: TimedWorld) -> None:
    """A code whose time is over ends the page, which leads back with the reason."""
    allow(timed)
    somebody, id_ = person(timed)
    code = timed.code(id_)
    timed.clock.pass_(601 * SECOND)
    assert somebody.send("check", code=code).status_code == 410
    assert "This code has expired" in somebody.text
    assert result_of(timed, somebody.send("leave"))["reason"] == "expired"
