"""Where pages may lead back to."""

import pytest

from otp_service.domain.pages.returning import is_allowed, names_ours, place_of

HOSTS = ["shop.example", "shop.example:8443"]


@pytest.mark.parametrize(
    ("url", "origin"),
    [
        ("https://shop.example", "https://shop.example"),
        ("https://shop.example:443/back?a=b", "https://shop.example"),
        ("https://shop.example:8443/x", "https://shop.example:8443"),
        ("http://localhost:80/", "http://localhost"),
        ("http://127.0.0.1:5000", "http://127.0.0.1:5000"),
    ],
)
def test_an_origin_is_written_as_browsers_write_it(url: str, origin: str) -> None:
    """The standard port is left out of an origin, any other is part of it."""
    place = place_of(url)
    assert place
    assert place.origin == origin


@pytest.mark.parametrize(
    "url",
    [
        "http://shop.example/",
        "https://a@shop.example/",
        "https://shop.example\\/",
        "https://shop.example/\t",
        "https://shop.example/#x",
        "https:///shop.example",
        "https://shop.example:8443x/",
        "ftp://shop.example/",
        "HTTPS://shop.example/",
        "https://shop.example/ü",
        "https://shop.example/<b>",
        'https://shop.example/"',
        "",
    ],
)
def test_what_could_be_read_in_two_ways_is_no_place(url: str) -> None:
    """An address with a user, a fragment, or symbols that a browser would change is none."""
    assert place_of(url) is None


@pytest.mark.parametrize(
    ("url", "allowed"),
    [
        ("https://shop.example/back", True),
        ("https://shop.example:8443/back", True),
        ("https://shop.example:8444/back", False),
        ("https://www.shop.example/back", False),
        ("https://example/back", False),
        ("http://localhost/back", False),
    ],
)
def test_only_hosts_of_the_policy_are_allowed(url: str, allowed: bool) -> None:
    """A host must be named as it is, with its port; what is like it is another."""
    assert is_allowed(url, HOSTS, production=True) is allowed


@pytest.mark.parametrize(
    ("url", "ours"),
    [
        ("https://a.example/?state", True),
        ("https://a.example/?a=1&result=", True),
        ("https://a.example/?states=1", False),
    ],
)
def test_a_query_must_not_hold_what_we_add(url: str, ours: bool) -> None:
    """A query that has a state or a result already would leave open which one is ours."""
    assert names_ours(url) is ours
