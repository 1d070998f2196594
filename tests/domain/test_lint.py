"""What lint tells of a template before it is used."""

import pytest

from otp_service.domain.lint import Finding, lint
from otp_service.domain.templates import BUILT_IN, Template


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
