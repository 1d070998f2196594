"""Letting pass whoever was refused, from the page that tells it."""

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from otp_service.ledger.blocks import ALLOWS, Block
from otp_service.service.admin import blocks
from otp_service.service.console import searching
from otp_service.service.console.searching import Kind, Sought
from tests.console.conftest import Console
from tests.console.looks import everywhere, unlabelled
from tests.console.test_accessibility import Looking
from tests.web.test_admin_audit import entries
from tests.world import NUMBER, World

ADDRESS, NEIGHBOUR, SIX, USER = "203.0.113.7", "203.0.113.8", "2001:db8::7", "anabel@example.com"


def refused(world: World, ip: str = ADDRESS, user: str = USER) -> str:
    """The reference of a start that came too soon after another of its client's address."""
    world.policy(limits={"ip": "1 per hour"}, fraud="off")
    world.api.start("+41791230001", client={"ip": ip}, user=user)
    return str(world.api.start(client={"ip": ip}, user=user).json["reference"])


def request_of(world: World, reference: str) -> str:
    """The id of the request that was refused."""
    return str(world.admin.get(f"/v1/admin/refusals/{reference}").get_json()["request_id"])


def shown(console: Console, kind: Kind, value: str, **more: object) -> tuple[Page, Locator]:
    """The page of what was looked for, and its refusal with the form open."""
    page = console.page("fraud", **more)
    page.goto(place(console, kind, value))
    chapter = page.get_by_role("article", name="Refused")
    chapter.locator("summary", has_text="Exempt").press("Enter")
    return page, chapter


def place(console: Console, kind: Kind, value: str) -> str:
    """Where the page of what was looked for is."""
    return f"/console/find/{searching.token(console.world.core, Sought(kind, value))}"


def choices(chapter: Locator) -> list[str]:
    """Whom the form offers to exempt."""
    return chapter.get_by_label("Whom").get_by_role("option").all_inner_texts()


def exempted(page: Page, chapter: Locator, whom: str, which: str | None = None) -> None:
    """Has one of them pass, by keyboard."""
    chapter.get_by_label("Whom").select_option(label=whom)
    if which is not None:
        chapter.get_by_label("Which").fill(which)
    chapter.get_by_label("Why").fill("our own office")
    chapter.get_by_role("button", name="Exempt").press("Enter")


def allows(console: Console) -> list[Block]:
    """The allows in force."""
    return list(blocks.page(console.world.core, 9, book=ALLOWS).items)


@pytest.mark.parametrize(
    ("kind", "value", "whom", "allow"),
    [
        ("ip", ADDRESS, "this address", ("ip", ADDRESS)),
        ("ip", ADDRESS, "its network, 203.0.113.0/24", ("network", "203.0.113.0/24")),
        ("ip", SIX, "this address", ("ip", "2001:db8::/64")),
        ("ip", SIX, "its network, 2001:db8::/48", ("network", "2001:db8::/48")),
        ("name", USER, "this user", ("user", USER)),
    ],
)
def test_what_was_looked_for_needs_no_typing(
    console: Console, kind: Kind, value: str, whom: str, allow: tuple[str, str]
) -> None:
    """The address, its network or the user that Find was asked for is exempt without writing it, and audited."""
    world = console.world
    refused(world, value if kind == "ip" else ADDRESS)
    page, chapter = shown(console, kind, value)
    expect(chapter.get_by_label("Which")).not_to_be_visible()
    exempted(page, chapter, whom)
    expect(page.get_by_role("status")).to_contain_text("Exempt from now on")
    assert [(row.kind, blocks.whole(world.core, row) or row.value) for row in allows(console)] == [allow]
    asked = {"client": {"ip": value if kind == "ip" else ADDRESS}, "user": USER}
    assert world.api.start(**asked).status_code == 201
    assert [each["actor"] for each in entries(world) if each["act"] == "allow.add"] == ["admin:a fraud"]


def test_who_asked_is_written_where_only_a_fingerprint_is_kept(console: Console) -> None:
    """By a reference the address is asked for, without a script: another is refused at its field, the right one not."""
    reference = refused(console.world)
    page, chapter = shown(console, "reference", reference, java_script_enabled=False)
    expect(chapter.get_by_label("Which")).not_to_be_visible()
    exempted(page, chapter, "the address that asked", NEIGHBOUR)
    expect(chapter.locator(".wrong")).to_have_text("This is not the one that asked.")
    expect(chapter.get_by_label("Which")).to_have_value(NEIGHBOUR)
    expect(chapter.get_by_label("Which")).to_have_accessible_description(re.compile("not the one that asked"))
    expect(chapter.get_by_label("Why")).to_have_value("our own office")
    expect(page.get_by_text("Exempt from now on")).to_have_count(0)
    console.complaints.clear()  # of the status 422
    exempted(page, chapter, "the address that asked", ADDRESS)
    expect(page.get_by_role("status")).to_contain_text("Exempt from now on")
    assert [(row.kind, row.value) for row in allows(console)] == [("ip", ADDRESS)]


def test_who_asked_must_be_said(console: Console) -> None:
    """An empty field of a network or a user is refused with the words that say what is missing."""
    refused(console.world)
    page, chapter = shown(console, "number", NUMBER)
    for whom, words in (("the network that asked", "Say which address"), ("the user who asked", "Say which user")):
        exempted(page, chapter, whom, "")
        expect(chapter.locator(".wrong")).to_contain_text(words)
    console.complaints.clear()  # of the status 422
    assert allows(console) == []


def test_a_request_is_nobodys_name(console: Console) -> None:
    """Found by its request a refusal asks for the user: what was looked for is not who asked."""
    world = console.world
    request = request_of(world, refused(world))
    _, chapter = shown(console, "name", request)
    assert "the user who asked" in choices(chapter)
    assert "this user" not in choices(chapter)


def test_only_who_was_told_can_be_exempt(console: Console) -> None:
    """A start that told neither address nor user offers the number, its block and its country, and no field."""
    console.world.policy(limits={"to": "1 per hour"}, fraud="off")
    console.world.started()
    reference = console.world.api.start().json["reference"]
    _, chapter = shown(console, "reference", reference)
    assert choices(chapter) == ["this number", "its block of ten thousand", "its whole country"]
    expect(chapter.get_by_label("Which")).to_have_count(0)


def test_the_open_form_fits_everywhere(console: Console) -> None:
    """The form with its field fits on a desk and on a phone, light and dark, and everything in it has a name."""
    there = place(console, "reference", refused(console.world))

    def look(page: Page) -> None:
        chapter = page.get_by_role("article", name="Refused")
        chapter.locator("summary", has_text="Exempt").press("Enter")
        chapter.get_by_label("Whom").select_option(label="the user who asked")
        expect(chapter.get_by_label("Which")).to_be_visible()
        assert unlabelled(page) == []

    everywhere(console, there, look, "fraud")


def test_the_form_is_accessible(console: Console) -> None:
    """Open, and again with what is wrong, the form breaks no rule of WCAG 2 A or AA."""
    page, chapter = shown(console, "reference", refused(console.world))
    chapter.get_by_label("Whom").select_option(label="the network that asked")
    looking = Looking(page)
    looking.here("open")
    exempted(page, chapter, "the address that asked", NEIGHBOUR)
    expect(chapter.locator(".wrong")).to_be_visible()
    looking.here("refused")
    console.complaints.clear()  # of the status 422
    assert looking.wrong == {}


def test_who_may_only_look_exempts_nobody(console: Console) -> None:
    """A viewer reads the refusal and finds no form; sent all the same, it is refused."""
    reference = refused(console.world)
    with console.http("viewer") as client:
        assert "exempt-1" not in client.get(place(console, "reference", reference)).text
        typed = {"reference": reference, "kind": "ip", "value": ADDRESS, "reason": "mine"}
        answer = console.post(client, f"{place(console, 'reference', reference)}/exempt", typed)
    assert (answer.status_code, allows(console)) == (403, [])
