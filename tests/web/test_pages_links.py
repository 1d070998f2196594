"""Links of hosted pages: who may make one, what they are worth, and where they lead."""

from typing import Any

import pytest

from otp_service.domain.pages.page import LIFE_MS
from otp_service.ledger import keys
from otp_service.service.core import now_ms
from otp_service.service.pages import links
from otp_service.service.pages.links import opened, token_of
from tests.web.pages import BACK, Person, allow, make, path_of, person, result_of
from tests.world import START, World


@pytest.fixture
def shop(world: World) -> World:
    """An application whose pages may lead back to its shop."""
    allow(world)
    return world


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
