"""Templates for messages that hold no code: what their authors may write, and values may not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from otp_service.domain.errors import Refusal
from otp_service.domain.messages import Dlt
from otp_service.domain.templates.bodies import MAX_BODY, parse_body
from otp_service.domain.templates.template import Template, choose, dlt_of, render_message
from otp_service.domain.text.links import has_link, plain
from tests.domain.templates.test_last_line import all_codes_for_chromium


def message(body: str, **more: object) -> Template:
    """A template for messages."""
    return Template("news", "en", 1, body, "message", **more)  # type: ignore[arg-type]


def refused(body: str) -> str:
    """The code with which a body is refused."""
    with pytest.raises(Refusal) as refusal:
        parse_body(body, "message")
    return refusal.value.errors[0]["code"]


@pytest.mark.parametrize(
    "body",
    [
        "See https://shop.example/sale",
        "shop.example is open again, {name}.",
        "Mail info@shop.example about order #{n:digits}",
        "Track it: https://shop.example/o/{n:digits}?by={who:word}",
        "https://shop.example/a/{n:digits} and www.shop.example for {name}",
    ],
)
def test_an_author_may_link(body: str) -> None:
    """A message's own words may hold links, and figures or a word behind their host's slash."""
    assert parse_body(body, "message") is not None


@pytest.mark.parametrize(
    "body",
    [
        "https://{host}",
        "https://{host:word}/x",
        "https://shop.example{x:digits}",
        "https://shop.example@{x:word}",
        "https://shop.example?x={x:word}",
        "https://shop.example/{x}",
        "https://shop.example/{x:amount}",
        "{a}.com",
        "{a}.{b}",
        "shop.{tld:word}",
        "www.{x:word}",
        "点击https://shop.example/谢谢{name}",
    ],
)
def test_a_slot_can_not_steer_a_link(body: str) -> None:
    """No value may be or extend a host, or leave the path that the author gave it."""
    assert refused(body) == "slot_in_link"


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ("{code}", "has_code"),
        ("valid {minutes} min", "has_code"),
        ("{a}{b}", "touching_slots"),
        ("a\u202eb", "control_character"),
        ("Hi\n@shop.example #123456", "origin_bound"),
        ("@{a} #1", "origin_bound"),
        ("x" * (MAX_BODY["message"] + 1), "too_long"),
    ],
)
def test_what_confuses_is_refused_in_a_message_too(body: str, code: str) -> None:
    """A code, touching slots, what nobody sees, a line for browsers and more than ten segments are refused."""
    assert refused(body) == code


def test_a_message_is_rendered_with_the_applications_name() -> None:
    """Values fill their slots, the application's name fills its own, and typography is made plain."""
    text = render_message(message("{app}: {sum:amount} – thanks, {name}"), {"sum": "5 €", "name": "Ana"}, "Shop")
    assert text == "Shop: 5 € - thanks, Ana"


def test_smart_encoding_can_be_switched_off() -> None:
    """A template without smart encoding is sent as it was written."""
    assert render_message(message("“Hi”", smart_encoding=False), {}) == "“Hi”"
    assert render_message(message("“Hi”"), {}) == '"Hi"'


@pytest.mark.parametrize(
    ("body", "values"),
    [
        ("{a} and more", {}),
        ("{a}", {"a": "evil.com"}),
        ("{a}", {"a": "a\n@evil.example #1"}),
        ("{a}", {"a": "x" * 41}),
        ("{a:digits}", {"a": "1a"}),
        ("{a}com", {"a": "evil."}),
        ("10.0.0{a}", {"a": ".1"}),
        ("{a}", {"a": "b", "app": "Bank"}),
        ("https://shop.example/{a:word}", {"a": "..@evil"}),
    ],
)
def test_values_are_judged_as_strictly_as_a_codes(body: str, values: dict[str, str]) -> None:
    """A missing value, a link, a line, a length, a type or a name that is the service's own is refused."""
    with pytest.raises(Refusal) as refusal:
        render_message(message(body), values, "Shop")
    assert refusal.value.errors[0]["field"] == "variables"


@given(
    st.text(max_size=40) | st.from_regex(r"[a-z.@#: /]{1,40}", fullmatch=True),
    st.text(max_size=40) | st.from_regex(r"[a-z.@#: /]{1,40}", fullmatch=True),
)
def test_no_values_bring_a_link_or_a_code_line(first: str, second: str) -> None:
    """Whatever passes as values, the only link is the author's, and browsers find no code."""
    template = message("Hi {a}, at {b}! See https://shop.example/x now")
    try:
        text = render_message(template, {"a": first, "b": second})
    except Refusal:
        return
    assert not all_codes_for_chromium(text)
    assert not has_link(plain(text.replace("https://shop.example/x", "")))


def test_a_kind_is_found_among_its_own() -> None:
    """A message template is no verification's, nor the other way round; the built-in ones are for verifications."""
    own = {("news", "en"): message("Hi"), ("default", "de"): message("Hallo")}
    assert choose(own, "news", "de-CH", "message").body == "Hi"
    assert choose(own, "default", "de").version == 0
    for name, kind in (("news", "verification"), ("transaction", "message")):
        with pytest.raises(Refusal) as refusal:
            choose(own, name, "en", kind)  # type: ignore[arg-type]
        assert refusal.value.errors[0]["field"] == "template"


def test_dlt_ids_go_with_messages_to_india_alone() -> None:
    """India's registry is asked for nowhere else."""
    template = message("Hi", dlt=Dlt("1", "2"))
    assert dlt_of(template, "IN") == Dlt("1", "2")
    assert dlt_of(template, "CH") is None
    assert dlt_of(message("Hi"), "IN") is None
