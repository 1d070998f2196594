"""Events in a few words for whoever watches: what it was, about whom, how it bodes, and what to do about an alarm."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from otp_service.domain.countries import country_name
from otp_service.ledger.dashboards.news import News

Tone = Literal["good", "note", "bad", ""]

# What an event is called in the tail, and how it bodes.
WORDS: Mapping[str, tuple[str, Tone]] = {
    "verification.started": ("code asked for", ""),
    "verification.approved": ("code was right", "good"),
    "verification.failed": ("too many wrong codes", "bad"),
    "verification.expired": ("code never came back", "note"),
    "verification.canceled": ("code canceled", ""),
    "message.accepted": ("text accepted", ""),
    "message.delivered": ("text delivered", "good"),
    "message.undelivered": ("text undelivered", "bad"),
    "message.failed": ("text failed", "bad"),
    "inbound.received": ("somebody answered", ""),
    "destination.locked": ("number locked", "bad"),
    "fraud.alarm": ("fraud alarm", "bad"),
    "spend.alarm": ("spend alarm", "bad"),
    "sender.suspended": ("sender suspended", "bad"),
    "webhook.disabled": ("webhook disabled", "bad"),
    "webhook.test": ("webhook tried out", ""),
}


@dataclass(frozen=True, slots=True)
class Headline:
    """One event for people's eyes."""

    at: int
    words: str
    tone: Tone
    about: str
    test: bool


@dataclass(frozen=True, slots=True)
class Alarm:
    """Something that needs a person: what happened, what to do, and where."""

    at: int
    title: str
    advice: str
    path: str  # behind /console; empty where there is no page for it
    link: str


def headline(each: News) -> Headline:
    """An event in a few words; of a type that this release doesn't know its name."""
    words, tone = WORDS.get(each.type, (each.type, ""))
    return Headline(each.at, words, tone, _about(each.data), bool(each.data.get("test")))


def alarm(each: News, application: str) -> Alarm:
    """An alarm with what to do; `application` is the name of whose it is."""
    title, advice, path, link = _ALARMS[each.type](each.data, application)
    return Alarm(each.at, title, advice, path, link)


def _about(data: Mapping[str, Any]) -> str:
    names = ("purpose", "country", "provider", "prefix", "sender", "reason")
    return " · ".join(str(data[name]).replace("_", " ") for name in names if data.get(name))


def _fraud(data: Mapping[str, Any], application: str) -> tuple[str, str, str, str]:
    country, prefix = data.get("country") or "", data.get("prefix") or ""
    if str(data.get("kind", "")).startswith("spend"):
        return _spend(data, application)
    where = " ".join(part for part in (f"+{str(prefix).lstrip('+')}" if prefix else "", country_name(country)) if part)
    return (
        f"Codes of {application or 'an application'} to {where or 'a range of numbers'} are not typed in",
        "They are in quarantine. If nobody of yours lives there, block them for longer; "
        "if it is an outage or a launch, look at the providers and lift it.",
        f"/countries/{country}" if country else "/countries",
        "Look at these numbers",
    )


def _spend(data: Mapping[str, Any], application: str) -> tuple[str, str, str, str]:
    share = data.get("share") or str(data.get("kind", "")).removeprefix("spend_")
    where = f" to {country_name(data['country'])}" if data.get("country") else ""
    left = " Nothing more goes out until it is raised or the day is over." if str(share) == "100" else ""
    return (
        f"{application or 'An application'} has spent {share or 'much'} % of a day's money{where}",
        f"See what it was spent on.{left} Raise the ceiling only if these people are yours.",
        "/money",
        "Look at the budgets",
    )


def _sender(data: Mapping[str, Any], application: str) -> tuple[str, str, str, str]:
    where = f" in {country_name(data['country'])}" if data.get("country") else ""
    return (
        f"{data.get('provider', 'A provider')} no longer takes the sender {data.get('sender') or 'of its own'}{where}",
        "Texts go out under another sender, if there is one. Register it with the vendor, then put it back.",
        "/senders",
        "Look at the senders",
    )


def _webhook(data: Mapping[str, Any], application: str) -> tuple[str, str, str, str]:
    return (
        f"A webhook of {application or 'the operator'} was disabled",
        "Its endpoint answered nothing good for days. Repair it, then: otp-service webhooks enable ID.",
        "",
        "",
    )


def _locked(data: Mapping[str, Any], application: str) -> tuple[str, str, str, str]:
    return (
        f"A number of {application or 'an application'} is locked after {data.get('failures', 'many')} wrong codes",
        "Somebody guesses codes, or its owner is lost. Speak to the owner before you lift it.",
        "/limits",
        "Look at the locks",
    )


_ALARMS = {
    "fraud.alarm": _fraud,
    "spend.alarm": _spend,
    "sender.suspended": _sender,
    "webhook.disabled": _webhook,
    "destination.locked": _locked,
}
