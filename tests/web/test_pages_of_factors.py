"""The pages that set up an authenticator app and ask for its codes, over HTTP."""

import html
import re
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import pytest

from otp_service.domain.factors.codes import Generator, step_of
from otp_service.domain.pages.words import LANGUAGES
from tests.factor_world import STEP, FactorWorld
from tests.web.pages import Person, allow, make, read, result_of
from tests.world import START

URI = re.compile(r'class="open" href="([^"]+)"')
CODES = re.compile(r"<li>([A-Z2-7-]{19})</li>")


@pytest.fixture
def shop(quick: FactorWorld) -> FactorWorld:
    """A shop whose users have factors, and whose pages may lead back to it."""
    allow(quick)
    return quick


def shown(somebody: Person) -> str:
    """The page as it came."""
    assert somebody.shown is not None
    return somebody.shown.text


def begun(shop: FactorWorld, **body: Any) -> tuple[Person, str]:
    """Somebody before the picture of their new key, and the key."""
    somebody = Person.at(shop, make(shop, "enrol", **{"user": "u1", **body}))
    assert "Step 1 of 3" in somebody.text
    somebody.send("begin")
    assert "Step 2 of 3" in somebody.text
    return somebody, parse_qs(urlsplit(uri(somebody)).query)["secret"][0]


def uri(somebody: Person) -> str:
    """What the app reads."""
    found = URI.search(shown(somebody))
    assert found
    return html.unescape(found[1])


def app_code(shop: FactorWorld, secret: str, steps: int = 0) -> str:
    """What the app shows."""
    return Generator(secret).code(step_of(shop.clock.now, 30) + steps)


def wrong(shop: FactorWorld, secret: str) -> str:
    """What it does not show."""
    return shop.wrong({"type": "totp", "secret": secret, "period_s": 30, "algorithm": "SHA1", "digits": 6})


def saved(shop: FactorWorld, somebody: Person, secret: str) -> list[str]:
    """The recovery codes that are shown once the app's code is right."""
    somebody.send("confirm", code=app_code(shop, secret))
    assert "Step 3 of 3" in somebody.text
    return CODES.findall(shown(somebody))


def test_an_app_is_set_up_in_three_steps(shop: FactorWorld) -> None:
    """Begin, type the app's code, save the recovery codes: then the page leads back, and all of them count."""
    somebody, secret = begun(shop, label="ana@shop.example", issuer="Shop", state="s")
    assert unquote(uri(somebody)).startswith("otpauth://totp/Shop:ana@shop.example?")
    assert 'class="qr"' in shown(somebody)
    assert " ".join(re.findall("....", secret)) in somebody.text
    codes = saved(shop, somebody, secret)
    assert len(codes) == 10
    result = result_of(shop, somebody.send("done", saved="yes"))
    assert (result["outcome"], result["user"], result["state"]) == ("enrolled", "u1", "s")
    theirs = {each["type"]: each for each in shop.factors.get("/v1/users/u1/factors").json["items"]}
    assert {type: each["status"] for type, each in theirs.items()} == {"totp": "active", "recovery_codes": "active"}
    assert result["factor"] == theirs["totp"]["id"]
    assert shop.verdict(codes[0]) == "valid"


def test_the_file_of_recovery_codes_needs_no_script(shop: FactorWorld) -> None:
    """The download is a link that holds the codes and says what they are of."""
    somebody, secret = begun(shop)
    codes = saved(shop, somebody, secret)
    link = re.search(r'href="data:text/plain;charset=utf-8,([^"]+)" download="recovery-codes.txt"', shown(somebody))
    assert link
    assert unquote(link[1]) == "\n".join(["Recovery codes for shop. Each lets you in once.", "", *codes, ""])


def test_nobody_goes_on_without_saving_the_codes(shop: FactorWorld) -> None:
    """Without the tick the same codes are shown again, with what to do."""
    somebody, secret = begun(shop)
    codes = saved(shop, somebody, secret)
    assert somebody.send("done").status_code == 422
    assert "Save the codes first" in somebody.text
    assert CODES.findall(shown(somebody)) == codes
    assert result_of(shop, somebody.send("done", saved="yes"))["outcome"] == "enrolled"


def test_a_wrong_first_code_keeps_the_key(shop: FactorWorld) -> None:
    """A wrong or short code is told in words beside the same key."""
    somebody, secret = begun(shop)
    for typed, status, said in (
        ("12", 422, "Type the whole code"),
        (wrong(shop, secret), 200, "Wait for the next one"),
    ):
        assert somebody.send("confirm", code=typed).status_code == status
        assert said in somebody.text
        assert secret in shown(somebody)
    assert saved(shop, somebody, secret)


def test_forms_that_are_sent_twice_enrol_once(shop: FactorWorld) -> None:
    """The same form twice begins one factor, and confirms it once with the same recovery codes."""
    somebody = Person.at(shop, make(shop, "enrol", user="u1"))
    form = somebody.form
    secrets = {parse_qs(urlsplit(uri(_sent(somebody, "begin", form=form))).query)["secret"][0] for _ in range(2)}
    assert len(secrets) == 1
    form, note = somebody.form, somebody.note
    code = app_code(shop, secrets.pop())
    told = [CODES.findall(shown(_sent(somebody, "confirm", form=form, note=note, code=code))) for _ in range(2)]
    assert told[0] == told[1] != []
    assert len(shop.factors.get("/v1/users/u1/factors").json["items"]) == 2


def _sent(somebody: Person, act: str, **fields: str) -> Person:
    somebody.send(act, **fields)
    return somebody


def test_recovery_codes_that_are_left_stay_good(shop: FactorWorld) -> None:
    """Whoever has recovery codes gets no new ones, which would void theirs."""
    codes = shop.enrolled(type="recovery_codes")["codes"]
    somebody, secret = begun(shop)
    back = somebody.send("confirm", code=app_code(shop, secret))
    assert result_of(shop, back)["outcome"] == "enrolled"
    assert shop.verdict(codes[0]) == "valid"


def test_a_key_that_nobody_confirmed_in_time_ends_the_page(shop: FactorWorld) -> None:
    """After ten minutes the key is forgotten, and the page says to start again."""
    somebody, secret = begun(shop)
    shop.clock.pass_(600_001)
    assert somebody.send("confirm", code=app_code(shop, secret)).status_code == 410
    assert result_of(shop, somebody.send("leave"))["reason"] == "late"


def test_a_step_up_is_asked_for_once(shop: FactorWorld) -> None:
    """Where the policy asks for a proof to enrol, the page passes it on, for the app and its recovery codes."""
    somebody = Person.at(shop, make(shop, "enrol", user="u1"))
    allow(shop, proof=True, step_up=["enrol"])
    assert somebody.send("begin").status_code == 403
    for unfit in ({}, {"step_up": "eyJ.no.proof"}):
        assert make(shop, "enrol", user="u1", **unfit).json["code"] == "step_up_required"
    shop.clock.now = _now(shop)  # a verification is dated by the store
    id_ = shop.started(purpose="factor.enrol", user="u1")
    proof = shop.api.check(shop.code(id_), id=id_, user="u1").json["proof"]
    somebody, secret = begun(shop, step_up=proof)
    assert len(saved(shop, somebody, secret)) == 10


def _now(shop: FactorWorld) -> int:
    moment, _ = shop.core.link.command("TIME")
    return int(moment) * 1000


def test_a_full_shelf_says_so(shop: FactorWorld) -> None:
    """Whoever has as many factors as are allowed is told to remove one."""
    for _ in range(10):
        shop.enrolled()
    somebody = Person.at(shop, make(shop, "enrol", user="u1"))
    assert somebody.send("begin").status_code == 409
    assert "Go back and remove one first" in somebody.text
    assert result_of(shop, somebody.send("leave"))["outcome"] == "ended"


@pytest.mark.parametrize("act", ["confirm", "done"])
def test_a_note_of_another_page_is_worth_nothing(shop: FactorWorld, act: str) -> None:
    """What a page keeps in its form opens on that page alone, and in its own step."""
    other, secret = begun(shop, user="u2")
    somebody = Person.at(shop, make(shop, "enrol", user="u1"))
    for note in (other.note, "", "rubbish", "k1.AAAA"):
        assert somebody.send(act, note=note, code=app_code(shop, secret), saved="yes").status_code == 404
    assert other.send("done", saved="yes").status_code == 404


def test_a_code_of_the_app_is_checked(shop: FactorWorld) -> None:
    """The app's code leads back as approved, with the factor that it was of; once."""
    made = shop.confirmed()
    somebody = Person.at(shop, make(shop, "check", user="u1"))
    form, code = somebody.form, shop.app_code(made)
    for _ in range(2):
        result = result_of(shop, somebody.send("check", form=form, code=code))
        assert (result["outcome"], result["factor"], result["type"]) == ("approved", made["id"], "totp")
    another = Person.at(shop, make(shop, "check", user="u1"))
    another.send("check", code=code)
    assert "already used" in another.text


def test_a_recovery_code_is_the_other_way(shop: FactorWorld) -> None:
    """Where there are recovery codes a link leads to their field, which takes each once, however spelt or misread."""
    shop.confirmed()
    codes = shop.enrolled(type="recovery_codes")["codes"]
    somebody = Person.at(shop, make(shop, "check", user="u1"))
    assert "Use a recovery code" in somebody.text
    somebody.path += "?way=recovery"
    somebody.open()
    assert "Use the authenticator app" in somebody.text
    somebody.send("check", way="recovery", code="ABCD")
    assert "16 letters and digits" in somebody.text
    somebody.send("check", way="recovery", code="AAAA-BBBB-CCCC-DDDD")
    assert "none of your recovery codes" in somebody.text
    spelt = codes[3].lower().replace("-", " ").translate(str.maketrans("oib", "018"))
    result = result_of(shop, somebody.send("check", way="recovery", code=spelt))
    assert (result["type"], result["codes_left"]) == ("recovery_codes", 9)
    again = Person.at(shop, make(shop, "check", user="u1"))
    again.send("check", way="recovery", code=codes[3])
    assert "none of your recovery codes" in again.text


def test_whoever_has_recovery_codes_alone_is_asked_for_one(shop: FactorWorld) -> None:
    """Without an app the page asks for a recovery code at once."""
    shop.enrolled(type="recovery_codes")
    assert "Recovery code" in Person.at(shop, make(shop, "check", user="u1")).text


def test_the_field_is_as_long_as_the_codes_are(shop: FactorWorld) -> None:
    """An app of 8 digits gets 8 boxes; with apps of both lengths there is one plain field."""
    shop.confirmed(digits=8)
    somebody = Person.at(shop, make(shop, "check", user="u1"))
    assert 'data-count="8"' in shown(somebody)
    made = shop.confirmed()
    somebody.open()
    assert "data-count" not in shown(somebody)
    assert result_of(shop, somebody.send("check", code=shop.app_code(made)))["outcome"] == "approved"


def test_too_many_wrong_codes_are_told_with_a_countdown(shop: FactorWorld) -> None:
    """Once the user has to wait, the page says so with the time that is left, before and after a try."""
    made = shop.confirmed()
    somebody = Person.at(shop, make(shop, "check", user="u1"))
    for _ in range(5):
        somebody.send("check", code=shop.wrong(made))
        assert "Wait until the app shows the next one" in somebody.text
    assert somebody.send("check", code=shop.wrong(made)).status_code == 429
    assert "Too many wrong codes." in somebody.text
    assert "You can go on in" in somebody.text
    assert "Too many wrong codes." in _opened(somebody).text
    shop.clock.pass_(STEP)
    assert result_of(shop, somebody.send("check", code=shop.app_code(made)))["outcome"] == "approved"


def _opened(somebody: Person) -> Person:
    somebody.open()
    return somebody


def test_a_proof_comes_with_the_result(shop: FactorWorld) -> None:
    """Where the policy asks for proofs, the result carries the one of the check."""
    allow(shop, proof=True)
    made = shop.confirmed()
    somebody = Person.at(shop, make(shop, "check", user="u1"))
    result = result_of(shop, somebody.send("check", code=shop.app_code(made)))
    assert read(shop, result["proof"], audience="")["user"] == "u1"


def test_a_factor_that_goes_ends_the_page(shop: FactorWorld) -> None:
    """When the user's last factor is removed meanwhile, there is nothing left to ask for."""
    made = shop.confirmed()
    somebody = Person.at(shop, make(shop, "check", user="u1"))
    shop.factors.delete(f"/v1/factors/{made['id']}")
    assert somebody.send("check", code=shop.app_code(made)).status_code in (409, 410)
    assert somebody.open().status_code == 410


def test_pages_of_factors_are_of_their_realm(shop: FactorWorld) -> None:
    """A user whose factors a test key enrolled has none for a live one."""
    tester = shop.caller("factors", test=True)
    shop.confirmed(by=tester)
    body = {"kind": "check", "user": "u1", "return_url": "https://shop.example/back"}
    assert shop.factors.post("/v1/pages", body).status_code == 404
    assert tester.post("/v1/pages", body).status_code == 201
    assert shop.caller(*START).post("/v1/pages", body).status_code == 403


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_step_speaks_every_language(shop: FactorWorld, language: str) -> None:
    """Every step is drawn in every language."""
    somebody = Person.at(shop, make(shop, "enrol", user="u1", locale=language))
    somebody.send("begin")
    secret = parse_qs(urlsplit(uri(somebody)).query)["secret"][0]
    assert len(saved_in(shop, somebody, secret)) == 10
    assert somebody.send("done").status_code == 422
    shop.clock.pass_(STEP)
    asked = Person.at(shop, make(shop, "check", user="u1", locale=language))
    asked.send("check", code=wrong(shop, secret))
    assert f'lang="{language}"' in shown(asked)


def saved_in(shop: FactorWorld, somebody: Person, secret: str) -> list[str]:
    somebody.send("confirm", code=app_code(shop, secret))
    return CODES.findall(shown(somebody))
