"""What callers ask for: the bodies of the verification and message endpoints, strictly typed."""

import re
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints, field_validator, model_validator

from otp_service.domain.addresses import is_address
from otp_service.domain.codes import alphabets_of
from otp_service.domain.times import milliseconds

To = Annotated[str, StringConstraints(min_length=3, max_length=32)]
Purpose = Annotated[str, StringConstraints(pattern=r"^[a-z0-9_.-]{1,32}$")]
Code = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9]{5,10}$")]
User = Annotated[str, StringConstraints(min_length=1, max_length=128)]
Name = Annotated[str, StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9_]{0,31}$")]
Small = Annotated[str, StringConstraints(max_length=200)]
# Bound values are shown in the text, so they obey the rule of variables.
Binding = Annotated[dict[Name, Annotated[str, StringConstraints(min_length=1, max_length=40)]], Field(max_length=8)]
Variables = Annotated[dict[Name, Annotated[str, StringConstraints(max_length=40)]], Field(max_length=20)]
Metadata = Annotated[dict[Annotated[str, StringConstraints(min_length=1, max_length=40)], Small], Field(max_length=20)]
Locale = Annotated[str, StringConstraints(pattern=r"^[A-Za-z]{2,3}([-_][A-Za-z0-9]{2,8}){0,3}$")]
TemplateName = Annotated[str, StringConstraints(pattern=r"^[a-z0-9_.-]{1,32}$")]
Reference = Annotated[str, StringConstraints(pattern=r"^[!-~]{1,64}$")]
Solution = Annotated[str, StringConstraints(max_length=8192)]
_SURROGATE = re.compile("[\ud800-\udfff\x00]")
_CONTROL = re.compile(
    "[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]"
)  # of control characters a line feed alone


def _moment(value: Any) -> Any:
    if not isinstance(value, str):
        raise ValueError("must be a text that holds a time in RFC 3339")
    return milliseconds(value)


Moment = Annotated[int, BeforeValidator(_moment)]  # RFC 3339 outside, milliseconds inside


class Body(BaseModel):
    """A request body: unknown fields are refused, and no type is taken for another."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class Client(Body):
    """The end user's side of the request, as the caller's backend saw it."""

    ip: Annotated[str, StringConstraints(max_length=45)] | None = None
    user_agent: Annotated[str, StringConstraints(max_length=512)] | None = None
    device_id: Annotated[str, StringConstraints(min_length=1, max_length=128)] | None = None

    @field_validator("ip")
    @classmethod
    def _is_an_address(cls, ip: str | None) -> str | None:
        if ip is not None and not is_address(ip):
            raise ValueError("this is not an IP address")
        return ip


class StartRequest(Body):
    """The body of POST /v1/verifications."""

    to: To
    channel: Literal["sms"] = "sms"
    purpose: Purpose = "login"
    locale: Locale = "en"
    template: TemplateName | None = None
    variables: Variables = Field(default_factory=dict)
    code: Code | None = None
    user: User | None = None
    binding: Binding = Field(default_factory=dict)
    client: Client = Client()
    challenge: Solution | None = None
    metadata: Metadata = Field(default_factory=dict)

    @field_validator("code")
    @classmethod
    def _of_an_alphabet(cls, code: str | None) -> str | None:
        return None if code is None else _upper(code)

    @field_validator("metadata")
    @classmethod
    def _storable(cls, metadata: dict[str, str]) -> dict[str, str]:
        return _clean(metadata)


class CheckRequest(Body):
    """The body of POST /v1/verifications/check: by number and purpose, or by id."""

    to: To | None = None
    id: Annotated[str, StringConstraints(min_length=1, max_length=128)] | None = None
    purpose: Purpose | None = None
    code: Code
    user: User | None = None
    binding: Binding = Field(default_factory=dict)
    client: Client = Client()

    @field_validator("code")
    @classmethod
    def _of_an_alphabet(cls, code: str) -> str:
        return _upper(code)

    @model_validator(mode="after")
    def _by_one_name(self) -> Self:
        if (self.to is None) == (self.id is None):
            raise ValueError("give either to or id")
        return self


class ResendRequest(Body):
    """The body of POST /v1/verifications/{id}/resend."""

    channel: Literal["sms"] | None = None
    challenge: Solution | None = None


class MessageRequest(Body):
    """The body of POST /v1/messages: a text, or a template and what fills it in."""

    to: To
    text: Annotated[str, StringConstraints(min_length=1, max_length=1600)] | None = None
    template: TemplateName | None = None
    variables: Variables = Field(default_factory=dict)
    locale: Locale = "en"
    message_class: Annotated[Literal["transactional", "promotional", "alert"], Field(alias="class")] = "transactional"
    sender: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9+ &_.-]{1,32}$")] | None = None
    send_at_ms: Annotated[Moment | None, Field(alias="send_at")] = None
    valid_for_s: Annotated[int, Field(ge=30, le=72 * 3600)] = 24 * 3600
    priority: Literal["normal", "low"] = "normal"
    reference: Reference | None = None
    metadata: Metadata = Field(default_factory=dict)
    smart_encoding: bool | None = None  # None: as the template has it, and no for a text

    @field_validator("text")
    @classmethod
    def _readable(cls, text: str | None) -> str | None:
        if text is not None and (not text.strip() or _CONTROL.search(text)):
            raise ValueError("must hold something to read, and no control characters but line feeds")
        return text

    @field_validator("metadata")
    @classmethod
    def _storable(cls, metadata: dict[str, str]) -> dict[str, str]:
        return _clean(metadata)

    @model_validator(mode="after")
    def _one_wording(self) -> Self:
        if (self.text is None) == (self.template is None):
            raise ValueError("give either text or template")
        if self.text is not None and self.variables:
            raise ValueError("variables fill in a template; a text is sent as it stands")
        return self


class MoveRequest(Body):
    """The body of PATCH /v1/messages/{id}: when a scheduled message is sent instead."""

    send_at_ms: Annotated[Moment, Field(alias="send_at")]


class OutcomeRequest(Body):
    """The body of POST /v1/messages/{id}/outcome: what came of a code that the caller checks itself."""

    outcome: Literal["converted", "not_converted"]


class OptOutRequest(Body):
    """The body of PUT /v1/opt-outs/{number}: what the person wants no more of."""

    scope: Literal["promotional", "all"] = "promotional"


def _clean(metadata: dict[str, str]) -> dict[str, str]:
    if any(_SURROGATE.search(key + value) for key, value in metadata.items()):
        raise ValueError("must not hold NUL or lone surrogates")
    return metadata


def _upper(code: str) -> str:
    raised = code.upper()
    if not alphabets_of(raised):
        raise ValueError("no code looks like this: 6 to 10 digits, or letters without I and O and digits 2 to 9")
    return raised
