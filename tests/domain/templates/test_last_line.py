"""The last line of a message, which browsers and apps read."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from otp_service.domain.errors import Refusal
from otp_service.domain.templates.template import BUILT_IN, Template, check_variable, message_text, render

VALUES = {"code": "123456", "app": "Shop", "minutes": "10", "amount": "12.50 CHF", "payee": "Bakery"}
APP_HASH = "FA+9qCX9VSu"


def origin_bound_code(message: str) -> tuple[str, str] | None:
    """Host and code by the parser of https://wicg.github.io/sms-one-time-codes/#parsing."""
    line = message.replace("\r\n", "\n").replace("\r", "\n").split("\n")[-1]
    found = re.match(r"@([^\t\n\f\r ]+) #([^\t\n\f\r ]+)", line)
    return (found[1], found[2]) if found else None


def all_codes_for_chromium(message: str) -> list[tuple[str, str]]:
    """Every host and code that Chromium's expression finds, on whatever line (content/browser/sms/sms_parser.cc)."""
    return re.findall(r"(?:^|\s)@([a-zA-Z0-9.-]+) #([^#\s]+)", message)


def test_browsers_and_android_share_the_last_line() -> None:
    """Host and code come first and the app's hash is the last token."""
    text = message_text("Your code", "123456", "login.example.com", APP_HASH)
    assert text == "Your code\n@login.example.com #123456 FA+9qCX9VSu"
    assert origin_bound_code(text) == ("login.example.com", "123456")


def test_a_hash_alone_has_a_line_of_its_own() -> None:
    """Without a WebOTP host the app's hash is the last line."""
    assert message_text("Your code", "123456", None, APP_HASH) == "Your code\nFA+9qCX9VSu"


def test_without_either_the_text_stays_as_it_is() -> None:
    """A policy with neither host nor hash adds nothing."""
    assert message_text("Your code", "123456", None, None) == "Your code"


@pytest.mark.parametrize("template", BUILT_IN.values(), ids=lambda t: f"{t.name}-{t.locale}")
def test_browsers_find_exactly_our_code(template: Template) -> None:
    """In every built-in message the parsers of the standard and of Chromium find the one code, for the one host."""
    text = message_text(render(template, VALUES), "123456", "login.example.com", APP_HASH)
    assert origin_bound_code(text) == ("login.example.com", "123456")
    assert all_codes_for_chromium(text) == [("login.example.com", "123456")]


@given(st.text(max_size=40) | st.from_regex(r"\s?@[a-z.]{1,12} {1,2}#[0-9]{1,6}\s?", fullmatch=True))
def test_no_variable_can_add_a_second_code(value: str) -> None:
    """Whatever passes as a variable, browsers find our code and no other."""
    template = Template("default", "en", 1, "@{name} {name} {name}\n{name} {code}")
    try:
        check_variable("name", value)
        body = render(template, {"name": value, "code": "123456"})
    except Refusal:
        return
    text = message_text(body, "123456", "login.example.com", None)
    assert origin_bound_code(text) == ("login.example.com", "123456")
    assert all_codes_for_chromium(text) == [("login.example.com", "123456")]


@given(st.text(st.sampled_from("@#a. 1\n"), max_size=30))
def test_a_body_never_brings_a_code_line_of_its_own(body: str) -> None:
    """Whatever else went wrong, a text that browsers would read another code from is refused."""
    try:
        text = message_text(body, "123456", "login.example.com", None)
    except Refusal:
        return
    assert all_codes_for_chromium(text) == [("login.example.com", "123456")]


def test_a_text_that_brings_a_code_line_is_refused() -> None:
    """A rendered text with a code line in it, on whatever line, is not sent."""
    with pytest.raises(Refusal) as refusal:
        message_text("see @evil.example #1\nYour code", "123456", None, None)
    assert refusal.value.errors[0]["code"] == "origin_bound"


@pytest.mark.parametrize("host", ["", "example", "Example.com", "a.b #1", "a.b\n", "https://a.b", "a_b.c", "ä.ch"])
def test_a_host_that_is_none_is_refused(host: str) -> None:
    """The last line names a host or is not written."""
    with pytest.raises(Refusal) as refusal:
        message_text("Your code", "123456", host, None)
    assert refusal.value.errors[0]["field"] == "webotp_host"


@pytest.mark.parametrize("app_hash", ["", "short", "FA+9qCX9VS\n", "FA+9qCX9VSu "])
def test_a_hash_that_is_none_is_refused(app_hash: str) -> None:
    """An app hash has 11 characters of base64."""
    with pytest.raises(Refusal) as refusal:
        message_text("Your code", "123456", None, app_hash)
    assert refusal.value.errors[0]["field"] == "android_app_hash"


@pytest.mark.parametrize("code", ["", "12 34", "1\n@x.y #2", "１２３４"])
def test_what_is_no_code_is_a_bug(code: str) -> None:
    """The last line takes a code of ASCII letters and digits and nothing else."""
    with pytest.raises(ValueError, match="ASCII"):
        message_text("Your code", code, "login.example.com", None)
