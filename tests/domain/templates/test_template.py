"""Choosing, checking and filling in templates."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from otp_service.domain.errors import Refusal
from otp_service.domain.templates.bodies import parse_body
from otp_service.domain.templates.template import (
    BUILT_IN,
    Template,
    canonical_locale,
    check_variable,
    choose,
    render,
)
from otp_service.domain.text.links import has_link, strict
from otp_service.domain.text.typography import to_gsm

VALUES = {"code": "123456", "app": "Shop", "minutes": "10", "amount": "12.50 CHF", "payee": "Bakery"}


def custom(body: str, name: str = "default", locale: str = "en") -> Template:
    """A template as an application might save it."""
    return Template(name, locale, 1, body)


def refused(body: str) -> str:
    """The code with which a body is refused."""
    with pytest.raises(Refusal) as refusal:
        parse_body(body)
    assert refusal.value.errors[0]["field"] == "body"
    return refusal.value.errors[0]["code"]


class TestChoosing:
    """Which template is taken."""

    @pytest.mark.parametrize(("locale", "chosen"), [("de-CH", "de"), ("zh_hant_TW", "zh"), ("sv", "en"), ("EN", "en")])
    def test_the_nearest_locale_wins(self, locale: str, chosen: str) -> None:
        """A locale falls back to its language and then to English."""
        assert choose({}, "default", locale) is BUILT_IN["default", chosen]

    def test_an_own_template_comes_before_the_built_in_one(self) -> None:
        """An application's own template replaces the built-in one of the same name and locale."""
        own = custom("{code}", locale="de")
        assert choose({("default", "de"): own}, "default", "de-AT") is own

    def test_language_comes_before_ownership(self) -> None:
        """A German reader gets the built-in German text rather than the application's English one."""
        own = custom("{code}")
        assert choose({("default", "en"): own}, "default", "de") is BUILT_IN["default", "de"]

    def test_an_unknown_name_is_refused(self) -> None:
        """A name that neither the application nor the service knows is an invalid template."""
        with pytest.raises(Refusal) as refusal:
            choose({}, "nope", "en")
        assert refusal.value.errors[0]["field"] == "template"

    @pytest.mark.parametrize("locale", ["", "e", "de CH", "../etc", "de-", "x" * 40, "dé"])
    def test_a_locale_that_is_no_language_tag_is_refused(self, locale: str) -> None:
        """What is no language tag is an invalid locale."""
        with pytest.raises(Refusal) as refusal:
            choose({}, "default", locale)
        assert refusal.value.errors[0]["field"] == "locale"

    @pytest.mark.parametrize(
        ("spelt", "usual"), [("de_ch", "de-CH"), ("ZH-HANS-cn", "zh-Hans-CN"), ("es-419", "es-419")]
    )
    def test_a_locale_has_one_spelling(self, spelt: str, usual: str) -> None:
        """Locales are kept with a lower-case language, a titled script and an upper-case region."""
        assert canonical_locale(spelt) == usual


class TestSaving:
    """Which bodies may be saved."""

    def test_the_slots_are_told_in_order(self) -> None:
        """A good body gives its slots."""
        assert parse_body("Hi {name}, {code} is your code.\nBye, {app}") == ("name", "code", "app")

    @pytest.mark.parametrize("body", ["", "no slot", "{code} and {code}", "{Code}"])
    def test_the_code_must_be_there_once(self, body: str) -> None:
        """A body without the code, or with two, is refused."""
        assert refused(body) == "missing_code"

    @pytest.mark.parametrize(
        "syntax",
        ["{x.y}", "{x[0]}", "{x!r}", "{x:>10}", "{}", "{0}", "{ x }", "{{x}}", "{", "}", "{é}", "{x" + "x" * 40 + "}"],
    )
    def test_only_plain_slots_are_understood(self, syntax: str) -> None:
        """Attributes, indexes, conversions, format specs and stray braces are refused."""
        assert refused("{code} " + syntax) == "unknown_syntax"

    @pytest.mark.parametrize("character", ["\r", "\t", "\x00", "\x1b", "\u2028", "\u202e", "\u200b", "\ud800"])
    def test_control_characters_are_refused(self, character: str) -> None:
        """A body has plain line breaks and nothing else that is invisible."""
        assert refused("{code} " + character) == "control_character"

    @pytest.mark.parametrize(
        "line", ["@evil.example #1", "@{app} #{name}", "see @x for #1", "＠evil #1", "@evil.example # 1", "@a@b #"]
    )
    def test_a_line_for_browsers_is_refused(self, line: str) -> None:
        """No body may hold a line that looks like an origin-bound code, in whatever width."""
        assert refused("{code}\n" + line) == "origin_bound"

    @pytest.mark.parametrize(
        "link",
        [
            "https://x",
            "http://{app}",
            "www.x",
            "shop.example",
            "{app}.com",
            "{app}.{name}",
            "a@shop.ch",
            "例え。com",
            "1.2.3.4",
            "例え。{name}",
            "shop.\ufe0fexample",
        ],
    )
    def test_a_link_is_refused(self, link: str) -> None:
        """A message with a code holds no link, nor what two values could make one of."""
        assert refused("{code} " + link) == "link"

    @pytest.mark.parametrize("slots", ["{a}{b}", "{a}\u200d{b}", "{app}{a}", "{a}{b} {c}"])
    def test_slots_do_not_touch(self, slots: str) -> None:
        """Two slots have something visible or a space between them, as their values could make a word together."""
        assert refused("{code} " + slots) == "touching_slots"

    def test_a_body_has_an_end(self) -> None:
        """A body of more than 640 characters is refused."""
        assert parse_body("{code}" + "x" * 634)
        assert refused("{code}" + "x" * 635) == "too_long"


class TestFillingIn:
    """What comes out."""

    def test_every_slot_is_filled(self) -> None:
        """A rendered template holds its values where the slots were."""
        assert render(custom("{code} for {app}"), VALUES) == "123456 for Shop"

    def test_a_value_is_not_read_as_a_template(self) -> None:
        """Braces in a value stay what they are."""
        assert render(custom("{name} {code}"), {"code": "1", "name": "{app}"}) == "{app} 1"

    def test_a_missing_value_is_refused_by_name(self) -> None:
        """A slot without a value is an invalid variable, and the slot is named."""
        with pytest.raises(Refusal) as refusal:
            render(custom("{code} {name}"), VALUES)
        assert refusal.value.errors[0] == {
            "field": "variables",
            "code": "missing",
            "detail": "the template needs a value for name",
        }

    @pytest.mark.parametrize("body", ["{code} {app.__class__}", "{code:>999999999}", "{code!r}", "{code} {"])
    def test_a_saved_template_with_unknown_syntax_is_refused(self, body: str) -> None:
        """Should a bad body ever have been saved, rendering refuses it."""
        with pytest.raises(Refusal) as refusal:
            render(custom(body), VALUES)
        assert refusal.value.errors[0]["field"] == "template"

    def test_a_formatted_amount_keeps_a_message_cheap(self) -> None:
        """The narrow space that French amounts come with does not push the message into UCS-2."""
        text = render(BUILT_IN["transaction", "fr"], VALUES | {"amount": "1\u202f234,50\u00a0€"})
        assert "1 234,50 €" in text

    @pytest.mark.parametrize(
        ("body", "values"),
        [
            ("{code} {a}{b}", {"a": "evil.", "b": "com"}),
            ("{code} {a}{b}", {"a": "evil", "b": ".com"}),
            ("{code} {a}\u200d{b}", {"a": "evil。", "b": "com"}),
            ("{code} {app}{a}", {"a": ".com"}),
            ("{code}{a}", {"a": ".com"}),
            ("{code} Shop{a}", {"a": ".com"}),
            ("{code} {a}com", {"a": "evil."}),
            ("{code} {a}com", {"a": "evil。"}),
            ("{code} {a}com", {"a": "evil.\ufe0f"}),
            ("{code} {a}рф", {"a": "evil."}),
            ("{code} x:{a}", {"a": "//evil"}),
            ("{code} www{a}", {"a": ".x"}),
            ("{code} 10.0.0{a}", {"a": ".1"}),
            ("コードは{code}です。{a}", {"a": "com"}),
        ],
    )
    def test_values_make_no_link_together(self, body: str, values: dict[str, str]) -> None:
        """Values that are clean alone, and a link with each other or with the template's words, are refused."""
        for value in values.values():
            check_variable("a", value)
        with pytest.raises(Refusal) as refusal:
            render(custom(body), VALUES | values)
        assert (refusal.value.errors[0]["field"], refusal.value.errors[0]["code"]) == ("variables", "link")

    @pytest.mark.parametrize(
        ("template", "values"),
        [
            (BUILT_IN["transaction", "ja"], {"payee": "Example Co., Ltd."}),
            (BUILT_IN["transaction", "zh"], {"payee": "山田。"}),
            (BUILT_IN["transaction", "ar"], {"payee": "S.p.A.", "amount": "د.إ.\u200f ٥"}),
            (BUILT_IN["default", "ja"], {"app": "shop.example"}),
            (BUILT_IN["default", "ja"], {"code": "ABCDEF"}),
            (custom("{name}, {code} is for {app}. {payee}: hi"), {"app": "shop.example", "name": "Dr.", "payee": "Li"}),
            (custom("コードは{code}です。{name}"), {"name": "山田"}),
            (custom("コードです。{code} {name}"), {"name": "Ana", "code": "ABCDEF"}),
        ],
    )
    def test_names_and_sentences_stay_what_they_are(self, template: Template, values: dict[str, str]) -> None:
        """Full stops of names and sentences make no link, nor does an application's name that is a host."""
        assert all(value in render(template, VALUES | values) for value in values.values() if "\u200f" not in value)

    @given(st.text(max_size=40), st.text(max_size=40).filter(lambda name: not has_link(strict(f"|{name}"))))
    def test_values_go_in_as_they_are(self, code: str, name: str) -> None:
        """Whatever the values, they stand where their slots were, but for plain typography."""
        assert render(custom("{code}|{name}"), {"code": code, "name": name}) == to_gsm(f"{code}|{name}")


class TestVariables:
    """Which values callers may give."""

    @pytest.mark.parametrize(
        "value",
        [
            "Ana",
            "O'Neil & Söhne S.p.A.",
            "12.50 CHF",
            "1.234.567,89 €",
            "د.إ.\u200f ٥",
            "नमस्ते",
            "山田。",
            "",
            "x" * 40,
            "Dr. No",
        ],
    )
    def test_names_and_amounts_pass(self, value: str) -> None:
        """Names, firms and amounts of any script pass."""
        check_variable("name", value)

    @pytest.mark.parametrize(
        "value",
        [
            *("x" * 41, "a\nb", "a\rb", "a\u2028b", "a\x85b", "\x00", "\u202e", "\ud800", "a\u00adb"),
            *("@", "#", "＠", "＃", "﹫", "a@b", "://", "：//", "https://x"),
            *(
                "evil.com",
                "EVIL.CO/x",
                "evil．com",
                "evil。com",
                "evil.рф",
                "हिन्दी.भारत",
                "x.co\u200dm",
                "www.x",
                "10.0.0.1",
            ),
            *("evil。рф", "x。рф", "x．рф", "x｡рф", "例え。テスト", "evil․com", "x.\u3164com"),
            *(f"evil.{unseen}com" for unseen in "\ufe0f\ufe00\u034f\u115f\u17b4\u180b\U000e0100"),
        ],
    )
    def test_what_could_pass_for_something_else_is_refused(self, value: str) -> None:
        """Long values, line breaks, invisible characters, @, # and hosts are refused, and not repeated."""
        with pytest.raises(Refusal) as refusal:
            check_variable("name", value)
        (error,) = refusal.value.errors
        assert error["field"] == "variables"
        assert error["detail"].startswith("name must not ")

    @pytest.mark.parametrize("name", ["", "a b", "a.b", "é", "x" * 33, "1a", "a\n"])
    def test_a_name_that_no_slot_can_have_is_refused(self, name: str) -> None:
        """A variable's name is one that a slot could have; it is not repeated if it isn't."""
        with pytest.raises(Refusal) as refusal:
            check_variable(name, "x")
        assert refusal.value.errors[0]["code"] == "name"

    @pytest.mark.parametrize("name", ["code", "minutes", "app"])
    def test_the_services_own_slots_cannot_be_taken(self, name: str) -> None:
        """No caller can set the code, the minutes or the application's name."""
        with pytest.raises(Refusal) as refusal:
            check_variable(name, "x")
        assert refusal.value.errors[0]["code"] == "reserved"
