"""Events in a few words for whoever watches: what it was, about whom, how it bodes, and what to do about an alarm."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, NamedTuple

from otp_service.domain.countries import country_name
from otp_service.ledger.dashboards.news import News

Tone = Literal["good", "note", "bad", ""]
MOST = 100  # per cent: the budget is gone

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
    "destination.locked": ("wrong codes in a row", "bad"),
    "factor.enrolled": ("factor enrolled", "good"),
    "factor.removed": ("factor removed", "note"),
    "device.trusted": ("device remembered", ""),
    "user.locked": ("user locked", "bad"),
    "user.disabled": ("user disabled", "bad"),
    "fraud.alarm": ("fraud alarm", "bad"),
    "spend.alarm": ("spend alarm", "bad"),
    "sender.suspended": ("sender suspended", "bad"),
    "audit.head": ("audit signed", ""),
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
    times: int = 1  # in the last day


class Told(NamedTuple):
    """What an alarm says."""

    title: str
    advice: str
    path: str
    link: str


def headline(each: News) -> Headline:
    """An event in a few words; of a type that this release doesn't know its name."""
    words, tone = WORDS.get(each.type, (each.type, ""))
    return Headline(each.at, words, tone, _about(each.data), bool(each.data.get("test")))


def alarm(each: News, application: str) -> Alarm:
    """An alarm with what to do; `application` is the name of whose it is."""
    return Alarm(each.at, *_ALARMS[each.type](each.data, application))


def alarms(every: Sequence[News], application: Callable[[News], str]) -> list[Alarm]:
    """One alarm for each matter, as it was told last: whoever guesses at many numbers must not bury the others."""
    matters: dict[tuple[str, ...], list[News]] = {}
    for each in every:
        matters.setdefault(_matter(each), []).append(each)
    return [replace(alarm(told[0], application(told[0])), times=len(told)) for told in matters.values()]


def _matter(each: News) -> tuple[str, ...]:
    """What an alarm is about, whatever the share or the count that it tells."""
    named = ("country", "prefix", "provider", "sender", "disabled", "id")
    return each.type, each.application_id, *(str(each.data.get(name)) for name in named)


def _about(data: Mapping[str, Any]) -> str:
    names = ("purpose", "country", "provider", "prefix", "sender", "reason")
    return " · ".join(str(data[name]).replace("_", " ") for name in names if data.get(name))


def _fraud(data: Mapping[str, Any], application: str) -> Told:
    country, prefix = data.get("country") or "", data.get("prefix") or ""
    where = " ".join(part for part in (f"+{str(prefix).lstrip('+')}" if prefix else "", country_name(country)) if part)
    return Told(
        f"Codes of {application or 'an application'} to {where or 'a range of numbers'} are not typed in",
        f"They went into quarantine{_until(data)}. If nobody of yours lives there, block them for longer; "
        "if it is an outage or a launch, look at the providers and lift it.",
        f"/countries/{country}" if country else "/countries",
        "Look at these numbers",
    )


def _spend(data: Mapping[str, Any], application: str) -> Told:
    share = data.get("share")
    where = f" to {country_name(data['country'])}" if data.get("country") else ""
    left = " Nothing more goes out until it is raised or older sends are a day old." if share == MOST else ""
    return Told(
        f"{application or 'An application'} spent {share or 'much'} % of a day's money{where}",
        f"See what it was spent on.{left} Raise the ceiling only if these people are yours.",
        "/money",
        "Look at the budgets",
    )


def _until(data: Mapping[str, Any]) -> str:
    return f" until {str(data['until'])[11:16]} UTC, unless somebody lifted it" if data.get("until") else ""


def _sender(data: Mapping[str, Any], application: str) -> Told:
    where = f" in {country_name(data['country'])}" if data.get("country") else ""
    return Told(
        f"{data.get('provider', 'A provider')} no longer takes the sender {data.get('sender') or 'of its own'}{where}",
        "Texts go out under another sender, if there is one. Register it with the vendor, then put it back.",
        "/senders",
        "Look at the senders",
    )


def _webhook(data: Mapping[str, Any], application: str) -> Told:
    return Told(
        f"A webhook of {application or 'the operator'} was disabled",
        "Its endpoint answered nothing good for days. Repair it, then: otp-service webhooks enable ID.",
        "",
        "",
    )


def _locked(data: Mapping[str, Any], application: str) -> Told:
    failures, owner = data.get("failures", "many"), application or "an application"
    if not data.get("disabled"):
        return Told(
            f"Somebody typed {failures} wrong codes in a row for a number of {owner}",
            "Somebody guesses codes, or its owner is lost. At a hundred the number is disabled.",
            "/limits",
            "Look at the locks",
        )
    return Told(
        f"A number of {owner} is disabled after {failures} wrong codes",
        "Its owner gets no codes either. Speak to them before you lift the lock.",
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
