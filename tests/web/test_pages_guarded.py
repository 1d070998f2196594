"""What guards hosted pages: forms of their own, headers, frames, and words that are no markup."""

import pytest

from otp_service.domain.pages.words import LANGUAGES
from tests.web.pages import BACK, Person, allow, make, path_of, person, result_of
from tests.world import World


@pytest.fixture
def shop(world: World) -> World:
    """An application whose pages may lead back to its shop."""
    allow(world)
    return world


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


def test_a_form_may_end_on_every_host_of_the_policy(shop: World) -> None:
    """The policy of content names all return hosts, since the product may lead on from one of them to another."""
    allow(shop, return_hosts=["shop.example", "id.shop.example:8443"])
    somebody, _ = person(shop)
    assert somebody.shown is not None
    policy = somebody.shown.headers["Content-Security-Policy"]
    assert "form-action 'self' https://shop.example id.shop.example:8443;" in policy
    assert "id.shop.example" not in policy.replace("form-action 'self' https://shop.example id.shop.example:8443", "")


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
