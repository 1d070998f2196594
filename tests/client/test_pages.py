"""The client's way with hosted pages, against the real service."""

from datetime import UTC, datetime

import httpx
import pytest

from otp_service.client import Client, InvalidField
from tests.web.pages import BACK, allow
from tests.world import START, World


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
