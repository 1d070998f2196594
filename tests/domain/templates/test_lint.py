"""What lint tells of a template before it is used."""

import pytest

from otp_service.domain.templates.lint import LONGEST, Finding, Price, lint
from otp_service.domain.templates.slots import TYPES
from otp_service.domain.templates.template import BUILT_IN, Template


def custom(body: str, name: str = "default") -> Template:
    """A template as an application might save it."""
    return Template(name, "en", 1, body)


def found(findings: list[Finding], code: str) -> Finding:
    """The one finding with this code."""
    (one,) = [finding for finding in findings if finding.code == code]
    return one


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ("No slot at all", "missing_code"),
        ("{code} {app.name}", "unknown_syntax"),
        ("{code} see evil.example/x", "link"),
        ("{code}\n@evil.example #{app}", "origin_bound"),
    ],
)
def test_a_template_that_cannot_be_used_is_an_error(body: str, code: str) -> None:
    """A body that could not be saved gives one error that names its fault."""
    assert [(finding.severity, finding.code) for finding in lint(custom(body), 6, "Shop")] == [("error", code)]


def test_an_application_named_like_a_code_line_is_an_error() -> None:
    """An application's name can't smuggle a browser's code line into its messages."""
    findings = lint(custom("{code} {app}"), 6, "@evil.example #1")
    assert [(finding.severity, finding.code) for finding in findings] == [("error", "origin_bound")]


def test_characters_that_double_the_price_are_named() -> None:
    """The few characters that push a text into UCS-2 are a warning that shows them."""
    encoding = found(lint(custom("Código {code} para ti, años"), 6, "Shop"), "encoding")
    assert encoding.severity == "warning"
    assert encoding.detail.endswith("because of: ó")


def test_a_script_of_its_own_is_no_warning() -> None:
    """A language that needs UCS-2 can't be blamed for it."""
    assert found(lint(BUILT_IN["default", "hi"], 6, "Shop"), "encoding").severity == "info"


def test_segments_are_told_without_and_with_the_last_line() -> None:
    """The line for browsers may cost a second segment, and lint says so."""
    findings = lint(BUILT_IN["default", "ar"], 6, "Example App", "login.example.com")
    assert found(findings, "segments").detail == "the text takes 1 segment (65 units)"
    last_line = found(findings, "segments_with_last_line")
    assert (last_line.severity, last_line.detail) == (
        "warning",
        "with its last line the text takes 2 segments, each paid for (92 units)",
    )


def test_without_a_last_line_nothing_is_said_of_it() -> None:
    """A policy without WebOTP host and app hash has one figure for segments."""
    assert [finding.code for finding in lint(BUILT_IN["default", "en"], 6, "Shop")] == ["encoding", "segments"]


def test_a_message_too_long_for_the_sms_retriever_is_a_warning() -> None:
    """Android reads at most 140 bytes, hash included; the warning gives the figure."""
    body = "{code}" + " word" * 25
    assert found(lint(custom(body), 6, "Shop", None, "FA+9qCX9VSu"), "too_long_for_sms_retriever").detail.startswith(
        "143 "
    )
    assert not [f for f in lint(custom(body), 6, "Shop") if f.code == "too_long_for_sms_retriever"]


def test_variables_are_measured_at_their_longest() -> None:
    """A slot for a caller's variable counts with the 40 characters it may have."""
    assert found(lint(custom("{code} {name}"), 6, "Shop"), "segments").detail.endswith("(47 units)")


def test_a_transaction_that_hides_the_payment_is_a_warning() -> None:
    """A transaction's template without amount or payee is named for it."""
    finding = found(lint(custom("{code} pays {amount}", "transaction"), 6, "Shop"), "missing_binding")
    assert (finding.severity, finding.detail) == ("warning", "a transaction should show payee")


def test_the_cost_is_told_for_a_country() -> None:
    """With a price the lint says what the longest text costs there, last line included."""
    price = Price("CH", 70_000)
    assert found(lint(custom("{code}"), 6, "Shop", price=price), "cost").detail == "0.07 USD to CH: 1 times 0.07 USD"
    long = lint(BUILT_IN["default", "ar"], 6, "Example App", "login.example.com", price=price)
    assert found(long, "cost").detail == "0.14 USD to CH: 2 times 0.07 USD"
    assert not [each for each in lint(custom("{code}"), 6, "Shop") if each.code == "cost"]


def test_a_character_to_blame_is_told_with_place_name_and_remedy() -> None:
    """Each of the few characters that push the text into UCS-2 is told, with its position from 0 for programs."""
    finding = found(lint(custom("{code} für São Paulo"), 6, "Shop"), "character")
    assert finding == Finding(
        "warning",
        "character",
        "ã (LATIN SMALL LETTER A WITH TILDE) at character 13 is not in GSM 7-bit; write a instead",
        12,
    )
    assert found(lint(custom("{code} 漢"), 6, "Shop"), "character").detail.endswith("GSM 7-bit has nothing like it")


def test_what_smart_encoding_would_replace_is_not_blamed() -> None:
    """Beside a character that nothing replaces, typography costs nothing, and only that character is told."""
    findings = lint(custom("“{code}” – São Paulo"), 6, "Shop")
    assert [each.position for each in findings if each.code == "character"] == [12]


def test_a_script_of_its_own_is_not_told_by_the_character() -> None:
    """Nobody can reword Hindi into GSM 7-bit, so no character is blamed."""
    assert not [each for each in lint(BUILT_IN["default", "hi"], 6, "Shop") if each.code == "character"]


def test_what_smart_encoding_does_is_told() -> None:
    """Typography that is made plain is told; switched off, the lint says what it would save."""
    assert found(lint(custom("“{code}” – now"), 6, "Shop"), "smart_encoding").severity == "info"
    off = Template("default", "en", 1, "“{code}” – now", smart_encoding=False)
    assert found(lint(off, 6, "Shop"), "smart_encoding").severity == "warning"
    assert [each.position for each in lint(off, 6, "Shop") if each.code == "character"] == [0, 7, 9]


def test_the_last_line_is_told_for_what_it_is_good_for() -> None:
    """Who fills the code in is told: browsers on the host, Android for the app with the hash."""
    findings = lint(custom("{code}"), 6, "Shop", "login.example.com", "FA+9qCX9VSu")
    assert "login.example.com" in found(findings, "webotp").detail
    assert "FA+9qCX9VSu" in found(findings, "app_hash").detail


@pytest.mark.parametrize("app_hash", ["short", "FA+9qCX9VS!"])
def test_a_last_line_that_no_phone_reads_is_an_error(app_hash: str) -> None:
    """A host or hash that is none makes the template one that can't be used."""
    assert [each.severity for each in lint(custom("{code}"), 6, "Shop", None, app_hash)] == ["error"]
    assert [each.severity for each in lint(custom("{code}"), 6, "Shop", "no host")] == ["error"]


def test_a_message_has_no_last_line() -> None:
    """A message holds no code, so host and hash say nothing about it."""
    template = Template("news", "en", 1, "Hi {name}, see https://shop.example", "message")
    assert [each.code for each in lint(template, 6, "Shop", "login.example.com", "FA+9qCX9VSu")] == [
        "encoding",
        "segments",
    ]


@pytest.mark.parametrize("type_", TYPES)
def test_typed_slots_are_measured_with_what_fits_them(type_: str) -> None:
    """The longest value of each type is one that the type takes."""
    finding = found(lint(custom(f"{{code}} {{x:{type_}}}"), 6, "Shop"), "segments")
    assert finding.detail.endswith(f"({7 + len(LONGEST[type_])} units)")
