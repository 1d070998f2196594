"""The built-in messages: every name in every locale, one segment each."""

from itertools import product

import pytest

from otp_service.domain.templates.bodies import parse_body
from otp_service.domain.templates.lint import lint
from otp_service.domain.templates.locales import LRM, TEXTS
from otp_service.domain.templates.template import BUILT_IN, Template, message_text, render
from otp_service.domain.text.size import measure

LOCALES = ("en", "de", "fr", "es", "it", "pt", "ja", "ar", "hi", "zh")
IN_GSM = ("en", "de", "fr", "es", "it", "pt")
LONGEST = {
    "code": "2345678901",
    "app": "Example App",
    "minutes": "10",
    "amount": "1'234.56 CHF",
    "payee": "Example Ltd",
}

each_template = pytest.mark.parametrize("template", BUILT_IN.values(), ids=lambda t: f"{t.name}-{t.locale}")


def test_every_name_exists_in_every_locale() -> None:
    """There are two built-in templates, default and transaction, in ten languages."""
    assert set(BUILT_IN) == set(product(("default", "transaction"), LOCALES))


@each_template
def test_a_built_in_message_is_one_segment(template: Template) -> None:
    """Each built-in message is one segment even with the longest code, application, amount and payee."""
    assert measure(render(template, LONGEST)).segments == 1


@each_template
def test_a_built_in_message_has_the_cheapest_encoding_of_its_language(template: Template) -> None:
    """English, German, French, Spanish, Italian and Portuguese stay in GSM 7-bit; the other scripts need UCS-2."""
    assert (measure(render(template, LONGEST)).encoding == "gsm7") == (template.locale in IN_GSM)


@each_template
def test_a_built_in_body_obeys_the_rules_of_a_custom_one(template: Template) -> None:
    """Each built-in body could be saved as a custom one."""
    assert set(parse_body(template.body)) <= set(LONGEST)


@each_template
def test_a_message_says_what_its_name_promises(template: Template) -> None:
    """A default message names the application and how long the code lives; a transaction shows amount and payee."""
    promised = {"default": {"code", "app", "minutes"}, "transaction": {"code", "amount", "payee"}}
    assert promised[template.name] <= set(parse_body(template.body))


@pytest.mark.parametrize("locale", IN_GSM)
def test_a_default_message_fits_the_sms_retriever_with_everything_on(locale: str) -> None:
    """With a 6-digit code, a host of 20 characters and an app hash, a GSM message has at most 140 bytes."""
    values = LONGEST | {"code": "123456"}
    text = message_text(render(BUILT_IN["default", locale], values), "123456", "login.example-ex.com", "FA+9qCX9VSu")
    assert len(text) <= 140


@pytest.mark.parametrize("name", TEXTS)
def test_an_arabic_message_reads_from_the_right(name: str) -> None:
    """Arabic messages begin with an Arabic letter and mark names and amounts, which may begin with a digit."""
    body = TEXTS[name]["ar"]
    assert "\u0620" <= body[0] <= "\u064a"
    assert all(body[body.index(slot) - 1] == LRM for slot in ("{app}", "{amount}", "{payee}") if slot in body)


@each_template
def test_lint_has_no_error_for_a_built_in(template: Template) -> None:
    """No built-in template is found faulty."""
    assert not [finding for finding in lint(template, 10, "Example App") if finding.severity != "info"]
