"""What pages say, on the narrowest screens."""

import pytest

from otp_service.domain.pages.words import LANGUAGES, words
from tests.web.shops import Shop, fits


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_word_of_a_title_is_torn(shop: Shop, language: str) -> None:
    """On a screen of 320 px every title breaks between words, or where its language may part one."""
    page = shop.page(viewport={"width": 320, "height": 640})
    page.goto(shop.link("enrol", user="u1", locale=language))
    titles = {name: said for name, said in words(language).items() if "title" in name or name.startswith("ended_")}
    torn = page.evaluate(
        """titles => Object.entries(titles).filter(([name, said]) => {
            const title = document.querySelector("h1");
            title.style.overflowWrap = "normal";
            title.textContent = said;
            return title.scrollWidth > title.clientWidth;
        }).map(([name]) => name)""",
        titles,
    )
    assert torn == []


def test_a_page_fits_with_letters_of_twice_the_size(shop: Shop) -> None:
    """Whoever reads letters of 200 % on a phone scrolls down, and not sideways, at every step (WCAG 1.4.4, 1.4.10)."""
    page = shop.page()
    enlarged = "document.documentElement.style.fontSize = '200%'"
    page.goto(shop.link("enrol", user="u1", locale="de"))
    page.evaluate(enlarged)
    assert fits(page)
    page.locator("button[value=begin]").click()
    page.locator(".picture").wait_for()
    page.evaluate(enlarged)
    assert fits(page)
