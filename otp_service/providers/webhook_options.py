"""The options of the webhook provider, and what makes no sense among them."""

import re
from typing import Annotated, Any, Literal, Self

from pydantic import Field, JsonValue, SecretStr, ValidationInfo, field_validator, model_validator

from otp_service.domain.messages import MessageStatus
from otp_service.providers.base import Options, matching
from otp_service.providers.placeholders import IN_HEADERS, OF_MESSAGE, names_in

MANAGED = frozenset({"authorization", "content-length", "content-type", "host", "transfer-encoding"})
HttpStatus = Annotated[int, Field(ge=100, le=599)]
Url = Annotated[
    str, matching(r"https?://[^/?#@\s{}]+([/?][^#\s]*)?", "an http or https URL without credentials or fragment")
]
Path = Annotated[str, matching(r"[^.]{1,99}(\.[^.]{1,99}){0,9}", "names joined by dots, such as messages.0.id")]
Secret = Annotated[SecretStr, Field(min_length=1)]
Header = Annotated[str, matching(r"[A-Za-z0-9-]{1,64}", "letters, digits and - only")]
HeaderValue = Annotated[str, matching(r"[ -~]{0,1000}", "printable ASCII, at most 1000 characters")]
User = Annotated[str, matching(r"[^:]+", "a name without a colon")]


class Auth(Options):
    """`bearer`, or `username` with `password`."""

    bearer: Secret | None = None
    username: User | None = None
    password: Secret | None = None

    @model_validator(mode="after")
    def _is_one_of_two(self) -> Self:
        basic = self.username is not None and self.password is not None
        halves = self.username is not None or self.password is not None
        if basic == (self.bearer is not None) or (halves and not basic):
            raise ValueError("give either bearer, or username and password")
        return self

    @field_validator("bearer")
    @classmethod
    def _fits_a_header(cls, secret: SecretStr | None) -> SecretStr | None:
        if secret is not None and not re.fullmatch(r"[!-~]+", secret.get_secret_value()):
            raise ValueError("must be visible ASCII without spaces")
        return secret


class Body(Options):
    """Where the values go, and the values with their placeholders."""

    kind: Literal["json", "form", "query"]
    values: dict[str, JsonValue]

    @model_validator(mode="after")
    def _is_flat_unless_json(self) -> Self:
        if self.kind != "json" and not all(isinstance(value, str) for value in self.values.values()):
            raise ValueError(f"values: a {self.kind} takes strings only")
        return self


class Success(Options):
    """The statuses that say yes, and what the answer must say at a path besides."""

    status: Annotated[list[HttpStatus], Field(min_length=1)] = Field(default=[200, 201, 202])
    path: Path | None = None
    equals: str | int | bool | None = None

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        if (self.path is None) != (self.equals is None):
            raise ValueError("path, equals: give both or neither")
        return self


class Id(Options):
    """Where the answer holds the gateway's message id: a path in its JSON, or a pattern with one group on its text."""

    path: Path | None = None
    pattern: Annotated[str | None, Field(max_length=200)] = None

    @model_validator(mode="after")
    def _is_one_of_two(self) -> Self:
        if (self.path is None) == (self.pattern is None):
            raise ValueError("give either path or pattern")
        return self

    @field_validator("pattern")
    @classmethod
    def _has_one_group(cls, pattern: str | None) -> str | None:
        try:
            groups = 1 if pattern is None else re.compile(pattern).groups
        except re.error:
            raise ValueError("is not a regular expression") from None
        if groups != 1:
            raise ValueError("must have one group, which is the id: id=([0-9a-f]+)")
        return pattern


class Receipts(Options):
    """How the gateway reports: where id and status stand, which word means what, and the header that proves it."""

    kind: Literal["json", "form", "query"]
    id: Path | None = None  # without one, the URL alone says which message is meant
    status: Path
    statuses: Annotated[dict[str, MessageStatus], Field(min_length=1)]
    header: Header | None = None
    secret: Secret | None = None

    @field_validator("statuses")
    @classmethod
    def _come_after_acceptance(cls, statuses: dict[str, MessageStatus]) -> dict[str, MessageStatus]:
        ours = {"queued", "scheduled", "sending"} & set(statuses.values())
        if ours:
            raise ValueError(f"{sorted(ours)[0]} is for messages that no provider has yet; use accepted")
        return statuses

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        if (self.header is None) != (self.secret is None):
            raise ValueError("header, secret: give both or neither")
        return self


class WebhookOptions(Options):
    """A gateway."""

    method: Literal["POST", "GET", "PUT"] = "POST"
    url: Url
    sender: Annotated[str | None, Field(min_length=1, max_length=32)] = None
    headers: dict[Header, HeaderValue] = Field(default={})
    auth: Auth | None = None
    body: Body
    success: Success = Success()
    rejected: list[Annotated[int, Field(ge=400, le=499)]] = Field(default=[])
    id: Id | None = None
    receipts: Receipts | None = None

    @field_validator("url")
    @classmethod
    def _has_no_placeholder(cls, url: str) -> str:
        if any(names_in(url)):
            raise ValueError('has no placeholders: a body of kind = "query" puts values behind the ?')
        return url

    @field_validator("headers")
    @classmethod
    def _headers_are_ours_to_give(cls, headers: dict[str, str]) -> dict[str, str]:
        managed = sorted(name for name in headers if name.lower() in MANAGED)
        if managed:
            raise ValueError(f"{managed[0]} is set by itself; for credentials use auth")
        if set(names_in(headers)) - IN_HEADERS:
            raise ValueError(f"takes only these placeholders: {_listed(IN_HEADERS)}")
        return headers

    @field_validator("body")
    @classmethod
    def _body_is_known(cls, body: Body, info: ValidationInfo) -> Body:
        used = set(names_in(body.values))
        if used - set(OF_MESSAGE):
            raise ValueError(f"values: an unknown placeholder; known are {_listed(OF_MESSAGE)}")
        if info.data.get("method") == "GET" and body.kind != "query":
            raise ValueError('kind: a GET has no body; use kind = "query"')
        return body

    @field_validator("rejected")
    @classmethod
    def _rejected_is_no_success(cls, rejected: list[int], info: ValidationInfo) -> list[int]:
        success = info.data.get("success")
        if success and set(rejected) & set(success.status):
            raise ValueError("a status can't be in success.status as well")
        return rejected

    @model_validator(mode="after")
    def _says_what_to_whom(self) -> Self:
        used = set(names_in(self.body.values)) | set(names_in(self.headers))
        if "text" not in used or not used & {"to", "to_digits"}:
            raise ValueError("body: values must use {text}, and {to} or {to_digits}")
        if "receipts_url" in used and self.receipts is None:
            raise ValueError("receipts: {receipts_url} is used, so say how to read what comes there")
        if self.receipts is not None and self.receipts.id is not None and self.id is None:
            raise ValueError("id: receipts name a message by its id, so say where the answer holds it")
        if self.receipts is not None and self.receipts.id is None and "receipts_url" not in used:
            raise ValueError("receipts: name no message by its id, so values must use {receipts_url}, which does")
        return self


def _listed(names: Any) -> str:
    return ", ".join(f"{{{name}}}" for name in sorted(names))
