"""What callers ask with, by type: times, numbers, and lists of some time."""

from typing import Annotated

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field
from werkzeug.routing import BaseConverter

from otp_service.domain.errors import invalid_field
from otp_service.domain.requests import To
from otp_service.domain.times import milliseconds
from otp_service.service.admin.fields import UNWELCOME

MOST_TIME = 40  # characters
MOST_USER = 128


def _milliseconds(value: object) -> int:
    try:
        if isinstance(value, str) and len(value) <= MOST_TIME:
            return milliseconds(value.replace(" ", "+") if "T" in value else value)
    except (ValueError, OverflowError):
        pass
    raise ValueError("must be a time with its zone, for instance 2027-01-01T00:00:00Z")


def _with_plus(value: object) -> object:
    return f"+{value[1:]}" if isinstance(value, str) and value.startswith(" ") else value


def _one_line(value: str) -> str:
    if UNWELCOME.search(value):
        raise ValueError("must not contain control characters or line breaks")
    return value


Line = Annotated[str, AfterValidator(_one_line)]  # no database takes a NUL
# A `+` that a client did not encode arrives as a space.
Time = Annotated[int, BeforeValidator(_milliseconds)]
Number = Annotated[To, BeforeValidator(_with_plus)]


class UserConverter(BaseConverter):
    """A user's name in a path: whatever an application calls its users, slashes and line breaks too."""

    regex = "(?s:.+?)"
    part_isolating = False
    weight = 200  # as Werkzeug's own `path`


class DeviceConverter(BaseConverter):
    """A device's id in a path; `devices` is none, but the end of the list of a user whose name ends in it."""

    regex = r"(?!devices\Z)[^/]+"


def user_in(path: str) -> str:
    """The user that a path names; Refusal invalid_field for a name that nobody can have."""
    if len(path) > MOST_USER:
        raise invalid_field("user", f"a user's name has at most {MOST_USER} characters", "string_too_long")
    return path


class Query(BaseModel):
    """A query: unknown parameters are refused."""

    model_config = ConfigDict(extra="forbid")


class ListQuery(Query):
    """Which page of a caller's list, to whom and of which time."""

    to: Number | None = None
    from_ms: Annotated[Time | None, Field(alias="from")] = None
    to_ms: Annotated[Time | None, Field(alias="to_time")] = None
    limit: Annotated[int, Field(ge=1, le=200)] = 50
    cursor: Annotated[str | None, Field(max_length=200)] = None
