"""The audit: what admins did, whether it still says so, and all of it as a file."""

from collections.abc import Iterator
from typing import Annotated

from flask import Blueprint, Response
from pydantic import Field
from pydantic_core import to_json

from otp_service.ledger.audit import Entry, Wanted
from otp_service.service.admin import audit
from otp_service.web.admin import resources
from otp_service.web.admin.asking import ADMIN, Application, PageQuery
from otp_service.web.context import caller, core
from otp_service.web.fields import Line, Query, Time
from otp_service.web.parsing import query
from otp_service.web.rendering import answer

MOST_VERIFIED = 10_000  # entries: half a second of work
Word = Annotated[Line, Field(min_length=1, max_length=200)]

blueprint = Blueprint("admin_audit", __name__)


class AuditQuery(Query):
    """Which entries."""

    actor: Word | None = None
    act: Annotated[str | None, Field(pattern=r"^[a-z_]+(\.[a-z_]+)*(\.\*)?$", max_length=64)] = None
    application: Application | None = None
    target: Word | None = None
    from_ms: Annotated[Time | None, Field(alias="from")] = None
    to_ms: Annotated[Time | None, Field(alias="to_time")] = None

    def wanted(self) -> Wanted:
        """The same, with the application's id."""
        named = audit.application_id(core(), self.application) if self.application is not None else None
        return Wanted(self.actor, self.act, named, self.target, self.from_ms, self.to_ms)


class AuditPageQuery(AuditQuery, PageQuery):
    """Which page of which entries."""


class VerifyQuery(Query):
    """Which part of the audit."""

    after: Annotated[int, Field(ge=0, lt=2**63)] = 0
    limit: Annotated[int, Field(ge=1, le=MOST_VERIFIED)] = MOST_VERIFIED


@blueprint.get("/v1/admin/audit")
def list_audit() -> Response:
    caller(ADMIN)
    asked = query(AuditPageQuery)
    found = audit.page(core(), asked.limit, asked.cursor, asked.wanted())
    return answer(resources.page(found, resources.audit_entry))


@blueprint.get("/v1/admin/audit/verify")
def verify_audit() -> Response:
    caller(ADMIN)
    asked = query(VerifyQuery)
    found = audit.verify(core(), asked.after, asked.limit)
    return answer(
        {
            "good": found.bad is None,
            "verified_to": found.seq,
            "hash": found.hash,
            "next_after": None if found.at_end or found.bad else found.seq,
            "bad": {"seq": found.bad.seq, "what": found.bad.what} if found.bad else None,
        }
    )


@blueprint.get("/v1/admin/audit/export")
def export_audit() -> Response:
    caller(ADMIN)
    return Response(_lines(audit.every(core(), query(AuditQuery).wanted())), content_type="application/x-ndjson")


def _lines(found: Iterator[Entry]) -> Iterator[bytes]:
    for entry in found:
        yield to_json(resources.audit_entry(entry)) + b"\n"
