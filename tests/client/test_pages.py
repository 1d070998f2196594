"""The client's way with hosted pages, against the real service."""

from datetime import UTC, datetime
from urllib.parse import urlsplit

import httpx
import pytest

from otp_service.client import Client, InvalidField
from tests.factor_world import FactorWorld
from tests.web.pages import BACK, Person, allow
from tests.world import START, World


def test_every_kind_of_page_is_made(quick: FactorWorld) -> None:
    """The client passes on what each kind takes: a type, a factor, a device to remember."""
    allow(quick)
    made = quick.enrolled()
    key = quick.caller("factors").key
    with Client("http://otp.example", key, transport=httpx.WSGITransport(app=quick.app)) as client:
        pages = [
            client.page("confirm", BACK, user="u1", factor=made["id"]),
            client.page("enrol", BACK, user="u1", type="recovery_codes"),
        ]
        quick.confirmed()
        pages.append(client.page("check", BACK, user="u1", remember={"device_id": "d1"}))
    titles = ("Confirm your authenticator app", "New recovery codes", "Is it you?")
    for page, title in zip(pages, titles, strict=True):
        person = Person(quick, urlsplit(page.url).path)
        person.open()
        assert title in person.text


def test_a_page_is_made(world: World) -> None:
    """The client makes a page of a verification, whose link is not in its words."""
    allow(world)
    with Client("http://otp.example", world.caller(*START).key, transport=httpx.WSGITransport(app=world.app)) as client:
        page = client.page("code", BACK, verification=client.start("+41791234567").id, locale="de", state="s")
        assert page.url.startswith("https://otp.example/pages/")
        assert page.url not in repr(page)
        assert page.expires_at > datetime.now(UTC)
        with pytest.raises(InvalidField):
            client.page("code", "https://evil.example/", verification="ver_x")
