"""The frame around every page of the console."""

from playwright.sync_api import expect

from tests.console.conftest import Console


def test_the_profile_is_drawn_in_the_frame(console: Console) -> None:
    """A page has its title, its navigation and who is signed in, and the browser complains of nothing."""
    page = console.page("admin")
    page.goto("/console/profile")
    expect(page.get_by_role("heading", level=1)).to_have_text("Profile")
    expect(page.get_by_role("banner")).to_contain_text("a admin")
