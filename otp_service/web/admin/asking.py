"""What admins ask for: queries and bodies, by type; what the values mean is the service's to judge."""

from collections.abc import Callable
from typing import Annotated, Any, Literal, TypeVar

from pydantic import BaseModel, Field

from otp_service.domain.requests import Body, User, Variables
from otp_service.domain.templates.bodies import Kind
from otp_service.ledger.blocks import Kind as BlockKind
from otp_service.service.callers import Caller
from otp_service.service.once import once
from otp_service.web.context import caller, core, idempotent
from otp_service.web.fields import Number, Query, Time
from otp_service.web.parsing import json_body

ADMIN = "admin"
MOST_A_PAGE = 100
Model = TypeVar("Model", bound=BaseModel)

Application = Annotated[str, Field(min_length=1, max_length=68)]
Ip = Annotated[str, Field(max_length=45)]
Locale = Annotated[str, Field(max_length=35)]
Country = Annotated[str, Field(pattern=r"^[A-Z]{2}$")]
AnyCountry = Annotated[str, Field(pattern=r"^([A-Z]{2}|001)$")]
Prefix = Annotated[str, Field(pattern=r"^[+ ]?[1-9][0-9]{1,14}$")]
DltId = Annotated[str, Field(pattern=r"^[0-9]{1,30}$")]
Cursor = Annotated[str, Field(min_length=1, max_length=512)]


class PageQuery(Query):
    """Which page of a list."""

    limit: Annotated[int, Field(ge=1, le=MOST_A_PAGE)] = 50
    cursor: Cursor | None = None


class OfApplicationQuery(PageQuery):
    """Which page, and maybe of which application alone."""

    application: Application | None = None


class ByApplicationQuery(PageQuery):
    """Which page of one application's list."""

    application: Application


class TemplateQuery(Query):
    """Which template."""

    application: Application
    name: Annotated[str, Field(max_length=32)]
    locale: Annotated[str, Field(max_length=35)]


class VersionsQuery(ByApplicationQuery):
    """A page of which template's versions."""

    name: Annotated[str, Field(max_length=32)]
    locale: Locale


class LimitsQuery(Query):
    """Whose limits."""

    application: Application
    to: Number | None = None
    ip: Ip | None = None
    device_id: User | None = None
    user: User | None = None
    test: bool = False

    def subject(self) -> dict[str, Any]:
        """Whose limits, as the service names them."""
        return {"to": self.to, "ip": self.ip, "device": self.device_id, "user": self.user, "test": self.test}


class LockQuery(Query):
    """Whose lock."""

    application: Application
    to: Number
    test: bool = False


class LocksQuery(ByApplicationQuery):
    """One number's lock, or a page of those that are in force."""

    to: Number | None = None
    test: bool = False


class NewApplication(Body):
    """The body of POST /v1/admin/applications."""

    name: str
    policy: dict[str, Any] = Field(default_factory=dict)


class PolicyPatch(Body):
    """The body of PATCH /v1/admin/applications/{id}."""

    policy: dict[str, Any]


class NewKey(Body):
    """The body of POST /v1/admin/keys."""

    application: Application
    name: str = ""
    scopes: list[str]
    test: bool = False
    expires_at: Time | None = None
    ips: list[Annotated[str, Field(max_length=49)]] = Field(default_factory=list)


class VendorIds(Body):
    """What India's registry knows a template by."""

    dlt_entity_id: DltId
    dlt_template_id: DltId


class NewTemplate(Body):
    """The body of POST /v1/admin/templates."""

    application: Application
    name: str
    locale: Locale
    body: str
    kind: Kind = "verification"
    smart_encoding: bool = True
    vendor_ids: VendorIds | None = None
    country: Country | None = None


class TemplatePreview(Body):
    """The body of POST /v1/admin/templates/preview."""

    application: Application
    name: str = "default"
    locale: Locale = "en"
    body: str | None = None
    kind: Kind = "verification"
    smart_encoding: bool = True
    version: Annotated[int | None, Field(ge=0, le=2**31 - 1)] = None
    variables: Variables = Field(default_factory=dict)
    country: Country | None = None


class WhichBlocks(Query):
    """Which rows of a list: of one application, of one kind, or those that name a number, an address or a user."""

    application: Application | None = None
    kind: BlockKind | None = None
    to: Number | None = None
    ip: Ip | None = None
    user: User | None = None


class BlocksQuery(WhichBlocks, PageQuery):
    """Which rows of a list, a page at a time."""


class ExportQuery(WhichBlocks):
    """Which rows of a list go out, and whether their numbers do in full, and why."""

    numbers: Literal["masked", "full"] = "masked"
    reason: Annotated[str | None, Field(min_length=1, max_length=200)] = None


class NewBlock(Body):
    """The body of POST /v1/admin/blocks and /v1/admin/allows."""

    application: Application | None = None
    kind: BlockKind
    value: Annotated[str, Field(min_length=1, max_length=128)]
    reason: str
    expires_at: Time | None = None


class RefusalsQuery(OfApplicationQuery):
    """Which refusals, a page at a time."""

    to: Number | None = None
    code: Annotated[str | None, Field(pattern=r"^[a-z_]{1,40}$")] = None


class ProviderPatch(Body):
    """The body of PATCH /v1/admin/providers/{name}: null leaves it to the configuration."""

    enabled: bool | None = None
    weight: int | None = None
    reason: str = ""


class PoliciesQuery(Query):
    """Whose policy."""

    application: Application | None = None


class FraudQuery(Query):
    """Which scopes of the brake."""

    application: Application
    to: Number | None = None
    ip: Ip | None = None
    country: AnyCountry | None = None


class QuarantinesQuery(Query):
    """Whose quarantines."""

    application: Application | None = None


class QuarantineQuery(Query):
    """Which quarantine."""

    application: Application
    prefix: Prefix


class NewExemption(Body):
    """The body of POST /v1/admin/refusals/{reference}/exempt."""

    kind: BlockKind
    value: Annotated[str | None, Field(min_length=1, max_length=128)] = None
    reason: str | None = None
    expires_at: Time | None = None


def asked(
    model: type[Model], run: Callable[[Caller, Model], dict[str, Any]], *, optional: bool = False
) -> dict[str, Any]:
    """Reads an admin's body and runs the change; with an Idempotency-Key it happens once."""
    who = caller(ADMIN)
    body, raw = json_body(model, optional=optional)
    return once(core(), idempotent(who, raw), lambda: run(who, body))
