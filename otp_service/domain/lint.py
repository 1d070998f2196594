"""What a template will cost and what phones will make of it, told before anything is sent."""

from dataclasses import dataclass
from typing import Literal

from otp_service.domain.bodies import parse_body
from otp_service.domain.errors import Refusal
from otp_service.domain.messages import Encoding
from otp_service.domain.slots import MAX_VARIABLE
from otp_service.domain.templates import Template, message_text, render
from otp_service.domain.text import Measure, measure

RETRIEVER_BYTES = 140  # https://developers.google.com/identity/sms-retriever/verify
BYTES_A_UNIT: dict[Encoding, int] = {"gsm7": 1, "ucs2": 2}  # cautious: seven bits travel, but a phone may count eight

# The longest that is likely in each slot; any other may be as long as a variable can be.
MINUTES, AMOUNT, PAYEE = "10", "1'234.56 CHF", "Example Ltd"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing to know about a template; an error means that it can't be used."""

    severity: Literal["error", "warning", "info"]
    code: str
    detail: str


def lint(
    template: Template,
    code_length: int,
    app_name: str,
    webotp_host: str | None = None,
    android_app_hash: str | None = None,
) -> list[Finding]:
    """Every finding on a template under an application's policy, measured with the longest values."""
    try:
        parse_body(template.body)
        code = "0" * code_length
        body = render(template, _longest(template, code, app_name))
        text = message_text(body, code, webotp_host, android_app_hash)
    except Refusal as refusal:
        return [Finding("error", error["code"], error["detail"]) for error in refusal.errors]
    findings = [*_slots(template), _encoding(measure(text)), _size("segments", "the text", measure(body))]
    if text != body:
        findings.append(_size("segments_with_last_line", "with its last line the text", measure(text)))
    if android_app_hash is not None:
        findings.extend(_retriever(measure(text)))
    return findings


def _longest(template: Template, code: str, app_name: str) -> dict[str, str]:
    known = {"code": code, "app": app_name, "minutes": MINUTES, "amount": AMOUNT, "payee": PAYEE}
    return {slot: known.get(slot, "x" * MAX_VARIABLE) for slot in parse_body(template.body)}


def _slots(template: Template) -> list[Finding]:
    """A person who approves a payment must be shown what it is (PSD2 RTS, article 5: dynamic linking)."""
    missing = [slot for slot in ("amount", "payee") if slot not in parse_body(template.body)]
    if template.name != "transaction" or not missing:
        return []
    return [Finding("warning", "missing_binding", f"a transaction should show {' and '.join(missing)}")]


def _encoding(size: Measure) -> Finding:
    if size.encoding == "gsm7":
        return Finding("info", "encoding", "GSM 7-bit: 160 characters in the first segment")
    shown = " ".join(size.culprits[:10])
    few = len(size.culprits) <= 5  # a script of its own has more; this few could be reworded away
    return Finding("warning" if few else "info", "encoding", f"UCS-2, 70 characters a segment, because of: {shown}")


def _size(code: str, subject: str, size: Measure) -> Finding:
    count = "1 segment" if size.segments == 1 else f"{size.segments} segments, each paid for"
    return Finding("info" if size.segments == 1 else "warning", code, f"{subject} takes {count} ({size.units} units)")


def _retriever(size: Measure) -> list[Finding]:
    taken = size.units * BYTES_A_UNIT[size.encoding]
    if taken <= RETRIEVER_BYTES:
        return []
    detail = f"{taken} bytes; Android's SMS Retriever reads no more than {RETRIEVER_BYTES}"
    return [Finding("warning", "too_long_for_sms_retriever", detail)]
