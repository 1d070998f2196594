"""The refusals of the last day that somebody met, as chapters of their story."""

from collections.abc import Callable, Iterator, Mapping

from otp_service.domain.addresses import client_network
from otp_service.domain.errors import PROBLEMS
from otp_service.domain.times import rfc3339
from otp_service.ledger.blocks import Block, Kind
from otp_service.service.admin import exempting, refusals
from otp_service.service.admin.refusals import Told, client_of
from otp_service.service.console.moments import Moment
from otp_service.service.console.searching import Sought, indices
from otp_service.service.console.story import Chapter, Exemption, whom
from otp_service.service.core import Core
from otp_service.service.destination import number_index
from otp_service.store.refusals import Refused

MOST = 50
# What an allow can name from what the log keeps; of whoever asked it keeps an index alone.
BY_ITSELF = ("number", "prefix", "country")
WORDS = {"code": "Refused", "message": "Message refused", "check": "Check refused"}
LIFTS = "It lifts by itself at {}."
# What the brake refuses has no time in its answer: here it is told, and what else helps.
LIFTS_OF = {
    "refused_as_fraud": "If nothing more is sent, it lifts by itself at {}; a challenge may be asked for until later.",
    "challenge_required": "Whoever solves the challenge passes. If nothing more is sent, nobody is asked from {} on.",
}
UNKNOWN = {
    "refused_as_fraud": "No time is known at which it lifts by itself: typed codes lift it, or an exemption.",
    "challenge_required": "Whoever solves the challenge passes.",
}


def chapters(core: Core, sought: Sought) -> list[Chapter]:
    """What was refused, newest first; Refusal unavailable while Redis is down."""
    if sought.kind == "reference":
        return [chapter(core, sought, refusals.get(core, sought.value).told)]
    is_wanted = _wanted(core, sought)
    return [chapter(core, sought, each) for each in refusals.matching(core, is_wanted, MOST)] if is_wanted else []


def exempt(
    core: Core, actor: str, sought: Sought, reference: str, kind: Kind, *, value: str | None, reason: str
) -> Block:
    """An allow of what was refused; the value is what somebody says, else what they looked for."""
    offered = _exemptions(core, sought, refusals.get(core, reference).told)
    known = next((each.value for each in offered if each.kind == kind), "")
    return exempting.exempt(core, actor, reference, kind, value=value or known or None, reason=reason)


def chapter(core: Core, sought: Sought, told: Told) -> Chapter:
    """One refusal: the rule, the evidence in sentences, and until when."""
    refused = told.refused
    is_shadow = refused.mode == "shadow"
    title = PROBLEMS[refused.code][1].removeprefix("Refused as ") if refused.code in PROBLEMS else refused.code
    moments = [Moment(refused.at_ms, reason, "warn" if is_shadow else "bad") for reason in told.reasons]
    lifts = _lifts(told)
    moments += [Moment(refused.at_ms, lifts, "plain")] if lifts else []
    person = refused.detail.get("person") or {}
    notes = (f"request {refused.request}" if refused.request else "", f"rule {refused.rule}")
    return Chapter(
        kind="refusal",
        id=told.reference,
        application_id=str(refused.detail.get("application") or ""),
        at_ms=refused.at_ms,
        title=f"{'Would have been refused' if is_shadow else WORDS[refused.asked_for]}: {_lower(title)}",
        status="let pass" if is_shadow else "refused",
        tone="warn" if is_shadow else "bad",
        moments=tuple(moments),
        notes=tuple(note for note in notes if note),
        exemptions=tuple(_exemptions(core, sought, told)),
        **whom(core, person.get("to_sealed"), person.get("number_index")),
    )


def _exemptions(core: Core, sought: Sought, told: Told) -> Iterator[Exemption]:
    """What an allow could name: what the log keeps, and who asked as far as that was told."""
    client, known = client_of(told.refused), _known(sought)
    for kind in told.exemptions:
        if kind in BY_ITSELF:
            yield Exemption(kind)
        elif kind in client:
            value = known.get(kind, "")
            is_own = bool(value) and client[kind] in indices(core, kind, value)
            yield Exemption(kind, value if is_own else "", is_asked=not is_own)


def _known(sought: Sought) -> Mapping[str, str]:
    """What is known of who asked by what is looked for."""
    match sought.kind:
        case "ip":
            return {"ip": sought.value, "network": client_network(sought.value)}
        case "name":
            return {"user": sought.value}
        case _:
            return {}


def _lifts(told: Told) -> str:
    """When it passes by itself, with its day: it may be tomorrow at this time."""
    code = told.refused.code
    if not told.lifts_ms:
        return UNKNOWN.get(code, "")
    return LIFTS_OF.get(code, LIFTS).format(rfc3339(told.lifts_ms)[:19].replace("T", " ") + " UTC")


def _lower(words: str) -> str:
    return words[:1].lower() + words[1:]


def _wanted(core: Core, sought: Sought) -> Callable[[Refused], bool] | None:
    match sought.kind:
        case "number":
            own = number_index(core, sought.value)
            return lambda refused: (refused.detail.get("person") or {}).get("number_index") == own
        case "ip":
            addresses = set(indices(core, "ip", sought.value))
            return lambda refused: client_of(refused).get("ip") in addresses
        case "name":
            users = set(indices(core, "user", sought.value))
            return lambda refused: client_of(refused).get("user") in users or refused.request == sought.value
        case _:
            return None
