"""The page on which somebody finds what happened."""

import re
from typing import Any

from playwright.sync_api import Page, expect

from otp_service.ledger.facts import apply_facts
from otp_service.service.admin import blocks
from otp_service.service.console import searching
from otp_service.service.console.searching import Sought
from otp_service.service.core import now_ms
from otp_service.service.destination import number_index
from otp_service.store.fraud import quarantines_key
from tests.console.conftest import Console
from tests.console.looks import everywhere, unlabelled
from tests.ledger.telling import story
from tests.web.test_admin_locks import disable
from tests.world import NUMBER, OTHER_NUMBER, World

FRIEND = "+41791230000"
LONG = re.compile(r"[\w-]{12,}")  # tokens and names of files, in which any five digits may stand in a row


def happened(world: World) -> str:
    """A code that was sent, guessed wrong once and typed in, to the number of the tests; its id."""
    index = number_index(world.core, NUMBER)
    told = {"number_index": index, "to_sealed": world.core.ring.seal(NUMBER.encode(), index, b"n" * 12)}
    person = told | {"country": "CH", "block": "+4179123"}
    facts = story(1, world.shop, now_ms() - 60_000)
    for fact in facts:
        if "person" in fact.data:
            fact.data["person"] = person
    apply_facts(world.core.engine, facts)
    return "ver_1"


def _found(console: Console, text: str, role: str = "fraud", **more: Any) -> Page:
    page = console.page(role, **more)
    page.goto("/console/find")
    page.get_by_label("Number, id, address or user", exact=True).fill(text)
    page.get_by_label("Number, id, address or user", exact=True).press("Enter")
    expect(page.get_by_role("heading", name="What happened")).to_be_visible()
    return page


def test_a_number_tells_its_story(console: Console) -> None:
    """A number as people write it leads to every step of its codes in order, masked, and stands in no address."""
    happened(console.world)
    page = _found(console, "+41 79 123 45 67")
    expect(page.get_by_role("heading", level=1)).to_contain_text("+4179•••4567")
    assert "791234567" not in page.url + page.content()
    chapter = page.get_by_role("article", name="Code for login by SMS")
    expect(chapter).to_contain_text("approved")
    told = chapter.get_by_role("listitem")
    expect(told.first).to_contain_text("A code was asked for")
    expect(told.last).to_contain_text("the number is verified")
    expect(page.get_by_text("1 code, 1 verified")).to_be_visible()


def test_a_message_and_a_verification_lead_to_the_same(console: Console) -> None:
    """An id of a code or of its message tells the same story, with the number masked."""
    id_ = happened(console.world)
    for text in (id_, "msg_1"):
        page = _found(console, text, "viewer")
        expect(page.get_by_role("article", name="Code for login by SMS")).to_contain_text("+4179•••4567")


def test_a_refusal_says_why_and_is_found_by_its_reference(console: Console) -> None:
    """A blocked number's refusal reads in a sentence, under its reference and under the number."""
    blocks.create(console.world.core, "tests", "number", NUMBER, "asked for too many")
    console.world.parts.truths.refresh()
    reference = console.world.api.start().json["reference"]
    for text in (reference, NUMBER):
        page = _found(console, text)
        expect(page.get_by_role("article", name="Refused")).to_contain_text("An admin has blocked this number")
    expect(page.get_by_text("Blocked as number")).to_contain_text("asked for too many")


def test_refused_messages_and_checks_stand_there_too(console: Console) -> None:
    """A message and a check that were refused are told under the number, each with its own title."""
    world = console.world
    world.started()
    disable(world)
    world.api.check("123456")
    world.policy(countries=["DE"])
    world.caller("messages").post("/v1/messages", {"to": NUMBER, "text": "Your parcel is here."})
    page = _found(console, NUMBER)
    expect(page.get_by_role("article", name="Message refused")).to_contain_text("do not name CH")
    expect(page.get_by_role("article", name="Check refused")).to_contain_text("wrong codes in a row")


def test_what_helps_is_done_there(console: Console) -> None:
    """Somebody is let pass, and no longer, from the page that tells their story; each act wants its reason."""
    page = _found(console, NUMBER)
    page.locator("summary", has_text="let it pass").press("Enter")
    page.get_by_label("What", exact=True).select_option("allow")
    page.get_by_label("Why", exact=True).fill("our own phone")
    page.get_by_role("button", name="Do it").press("Enter")
    expect(page.get_by_role("status")).to_contain_text("let them pass now")
    expect(page.get_by_text("Let pass as number")).to_contain_text("our own phone")
    page.get_by_role("button", name="Lift", exact=True).click()
    expect(page.get_by_text("No block and no allow meets it")).to_be_visible()


def test_wrong_codes_and_limits_are_forgiven_there(console: Console) -> None:
    """What wrong codes and sends have counted stands as bars, and starts again with a reason."""
    id_ = console.world.started()
    console.world.api.check(console.world.wrong(id_), id=id_)
    page = _found(console, NUMBER)
    card = page.get_by_role("article", name="shop")
    expect(card).to_contain_text("1 wrong code in a row")
    expect(card).to_contain_text("1 of 5")
    for words in ("Lift the lock", "Reset the limits"):
        card.locator("summary", has_text=words).press("Enter")
        card.get_by_label("Why").filter(visible=True).fill("they called us")
        card.get_by_role("button", name=words).press("Enter")
        expect(page.get_by_role("status")).to_be_visible()
    expect(card).to_contain_text("No wrong codes are counted")
    expect(card).to_contain_text("0 of 5")


def test_who_may_only_look_finds_no_acts(console: Console) -> None:
    """A viewer reads the story, and nothing there changes anything."""
    happened(console.world)
    page = _found(console, NUMBER, "viewer")
    expect(page.get_by_text("let it pass")).to_have_count(0)
    expect(page.get_by_role("button", name="Show the number")).to_have_count(0)
    token = searching.token(console.world.core, Sought("number", NUMBER))
    for name in ("lift", "reset", "list", "unlist"):
        assert console.http("viewer").post(f"/console/find/{token}/{name}").status_code == 403


def test_nobody_is_found_in_words(console: Console) -> None:
    """A number that nothing is known of says so, and for how long things are kept; an empty search says so too."""
    page = _found(console, FRIEND)
    expect(page.get_by_text("Nothing is known of it")).to_be_visible()
    answer = console.http("viewer").get("/console/find/made-up")
    assert answer.status_code == 404
    assert "search again" in answer.text


def test_the_story_fits_everywhere(console: Console) -> None:
    """The page of a story fits on a desk and on a phone, light and dark, and everything on it has a name."""
    happened(console.world)
    token = searching.token(console.world.core, Sought("number", NUMBER))

    def look(page: Page) -> None:
        expect(page.get_by_role("article", name="Code for login by SMS")).to_be_visible()
        assert unlabelled(page) == []

    everywhere(console, f"/console/find/{token}", look)


def test_a_refusal_says_the_day_on_which_it_lifts(console: Console) -> None:
    """When it lifts is told with its day, since that may be tomorrow at the same time; likely fraud says so once."""
    console.world.policy(limits={"to": "1 per day"}, fraud="off")
    console.world.started()
    daily = console.world.api.start().json["reference"]
    console.world.policy(fraud="enforce", thresholds={"number_strong": 0})
    never = console.world.api.start(OTHER_NUMBER).json["reference"]
    with console.http("viewer") as client:
        told = [
            client.get(f"/console/find/{searching.token(console.world.core, Sought('reference', each))}").text
            for each in (daily, never)
        ]
    assert re.search(r"It lifts by itself at \d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC", told[0])
    assert "No time is known at which it lifts by itself" in told[1]
    assert "Refused: likely fraud" in told[1]


def test_a_quarantine_stands_under_what_holds(console: Console) -> None:
    """Of a number whose prefix is in quarantine it is told until when; of another operator's number not."""
    console.world.policy(fraud="enforce")
    until = now_ms() + 3_600_000
    console.world.core.link.command("ZADD", quarantines_key(console.world.shop), until, "+4179 CH")
    with console.http("viewer") as client:
        told = [
            client.get(f"/console/find/{searching.token(console.world.core, Sought('number', each))}").text
            for each in (NUMBER, "+41761112222")
        ]
    assert ["Its operator’s prefix is in quarantine until" in each for each in told] == [True, False]
    assert 'href="/console/countries/CH"' in told[0]


def test_a_refusal_is_exempt_with_one_act(console: Console) -> None:
    """Who was refused for the limit of the number passes after an act on the refusal itself, which asks why."""
    console.world.policy(limits={"to": "1 per day"}, fraud="off")
    console.world.started()
    reference = console.world.api.start().json["reference"]
    page = _found(console, reference)
    chapter = page.get_by_role("article", name="Refused")
    expect(chapter).to_contain_text("The limit of 1 in")
    chapter.locator("summary", has_text="Exempt").press("Enter")
    chapter.get_by_label("Why").fill("our own tester")
    chapter.get_by_role("button", name="Exempt").press("Enter")
    expect(page.get_by_role("status")).to_contain_text("Exempt from now on")
    assert console.world.api.start().status_code == 200
    page.get_by_role("link", name="everything of this number").click()
    expect(page.get_by_text("Let pass as number")).to_contain_text("our own tester")


def test_a_number_with_a_slip_in_it_is_masked_too(console: Console) -> None:
    """What has a number's digits and is none is shown with its ends alone, in headings, titles and limits."""
    with console.http("viewer") as client:
        for place in ("find", "limits"):
            there = console.post(client, f"/console/{place}", {"q": "+41 79 123 45 6"}).headers["Location"]
            shown = LONG.sub("", client.get(there).text)
            assert "41•••56" in shown
            assert not any(middle in shown for middle in ("79123", "79 123", "12345", "123 45"))
    assert Sought("name", "user-79123456").shown() == "user-79123456"
    assert Sought("name", "12345").shown() == "12345"
