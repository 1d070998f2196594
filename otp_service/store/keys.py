"""Key names. All keys of one subject share its cell's hash tag; limits of other scopes carry a tag of their own."""

from dataclasses import dataclass
from typing import NamedTuple

from otp_service.domain.ids import Address
from otp_service.domain.keys import b64

PRIORITIES = ("high", "normal", "bulk")


class SubjectKeys(NamedTuple):
    """The keys of one (subject, purpose)."""

    record: str
    failures: str
    outbox: str
    facts: str
    conversions: str
    refusals: str
    repay: str
    cell: str


def subject_keys(at: Address, cells: int) -> SubjectKeys:
    """Where the verifications of this address live."""
    cell = cell_tag(at.cell(cells))
    subject = b64(at.subject)
    return SubjectKeys(
        f"{cell}:v:{subject}:{b64(at.tag)}",
        f"{cell}:f:{subject}",
        f"{cell}:out:high",
        f"{cell}:facts",
        f"{cell}:conv",
        refusals_key(cell),
        repay_key(cell),
        cell,
    )


def record_key(at: Address, cells: int) -> tuple[str, str]:
    """The record of this address and its cell's hash tag: all that a courier needs of them."""
    cell = cell_tag(at.cell(cells))
    return f"{cell}:v:{b64(at.subject)}:{b64(at.tag)}", cell


def refusals_key(cell: str) -> str:
    """The log of refusals of a cell (lua/refusals.lua)."""
    return f"{cell}:refusals"


def repay_key(cell: str) -> str:
    """The codes of a cell that were typed and have not yet repaid what the brake charged."""
    return f"{cell}:repay"


def solved_key(cell: str, solution: str) -> str:
    """The solution of a challenge that was used up."""
    return f"{cell}:solved:{solution}"


def cell_tag(cell: int) -> str:
    """The hash tag of a cell."""
    return f"{{c{cell}}}"


@dataclass(frozen=True, slots=True)
class MessageKeys:
    """The keys of one message of its own; `record` has the fields that a verification's record has for its messages."""

    record: str
    outboxes: tuple[str, str, str]  # high, normal, bulk
    due: str
    held: str
    facts: str
    refusals: str
    cell: str


def cell_of_place(place: bytes, cells: int) -> str:
    """The hash tag under which messages of this place live."""
    return cell_tag(int.from_bytes(place, "big") % cells)


def message_keys(place: bytes, message: str, cells: int) -> MessageKeys:
    """Where a message of its own lives."""
    cell = cell_of_place(place, cells)
    high, normal, bulk = (f"{cell}:out:{priority}" for priority in PRIORITIES)
    return MessageKeys(
        f"{cell}:m:{message}",
        (high, normal, bulk),
        f"{cell}:due",
        f"{cell}:held",
        f"{cell}:facts",
        refusals_key(cell),
        cell,
    )


def parts_key(cell: str, message: str) -> str:
    """What was reported of a message, segment by segment."""
    return f"{cell}:r:{message}"


def reference_key(cell: str, reference: str) -> str:
    """The message that a caller's reference names; `reference` is its digest."""
    return f"{cell}:ref:{reference}"


def failures_key(subject: bytes, cells: int) -> str:
    """Where the failures of a subject are counted, whatever the purpose."""
    return f"{cell_tag(int.from_bytes(subject[:4], 'big') % cells)}:f:{b64(subject)}"


def to_limit_key(at: Address, cells: int, period_ms: int, kind: str) -> str:
    """A limit of the number itself lives in its cell."""
    return f"{cell_tag(at.cell(cells))}:l:to:{b64(at.subject)}:{period_ms}:{kind}"


def limit_key(scope: str, value: str, period_ms: int, kind: str) -> str:
    """A limit of another scope has a slot of its own."""
    return f"{{l:{scope}:{value}}}:{period_ms}:{kind}"


def vouched_key(digest: str) -> str:
    """A CAPTCHA's token that its vendor vouched for; the digest covers the token and whom it is for."""
    return f"{{t:{digest}}}"


def idempotency_key(digest: str) -> str:
    """An answer that is remembered; the digest covers application and key."""
    return f"{{i:{digest}}}"


CELLS = "otp:cells"
# What couriers know of providers: breakers, conversions, and a version that tells whether somebody wrote since.
BREAKERS = ("{health}:breakers", "{health}:codes", "{health}:version")
