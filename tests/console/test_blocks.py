"""The page of blocks and allows."""

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from otp_service.ledger.blocks import ALLOWS
from otp_service.ledger.facts import apply_facts
from otp_service.service.admin import blocks
from otp_service.service.console import searching
from otp_service.service.console.searching import Sought
from otp_service.service.core import now_ms
from tests.console.conftest import Console
from tests.console.looks import everywhere, unlabelled
from tests.ledger.telling import story
from tests.world import NUMBER

NAME = "anabel@example.com"


def _rows(console: Console) -> list[tuple[str, str]]:
    return [(each.kind, each.reason) for each in blocks.page(console.world.core, 50).items]


def test_blocks_are_listed_masked_and_by_kind(console: Console) -> None:
    """Every block shows what it holds against, a number masked; one kind can be looked at alone."""
    core = console.world.core
    blocks.create(core, "tests", "number", NUMBER, "asked for too many")
    blocks.create(core, "tests", "network", "203.0.113.0/24", "a farm", application="shop", expires_ms=now_ms() + 10**8)

    def look(page: Page) -> None:
        table = page.get_by_role("table", name="Blocks in force")
        expect(table.get_by_role("row", name="+4179•••4567")).to_contain_text("asked for too many")
        expect(table.get_by_role("row", name="203.0.113.0/24")).to_contain_text("shop")
        assert NUMBER not in page.content()
        assert unlabelled(page) == []

    everywhere(console, "/console/blocks", look)
    page = console.page("viewer")
    page.goto("/console/blocks")
    page.get_by_role("link", name="network", exact=True).click()
    expect(page.get_by_role("table", name="Blocks in force").locator("tbody tr")).to_have_count(1)


def test_whom_a_block_would_meet_is_told_before_it_is_made(console: Console) -> None:
    """A preview counts the codes of the last day that a block would have met; only then it is made, by keyboard."""
    apply_facts(console.world.core.engine, story(1, console.world.shop, now_ms() - 60_000))
    page = console.page("fraud")
    page.goto("/console/blocks")
    page.get_by_label("What").select_option("country")
    page.get_by_label("Which").fill("CH")
    page.get_by_label("Why", exact=True).fill("nobody lives there")
    page.get_by_role("button", name="Whom would it meet?").press("Enter")
    expect(page.get_by_role("status")).to_contain_text("1 code for 1 number; 1 of them was typed in")
    assert _rows(console) == []
    page.get_by_role("button", name="Block", exact=True).press("Enter")
    expect(page.get_by_role("status")).to_contain_text("Blocked from now on")
    assert _rows(console) == [("country", "nobody lives there")]
    page.get_by_role("button", name="Lift").press("Enter")
    expect(page.get_by_text("Nothing is blocked here")).to_be_visible()


def test_what_can_not_be_blocked_says_so_at_its_field(console: Console) -> None:
    """A value that is none of its kind is refused beside the field, with what was typed."""
    page = console.page("fraud")
    page.goto("/console/blocks")
    page.get_by_label("What").select_option("network")
    page.get_by_label("Which").fill("nowhere")
    page.get_by_role("button", name="Whom would it meet?").click()
    expect(page.locator("#value-wrong")).to_contain_text("CIDR")
    expect(page.get_by_label("Which")).to_have_value("nowhere")
    console.complaints.clear()  # of the status 422


def test_allows_stand_beside_blocks(console: Console) -> None:
    """The other tab lists who is let pass, and lets somebody pass."""
    page = console.page("fraud")
    page.goto("/console/blocks")
    page.get_by_role("link", name="Allows").click()
    expect(page.get_by_text("Nobody is allowed past the brake here")).to_be_visible()
    page.get_by_label("Which").fill(NUMBER)
    page.get_by_label("Why", exact=True).fill("our own phone")
    page.get_by_role("button", name="Allow", exact=True).click()
    expect(page.get_by_role("table", name="Allows in force")).to_contain_text("+4179•••4567")
    assert [each.reason for each in blocks.page(console.world.core, 9, book=ALLOWS).items] == ["our own phone"]


def test_a_file_goes_in_whole_or_not_at_all(console: Console, tmp_path: Path) -> None:
    """A CSV file is imported and exported; a bad line is named by its number, and nothing goes in."""
    good, bad = tmp_path / "good.csv", tmp_path / "bad.csv"
    good.write_text("kind,value,reason\nprefix,+88213,satellites\nnumber,+41791234567,a test\n")
    bad.write_text("kind,value,reason\ncountry,Nowhere,none\n")
    page = console.page("fraud")
    page.goto("/console/blocks")
    page.locator("summary", has_text="Import").click()
    page.get_by_label("File", exact=True).set_input_files(bad)
    page.get_by_role("button", name="Import").click()
    expect(page.get_by_text("line 2: value")).to_be_visible()
    console.complaints.clear()  # of the status 422
    page.get_by_label("File", exact=True).set_input_files(good)
    page.get_by_role("button", name="Import").click()
    expect(page.get_by_role("status")).to_contain_text("2 rows are new")
    exported = console.http("viewer").get("/console/blocks/export").text
    assert "satellites" in exported
    assert NUMBER not in exported


def test_whole_numbers_go_out_with_a_reason_only(console: Console) -> None:
    """An export with whole numbers asks why, and is audited with the answer."""
    blocks.create(console.world.core, "tests", "number", NUMBER, "a test")
    page = console.page("fraud")
    page.goto("/console/blocks")
    page.locator("summary", has_text="whole numbers").click()
    page.get_by_label("Why do you need them?").fill("the police asks")
    with page.expect_download() as download:
        page.get_by_role("button", name="Export in full").click()
    assert NUMBER in Path(download.value.path()).read_text()


@pytest.mark.parametrize("role", ["viewer", "admin"])
def test_names_of_users_are_masked_for_everybody(console: Console, role: str) -> None:
    """A blocked user's name stands in the list, its file and Find as on the page Users; in full for a reason alone."""
    core, shop = console.world.core, console.world.shop
    blocks.create(core, "tests", "user", NAME, "a farm", application=shop)
    found = f"/console/find/{searching.token(core, Sought('name', NAME))}"
    with console.http(role) as client:
        listed, file, told = (client.get(path).text for path in ("/console/blocks", "/console/blocks/export", found))
        in_full = console.post(client, "/console/blocks/export", {"reason": "the police asks"})
    assert [text.count("an•••@example.com") for text in (listed, file, told)] == [1, 1, 1]
    assert [NAME in text for text in (listed, file)] == [False, False]
    assert (in_full.status_code, NAME in in_full.text) == ((403, False) if role == "viewer" else (200, True))


def test_who_may_only_look_blocks_nobody(console: Console) -> None:
    """A viewer sees the list, and may ask whom a block would meet."""
    page = console.page("viewer")
    page.goto("/console/blocks")
    expect(page.get_by_role("button", name="Whom would it meet?")).to_be_visible()
    expect(page.get_by_role("button", name="Block", exact=True)).to_have_count(0)
    assert console.http("viewer").post("/console/blocks").status_code == 403
