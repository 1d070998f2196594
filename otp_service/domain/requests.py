"""What callers ask for: the bodies of the verification endpoints, strictly typed."""

import re
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, field_validator, model_validator

from otp_service.domain.addresses import is_address
from otp_service.domain.codes import alphabets_of

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
_SURROGATE = re.compile("[\ud800-\udfff\x00]")


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
    locale: Annotated[str, StringConstraints(pattern=r"^[A-Za-z]{2,3}([-_][A-Za-z0-9]{2,8}){0,3}$")] = "en"
    template: Annotated[str, StringConstraints(pattern=r"^[a-z0-9_.-]{1,32}$")] | None = None
    variables: Variables = Field(default_factory=dict)
    code: Code | None = None
    user: User | None = None
    binding: Binding = Field(default_factory=dict)
    client: Client = Client()
    challenge: Annotated[str, StringConstraints(max_length=4096)] | None = None
    metadata: Metadata = Field(default_factory=dict)

    @field_validator("code")
    @classmethod
    def _of_an_alphabet(cls, code: str | None) -> str | None:
        return None if code is None else _upper(code)

    @field_validator("metadata")
    @classmethod
    def _storable(cls, metadata: dict[str, str]) -> dict[str, str]:
        if any(_SURROGATE.search(key + value) for key, value in metadata.items()):
            raise ValueError("must not hold NUL or lone surrogates")
        return metadata


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


def _upper(code: str) -> str:
    raised = code.upper()
    if not alphabets_of(raised):
        raise ValueError("no code looks like this: 6 to 10 digits, or letters without I and O and digits 2 to 9")
    return raised
