"""What facts come to as rows: pure translation, so that a malformed fact fails before the database is touched.

What a fact is silent about is None. `person_id` is still the person's number_index; who that is, the database knows.
"""

from collections.abc import Callable
from typing import Any

from otp_service.domain.facts import Fact

Row = dict[str, Any]

CLIENT = ("ip_index", "network_index", "device_index", "user_index")  # forgotten with the number
ENDED_VERIFICATION = frozenset({"approved", "failed", "expired", "canceled"})
# Which of a message's times a status tells.
MESSAGE_TIMES = {
    "accepted": "accepted_at",
    "sent": "sent_at",
    "delivered": "ended_at",
    "undelivered": "ended_at",
    "failed": "ended_at",
    "expired": "ended_at",
    "canceled": "ended_at",
}


def verification(fact: Fact) -> Row:
    """The verification as one fact tells it."""
    data = fact.data
    return {
        "id": data["id"],
        "n": data["n"],
        "application_id": data.get("application"),
        "person_id": _number_index(fact),
        "number_kept": True,
        "test": data.get("test"),
        "purpose": data.get("purpose"),
        "channel": data.get("channel"),
        "locale": data.get("locale"),
        "status": data["status"],
        "reason": data.get("reason"),
        "sends": data.get("sends"),
        "used": data.get("used"),
        "max_attempts": data.get("max_attempts"),
        "metadata": data.get("metadata"),
        **_client(data.get("client") or {}),
        "created_at": data.get("created_ms") or fact.at_ms,
        "expires_at": data.get("expires_ms"),
        "ended_at": fact.at_ms if data["status"] in ENDED_VERIFICATION else None,
    }


def history(fact: Fact) -> Row:
    """The line of history that a verification fact is; nothing in it leads to a person."""
    data = fact.data
    names = ("status", "reason", "sends", "used", "message", "request")
    said = {name: data[name] for name in names if data.get(name) is not None}
    return {
        "fact_id": fact.id,
        "verification_id": data["id"],
        "n": data["n"],
        "event": data["event"],
        "at": fact.at_ms,
        "data": said,
    }


def message(fact: Fact) -> Row:
    """The message as one fact tells it; what came of it is told of a message that may not be known yet."""
    data = fact.data
    if fact.type == "outcome":
        data = {"id": data["message"], "n": 0, "status": "queued", "outcome": data["outcome"]}
    told = MESSAGE_TIMES.get(data["status"])
    return {
        "id": data["id"],
        "n": data["n"],
        "verification_id": data.get("verification") or None,
        "application_id": data.get("application"),
        "person_id": _number_index(fact),
        "number_kept": True,
        "channel": data.get("channel"),
        "encoding": data.get("encoding"),
        "segments": data.get("segments"),
        "price_micros": data.get("price_micros"),
        "template": data.get("template"),
        "locale": data.get("locale"),
        "status": data["status"],
        "reason": data.get("reason"),
        "provider": data.get("provider"),
        "provider_message_id": data.get("provider_message_id"),
        **{name: data.get(name) for name in ("class", "reference", "country", "sender", "metadata", "test", "outcome")},
        "send_at": data.get("send_at_ms"),
        "deadline_at": data.get("deadline_ms"),
        "moved_at": data.get("moved_ms"),
        "queued_at": fact.at_ms,
        **{time: fact.at_ms if time == told else None for time in ("accepted_at", "sent_at", "ended_at")},
    }


def attempt(fact: Fact) -> Row:
    """One try with one provider."""
    data = fact.data
    return {
        "message_id": data["message"],
        "n": data["n"],
        "provider": data["provider"],
        "verdict": data["verdict"],
        "reason": data.get("reason"),
        "provider_message_id": data.get("provider_message_id"),
        "raw": data.get("raw"),
        "took_ms": data.get("took_ms"),
        "at": fact.at_ms,
        **{name: data.get(name) for name in ("sender", "country", "cost_micros")},
    }


def receipt(fact: Fact) -> Row:
    """What a provider reported, and of which segment."""
    data = fact.data
    return {
        "fact_id": fact.id,
        "message_id": data["message"],
        "provider": data["provider"],
        "status": data["status"],
        **{name: data.get(name) for name in ("provider_message_id", "part", "reason", "raw")},
        "at": fact.at_ms,
    }


def lock(fact: Fact) -> Row:
    """The hard lock of a subject."""
    data = fact.data
    return {
        "fact_id": fact.id,
        "subject": data["subject"],
        "application_id": data["application"],
        "person_id": _number_index(fact),
        "failures": data["failures"],
        "locked_at": fact.at_ms,
    }


def person(fact: Fact, person_id: Callable[[], str]) -> Row | None:
    """The person a fact names, under a fresh id; None if it names nobody."""
    told = fact.data.get("person")
    if not told:
        return None
    return {
        "person_id": person_id(),
        "number_index": told["number_index"],
        "to_sealed": told.get("to_sealed"),
        "country": told.get("country"),
        "block": told.get("block"),
    }


def _client(told: dict[str, str]) -> Row:
    """Where a code was asked from, as keyed indices."""
    return {column: told.get(column.removesuffix("_index")) for column in CLIENT}


def _number_index(fact: Fact) -> str | None:
    told = fact.data.get("person")
    return told["number_index"] if told else None
