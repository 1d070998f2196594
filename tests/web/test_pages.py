"""Hosted pages over HTTP: who may make one, what their links are worth, and what the page of a code does."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from otp_service.domain.pages.page import LIFE_MS
from otp_service.domain.pages.words import LANGUAGES
from otp_service.ledger import keys
from otp_service.service.core import now_ms
from otp_service.service.pages import links
from otp_service.service.pages.links import opened, token_of
from tests.clock import SECOND, TimedWorld
from tests.logged import logged
from tests.web.pages import BACK, Person, allow, make, path_of, read, result_of
from tests.world import START, World


@pytest.fixture
def shop(world: World) -> World:
    """An application whose pages may lead back to its shop."""
    allow(world)
    return world


def person(world: World, **body: Any) -> tuple[Person, str]:
    """Somebody at the page of a fresh verification, and its id."""
    id_ = world.started()
    return Person.at(world, make(world, verification=id_, **body)), id_


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


def test_a_page_ends_after_a_quarter_of_an_hour(shop: World) -> None:
    """A link whose time is over does nothing but lead back."""
    id_ = shop.started()
    made = make(shop, verification=id_)
    page = opened(shop.core, path_of(made).rpartition("/")[2]).page
    assert page.until_ms - now_ms() <= LIFE_MS
    late = token_of(shop.core, type(page)(**{name: getattr(page, name) for name in page.__slots__} | {"until_ms": 1}))
    somebody = Person(shop, f"/pages/{late}")
    assert somebody.open().status_code == 410
    assert somebody.send("check", code=shop.code(id_)).status_code == 410
    result = result_of(shop, somebody.send("leave"))
    assert (result["outcome"], result["reason"]) == ("ended", "late")
    assert shop.api.get(f"/v1/verifications/{id_}").json["status"] == "pending"


@pytest.mark.parametrize(
    "spoil",
    [
        "x",
        "k1.",
        "k1.AAAA",
        "k9.{0}",
        "{0}",
        "k1.{0}A",
        "k1.A{0}",
        "../k1.{0}",
        "k1.{0}{0}",
        "k1." + "A" * 9000,
    ],
)
def test_a_forged_link_leads_nowhere(shop: World, spoil: str) -> None:
    """What was never made here is one and the same 404, which names no application and leads nowhere."""
    good = path_of(make(shop, verification=shop.started())).rpartition("/")[2]
    somebody = Person(shop, f"/pages/{spoil.format(good.partition('.')[2])}")
    assert shop.app.test_client().get(somebody.path).status_code == 404
    assert shop.app.test_client().post(somebody.path, data={"act": "leave"}).status_code == 404


def test_a_link_sealed_for_something_else_is_forged(shop: World) -> None:
    """A value that the ring sealed for another place does not open as a page."""
    sealed = shop.core.ring.seal(b"{}", "another place", b"0" * 12)
    assert Person(shop, f"/pages/{sealed}").open().status_code == 404
    empty = shop.core.ring.seal(b"{}", links.BOUND, b"0" * 12)
    assert Person(shop, f"/pages/{empty}").open().status_code == 404


def test_a_page_ends_with_its_key_its_host_and_its_application(shop: World) -> None:
    """Revoking the key, or taking the host out of the policy, ends the links at once."""
    id_, caller = shop.started(), shop.caller(*START)
    made = caller.post("/v1/pages", {"kind": "code", "verification": id_, "return_url": BACK})
    somebody = Person.at(shop, made)
    shop.policy(return_hosts=["other.example"])
    assert somebody.open().status_code == 404
    allow(shop)
    assert somebody.open().status_code == 200
    key = opened(shop.core, somebody.path.removeprefix("/pages/")).page.key
    with shop._change() as change:
        keys.revoke(change, key)
    shop.parts.truths.refresh()
    assert somebody.open().status_code == 404


def test_a_page_is_of_its_application_alone(shop: World) -> None:
    """Another application makes no page of a verification that is not its own; test keys stay in their realm."""
    other = shop.application(
        "other", type(shop.core.snapshot().applications[shop.shop].policy)(return_hosts=["shop.example"])
    )
    body = {"kind": "code", "verification": shop.started(), "return_url": BACK}
    assert shop.caller(*START, application=other).post("/v1/pages", body).status_code == 404
    assert shop.caller(*START, test=True).post("/v1/pages", body).status_code == 404


@pytest.mark.parametrize(
    "url",
    [
        "https://evil.example/back",
        "https://shop.example.evil.example/",
        "https://shop.example@evil.example/",
        "https://evil.example#@shop.example/",
        "https://shop.example\\@evil.example/",
        "https://shop.example:8443/",
        "http://shop.example/back",
        "//shop.example/back",
        "javascript:alert(1)//shop.example",
        "https:shop.example",
        "https://SHOP.example/",
        "https://shop.example/\nSet-Cookie: a=b",
        "https://shop.example/ back",
        "https://shop.example/;script-src *",
        "https://shop.example;",
        "https://shop.exam\u0440le/",
        "https://shop.example/#top",
        "https://shop.example/?result=mine",
        "https://shop.example/?a=1&state=mine",
        "data:text/html,x",
        "http://[::1]:8080/",
        "http://127.0.0.1.evil.example/",
    ],
)
def test_no_page_leads_where_the_policy_does_not_say(shop: World, url: str) -> None:
    """An address is refused unless browsers read it as https on a host of the policy, and nothing else."""
    made = make(shop, verification=shop.started(), return_url=url)
    assert (made.status_code, made.json["errors"][0]["field"]) == (422, "return_url")


def test_this_machine_is_good_in_development_alone(shop: World) -> None:
    """In development a page may lead to this very machine over http; in production never."""
    for url in ("http://127.0.0.1:5000/back", "http://localhost/back"):
        assert make(shop, "enrol", user="u1", return_url=url).status_code == 201
        object.__setattr__(shop.core, "production", True)
        assert make(shop, "enrol", user="u1", return_url=url).status_code == 422
        object.__setattr__(shop.core, "production", False)


def test_without_return_hosts_there_are_no_pages(world: World) -> None:
    """Where the policy names no host, the refusal says which field to set."""
    made = make(world, verification=world.started())
    assert made.status_code == 422
    assert "policy.return_hosts" in made.json["detail"]


def test_an_address_keeps_its_own_query(shop: World) -> None:
    """What the product put into its address stays there."""
    somebody, id_ = person(shop, return_url=f"{BACK}?order=7")
    back = somebody.send("check", code=shop.code(id_))
    assert back.location.startswith(f"{BACK}?order=7&result=")


@pytest.mark.parametrize(
    ("scopes", "kind", "status"),
    [
        (("verifications:check",), "code", 403),
        (("verifications:start",), "code", 403),
        (("factors",), "code", 403),
        (START, "code", 201),
        (START, "enrol", 403),
        (("factors",), "enrol", 201),
        (("messages",), "enrol", 403),
    ],
)
def test_a_page_takes_the_scopes_of_what_it_does(shop: World, scopes: tuple[str, ...], kind: str, status: int) -> None:
    """`code` takes both scopes of verifications, the other kinds that of factors."""
    asked: dict[str, Any] = {"kind": kind, "return_url": BACK}
    asked |= {"verification": shop.started()} if kind == "code" else {"user": "u1"}
    assert shop.caller(*scopes).post("/v1/pages", asked).status_code == status


@pytest.mark.parametrize(
    "wrong",
    [
        {"kind": "code"},
        {"kind": "enrol"},
        {"kind": "enrol", "user": "u1", "verification": "ver_x"},
        {"kind": "other", "user": "u1"},
        {"kind": "enrol", "user": "u1", "theme": {"accent": "red"}},
        {"kind": "enrol", "user": "u1", "theme": {"accent": "#fff;}body{}"}},
        {"kind": "enrol", "user": "u1", "theme": {"logo": "https://evil.example/logo.svg"}},
        {"kind": "enrol", "user": "u1", "state": "a b"},
        {"kind": "enrol", "user": "u1", "locale": "../../etc"},
        {"kind": "enrol", "user": "u1", "more": 1},
    ],
)
def test_a_page_that_makes_no_sense_is_refused(shop: World, wrong: dict[str, Any]) -> None:
    """Each field has its bounds."""
    assert shop.admin.post("/v1/pages", {"return_url": BACK, **wrong}).status_code == 422


def test_a_page_of_what_has_ended_is_refused(shop: World) -> None:
    """A verification that is over gets no page any more; an unknown one is not found."""
    id_ = shop.started()
    shop.api.check(shop.code(id_), id=id_)
    assert make(shop, verification=id_).json["code"] == "not_pending"
    assert make(shop, verification="ver_unknown").status_code == 404
    assert make(shop, "check", user="nobody").status_code == 404


def test_a_page_is_made_once_per_idempotency_key(shop: World) -> None:
    """The same key and body hear of the same page."""
    body = {"kind": "enrol", "user": "u1", "return_url": BACK}
    made = [shop.admin.post("/v1/pages", body, {"Idempotency-Key": "one"}).json for _ in range(2)]
    assert made[0] == made[1]


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
    ],
)
def test_a_form_from_elsewhere_is_refused(shop: World, headers: dict[str, str]) -> None:
    """A form that another site sends changes nothing, whatever it holds."""
    somebody, id_ = person(shop)
    assert somebody.send("check", headers, code=shop.code(id_)).status_code == 403
    assert shop.api.get(f"/v1/verifications/{id_}").json["attempts_left"] == 5


def test_the_page_of_a_proxy_is_our_own(shop: World) -> None:
    """Behind a proxy that renames the host, forms of the public address are ours."""
    somebody, id_ = person(shop)
    headers = {"Sec-Fetch-Site": "same-origin", "Origin": "https://otp.example"}
    assert result_of(shop, somebody.send("check", headers, code=shop.code(id_)))["outcome"] == "approved"


@pytest.mark.parametrize(
    ("kind", "data", "status"),
    [
        ("application/json", b"{}", 415),
        ("application/x-www-form-urlencoded", b"&".join(b"a=1" for _ in range(50)), 400),
        ("application/x-www-form-urlencoded", b"act=check&code=\xff\xfe", 400),
        ("application/x-www-form-urlencoded", b"code=" + b"1" * 20_000, 413),
        ("application/x-www-form-urlencoded", b"act=begin&form=%00&note=rubbish", 200),
    ],
)
def test_rubbish_is_answered_with_a_page(shop: World, kind: str, data: bytes, status: int) -> None:
    """Whatever a form holds, the answer is a page and never a failure."""
    somebody, _ = person(shop)
    response = shop.app.test_client().post(somebody.path, data=data, content_type=kind)
    assert (response.status_code, response.mimetype) == (status, "text/html")


def test_nothing_from_elsewhere_runs_or_frames_a_page(shop: World) -> None:
    """The policy of content names this origin, the way back and a nonce; no other page may frame it or keep it."""
    somebody, _ = person(shop)
    assert somebody.shown is not None
    headers = somebody.shown.headers
    policy = dict(part.strip().partition(" ")[::2] for part in headers["Content-Security-Policy"].split(";"))
    assert (policy["default-src"], policy["script-src"], policy["frame-ancestors"]) == ("'none'", "'self'", "'none'")
    assert policy["form-action"] == "'self' https://shop.example"
    assert policy["style-src"].removeprefix("'self' 'nonce-")[:-1] in somebody.shown.text
    assert "unsafe" not in headers["Content-Security-Policy"]
    assert (headers["X-Frame-Options"], headers["Cache-Control"]) == ("DENY", "no-store")
    assert (headers["Referrer-Policy"], headers["X-Content-Type-Options"]) == ("same-origin", "nosniff")
    assert " style=" not in somebody.shown.text
    assert " on" not in {part[:3] for part in somebody.shown.text.split("<input")}


def test_a_framed_page_may_be_framed_by_its_product_alone(shop: World) -> None:
    """With `embed` the origin of the return address, and no other, may frame the page, which tells it how it ended."""
    somebody, id_ = person(shop, embed=True, state="s")
    assert somebody.shown is not None
    assert "frame-ancestors https://shop.example" in somebody.shown.headers["Content-Security-Policy"]
    assert "X-Frame-Options" not in somebody.shown.headers
    done = somebody.send("check", code=shop.code(id_))
    assert done.status_code == 200
    assert 'data-origin="https://shop.example"' in done.text
    assert 'data-outcome="approved"' in done.text


def test_a_logo_is_loaded_from_its_own_host_alone(shop: World) -> None:
    """A theme's picture widens the policy by its origin, and its colours come through the nonce."""
    theme = {"accent": "#1d6b45", "logo": "https://shop.example/logo.svg", "scheme": "light"}
    somebody, _ = person(shop, theme=theme)
    assert somebody.shown is not None
    assert "img-src data: https://shop.example;" in somebody.shown.headers["Content-Security-Policy"]
    assert "--accent:#1d6b45" in somebody.shown.text
    assert 'data-scheme="light"' in somebody.shown.text


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_is_spoken(shop: World, language: str) -> None:
    """The page speaks the locale that it is told, else the browser's, else English; Arabic runs from the right."""
    id_ = shop.started()
    told = Person.at(shop, make(shop, verification=id_, locale=f"{language}-XX"))
    asked = Person(shop, path_of(make(shop, verification=id_)))
    asked.open(**{"Accept-Language": f"sv, {language};q=0.8, en;q=0.5"})
    for each in (told, asked):
        assert each.shown is not None
        assert f'<html lang="{language}" dir="{"rtl" if language == "ar" else "ltr"}"' in each.shown.text


def test_what_an_application_is_called_is_never_markup(shop: World) -> None:
    """An application's name is shown letter by letter."""
    policy = type(shop.core.snapshot().applications[shop.shop].policy)(return_hosts=["shop.example"])
    other = shop.application("<b>{0}</b>", policy)
    body = {"kind": "enrol", "user": "u", "return_url": BACK}
    made = shop.caller("factors", application=other).post("/v1/pages", body)
    assert "&lt;b&gt;{0}&lt;/b&gt;" in Person.at(shop, made).shown.text  # type: ignore[union-attr]


def test_the_script_for_products_may_be_imported_by_any_page(shop: World) -> None:
    """embed.js answers every origin; the other files are the pages' own."""
    client = shop.app.test_client()
    assert client.get("/pages/embed.js").headers["Access-Control-Allow-Origin"] == "*"
    for asset in ("page.css", "page.js", "code.js", "framed.js"):
        answer = client.get(f"/pages/assets/{asset}")
        assert (answer.status_code, answer.headers["X-Content-Type-Options"]) == (200, "nosniff")
        assert "Access-Control-Allow-Origin" not in answer.headers
    assert client.get("/pages/assets/embed.html").status_code == 404
