"""The sender of one message with one provider."""

from typing import NamedTuple

from otp_service.domain.messages import Message
from otp_service.domain.routes.routing import Routing
from otp_service.domain.routes.rules import Candidate
from otp_service.domain.routes.senders import Sender, is_suspended, kind_of, sticky


class Shown(NamedTuple):
    """The sender that will be shown; None where the vendor picks it."""

    sender: str | None
    max_per_s: float | None = None


class Unshown(NamedTuple):
    """Why no sender can be shown: a code of `Lost`, the sender at fault and words for people."""

    code: str
    sender: str | None
    detail: str


def select_sender(routing: Routing, candidate: Candidate, message: Message, now_ms: int) -> Shown | Unshown:
    """The sender of this message with this provider, or why there is none.

    What the application or the message asks for comes first, if it may be shown there; then what the inventory has for
    the country, the same for a person each time; then, without an inventory, what the provider is configured with.
    """
    if candidate.simulated:
        return Shown(message.sender or routing.own_senders.get(candidate.name))
    inventory = routing.senders.get(candidate.name)
    if not inventory:
        return _without_inventory(routing, candidate.name, message)
    found = [(sender, _refused(routing, candidate.name, sender, message, now_ms)) for sender in inventory]
    usable = [sender for sender, refused in found if refused is None]
    if not usable:
        return _nearest([refused for _, refused in found if refused], message.country)
    alike = [sender for sender in usable if sender.sender == message.sender] or [
        sender for sender in usable if sender.kind == usable[0].kind
    ]
    chosen = sticky(alike, message.to)
    return Shown(chosen.sender, chosen.max_per_s)


def _without_inventory(routing: Routing, provider: str, message: Message) -> Shown | Unshown:
    own = routing.own_senders.get(provider)
    refused = None
    for sender in dict.fromkeys((message.sender, own) if message.sender else (own,)):
        refusal = _unregulated(routing, provider, sender, message.country)
        if refusal is None:
            return Shown(sender)
        refused = refused or refusal
    assert refused is not None  # noqa: S101 - there was one sender at least
    return refused


def _unregulated(routing: Routing, provider: str, sender: str | None, country: str) -> Unshown | None:
    """A sender of which nothing is known but its looks."""
    if is_suspended(routing.suspended, provider, sender or "", country):
        return Unshown("sender_suspended", sender, "a vendor called it unregistered; see `otp-service senders list`")
    if sender is None or routing.country_rule(country).takes(kind_of(sender)) != "no":
        return None
    return _against_the_rule(sender, kind_of(sender), country)


def _refused(routing: Routing, provider: str, sender: Sender, message: Message, now_ms: int) -> Unshown | None:
    """Why this sender of the inventory may not be shown to this person."""
    name, country = sender.sender, message.country
    if sender.countries is not None and country not in sender.countries:
        return Unshown("no_sender", name, f"it is not for {country}")
    if sender.applications is not None and message.application not in sender.applications:
        return Unshown("no_sender", name, "it is not for this application")
    if is_suspended(routing.suspended, provider, name, country):
        return Unshown("sender_suspended", name, "a vendor called it unregistered; see `otp-service senders list`")
    if routing.country_rule(country).takes(sender.kind) == "no":
        return _against_the_rule(name, sender.kind, country)
    amiss = sender.stands(now_ms)
    return Unshown("sender_not_approved", name, amiss) if amiss else None


def _against_the_rule(sender: str, kind: str, country: str) -> Unshown:
    kind = kind.replace("_", " ")
    return Unshown("sender_not_allowed", sender, f"networks in {country} take no {kind} sender")


# The refusal that says most comes first: one that an admin can mend.
NEARNESS = ("sender_suspended", "sender_not_approved", "sender_not_allowed", "no_sender")


def _nearest(refusals: list[Unshown], country: str) -> Unshown:
    nearest = min(refusals, key=lambda refusal: NEARNESS.index(refusal.code))
    if nearest.code == "no_sender":
        return Unshown("no_sender", None, f"none of its senders is for {country} and this application")
    return nearest
