"""What a template will cost and what phones will make of it, told before anything is sent."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from otp_service.domain.errors import Refusal
from otp_service.domain.messages import Encoding
from otp_service.domain.templates.bodies import parse_body
from otp_service.domain.templates.slots import MAX_VARIABLE, read_body
from otp_service.domain.templates.template import Template, message_text, render
from otp_service.domain.text.size import Measure, measure
from otp_service.domain.text.typography import LOOK_ALIKES, Culprit, culprits, to_gsm

RETRIEVER_BYTES = 140  # https://developers.google.com/identity/sms-retriever/verify
BYTES_A_UNIT: dict[Encoding, int] = {"gsm7": 1, "ucs2": 2}  # cautious: seven bits travel, but a phone may count eight
FEW = 5  # characters that could be reworded away; a script of its own has more
MICROS = 1_000_000

# The longest that is likely in each slot, by name and then by type; any other may be as long as a variable can be.
LIKELY = {"minutes": "10", "amount": "1'234.56 CHF", "payee": "Example Ltd"}
LONGEST = {
    "number": "1" * 15,
    "amount": "123'456'789.00 CHF",
    "date": "31.12.2027",
    "time": "12:59:59 pm",
    "digits": "1" * MAX_VARIABLE,
    "word": "x" * MAX_VARIABLE,
    "text": "x" * MAX_VARIABLE,
}


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing to know about a template; an error means that it can't be used. `position` is a place in the body."""

    severity: Literal["error", "warning", "info"]
    code: str
    detail: str
    position: int | None = None


@dataclass(frozen=True, slots=True)
class Price:
    """What a segment costs, in millionths of a US dollar."""

    country: str
    segment_micros: int


def lint(
    template: Template,
    code_length: int,
    app_name: str,
    webotp_host: str | None = None,
    android_app_hash: str | None = None,
    price: Price | None = None,
) -> list[Finding]:
    """Every finding on a template under an application's policy, measured with the longest values."""
    code, host, app_hash = "0" * code_length, webotp_host, android_app_hash
    if template.kind == "message":
        code, host, app_hash = "", None, None
    try:
        parse_body(template.body, template.kind)
        body = render(template, _longest(template, code, app_name))
        text = message_text(body, code, host, app_hash)
    except Refusal as refusal:
        return [Finding("error", error["code"], error["detail"]) for error in refusal.errors]
    return [*_slots(template), *judge(template, body, text, price), *_last_line(text, host, app_hash)]


def judge(template: Template, body: str, text: str, price: Price | None) -> Iterator[Finding]:
    """What a text comes to that a template was rendered to, without and with its last line."""
    yield _encoding(measure(text))
    yield from _characters(template, body)
    yield _size("segments", "the text", measure(body))
    if text != body:
        yield _size("segments_with_last_line", "with its last line the text", measure(text))
    if price is not None:
        yield _cost(measure(text), price)


def _longest(template: Template, code: str, app_name: str) -> dict[str, str]:
    found = read_body(template.body)
    known = {"code": code, "app": app_name}
    return {
        name: known.get(name) or (LIKELY.get(name) if type_ == "text" else None) or LONGEST[type_]
        for name, type_ in zip(found.slots, found.types, strict=True)
    }


def _slots(template: Template) -> list[Finding]:
    """A person who approves a payment must be shown what it is (PSD2 RTS, article 5: dynamic linking)."""
    missing = [slot for slot in ("amount", "payee") if slot not in read_body(template.body).slots]
    if template.name != "transaction" or template.kind == "message" or not missing:
        return []
    return [Finding("warning", "missing_binding", f"a transaction should show {' and '.join(missing)}")]


def _encoding(size: Measure) -> Finding:
    if size.encoding == "gsm7":
        return Finding("info", "encoding", "GSM 7-bit: 160 characters in the first segment")
    shown = " ".join(size.culprits[:10])
    severity: Literal["warning", "info"] = "warning" if len(size.culprits) <= FEW else "info"
    return Finding(severity, "encoding", f"UCS-2, 70 characters a segment, because of: {shown}")


def _characters(template: Template, body: str) -> Iterator[Finding]:
    """The author's own characters that smart encoding takes out of the text, or that keep it in UCS-2 all the same."""
    found = culprits(template.body)
    if measure(body).encoding == "gsm7":
        if found:
            detail = f"made plain before it is sent: {' '.join(each.character for each in found)}"
            yield Finding("info", "smart_encoding", detail)
        return
    if not template.smart_encoding and measure(to_gsm(body)).encoding == "gsm7":
        yield Finding("warning", "smart_encoding", "with smart_encoding the text would be GSM 7-bit")
    to_blame = [each for each in found if not template.smart_encoding or ord(each.character) not in LOOK_ALIKES]
    if len(to_blame) <= FEW:
        yield from map(_character, to_blame)


def _character(culprit: Culprit) -> Finding:
    remedy = {None: "GSM 7-bit has nothing like it", "": "leave it away"}.get(
        culprit.instead, f"write {culprit.instead} instead"
    )
    detail = f"{culprit.character} ({culprit.name}) at character {culprit.position + 1} is not in GSM 7-bit; {remedy}"
    return Finding("warning", "character", detail, culprit.position)


def _size(code: str, subject: str, size: Measure) -> Finding:
    count = "1 segment" if size.segments == 1 else f"{size.segments} segments, each paid for"
    return Finding("info" if size.segments == 1 else "warning", code, f"{subject} takes {count} ({size.units} units)")


def _cost(size: Measure, price: Price) -> Finding:
    whole, each = size.segments * price.segment_micros / MICROS, price.segment_micros / MICROS
    detail = f"{whole:.4g} USD to {price.country}: {size.segments} times {each:.4g} USD"
    return Finding("info", "cost", detail)


def _last_line(text: str, host: str | None, app_hash: str | None) -> Iterator[Finding]:
    """What the last line is good for, and what would keep Android from it."""
    if host is not None:
        yield Finding("info", "webotp", f"browsers fill the code in on {host} and nowhere else")
    if app_hash is None:
        return
    yield Finding("info", "app_hash", f"Android hands the message to the app with the hash {app_hash}")
    taken = measure(text).units * BYTES_A_UNIT[measure(text).encoding]
    if taken > RETRIEVER_BYTES:
        detail = f"{taken} bytes; Android's SMS Retriever reads no more than {RETRIEVER_BYTES}"
        yield Finding("warning", "too_long_for_sms_retriever", detail)
