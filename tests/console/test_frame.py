"""The frame around every page of the console."""

from playwright.sync_api import expect

from tests.console.conftest import Console


def test_the_profile_is_drawn_in_the_frame(console: Console) -> None:
    """A page has its title, its navigation and who is signed in, and the browser complains of nothing."""
    page = console.page("admin")
    page.goto("/console/profile")
    expect(page.get_by_role("heading", level=1)).to_have_text("Profile")
    expect(page.get_by_role("banner")).to_contain_text("a admin")


def test_a_path_that_leads_nowhere_is_still_the_console(console: Console) -> None:
    """Whoever is signed in and mistypes a path keeps the navigation; nobody else learns anything."""
    with console.http("viewer") as client, console.http(None) as nobody:
        inside, outside = client.get("/console/nowhere"), nobody.get("/console/nowhere")
    assert (inside.status_code, outside.status_code) == (404, 404)
    assert 'aria-label="Pages"' in inside.text
    assert 'aria-label="Pages"' not in outside.text


def test_what_takes_a_while_says_that_it_is_at_work(console: Console) -> None:
    """While the next page is being made a bar moves above this one; whoever stops waiting, or downloads, sees none."""
    page = console.page("viewer")
    page.goto("/console/help")
    page.route("**/console/money", lambda route: route.fulfill(status=204))  # with which this page stays
    page.get_by_role("link", name="Money").click()
    expect(page.locator("html[data-busy]")).to_be_attached()
    page.keyboard.press("Escape")
    expect(page.locator("html[data-busy]")).not_to_be_attached()
    page.unroute("**/console/money")
    page.get_by_role("link", name="Money").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Money")
    expect(page.locator("html[data-busy]")).not_to_be_attached()


def test_a_part_that_can_not_be_fetched_again_says_so(console: Console) -> None:
    """While a live part can't be fetched the page says that it is not fresh, and no longer once it can."""
    page = console.page("viewer")
    page.route("**/console/now/tail*", lambda route: route.fulfill(status=503))
    page.goto("/console/now")
    expect(page.get_by_text("is not fresh")).to_be_visible()
    page.unroute("**/console/now/tail*")
    expect(page.get_by_text("is not fresh")).not_to_be_attached()
    console.complaints.clear()  # of the status 503
