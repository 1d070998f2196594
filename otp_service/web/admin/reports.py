"""Reports: those of all applications for admins, and an application's own."""

from dataclasses import asdict
from typing import Annotated, Any

from flask import Blueprint, Response
from pydantic import Field

from otp_service.domain.times import rfc3339
from otp_service.ledger.reports import SLOTS_MS, By
from otp_service.service.reports import Report, report
from otp_service.web.admin.asking import ADMIN, Application
from otp_service.web.context import caller, core
from otp_service.web.fields import Line, Query, Time
from otp_service.web.parsing import query
from otp_service.web.rendering import answer

blueprint = Blueprint("admin_reports", __name__)
CURRENCY = "USD"


class ReportQuery(Query):
    """What a report is about."""

    by: By = "provider"
    from_ms: Annotated[Time | None, Field(alias="from")] = None
    to_ms: Annotated[Time | None, Field(alias="to_time")] = None
    provider: Annotated[Line | None, Field(max_length=64)] = None
    country: Annotated[str | None, Field(pattern="^[A-Z0-9]{2,3}$")] = None


class AnyReportQuery(ReportQuery):
    """What an admin's report is about."""

    application: Application | None = None
    test: bool = False


@blueprint.get("/v1/reports")
def get_own_report() -> Response:
    who = caller("reports")
    wanted = query(ReportQuery).model_dump()
    return answer(_resource(report(core(), **wanted, application=who.application.id, test=who.test)))


@blueprint.get("/v1/admin/reports")
def get_report() -> Response:
    caller(ADMIN)
    return answer(_resource(report(core(), **query(AnyReportQuery).model_dump())))


def _resource(found: Report) -> dict[str, Any]:
    total = asdict(found.total)
    del total["key"], total["suspicious"]
    return {
        "by": found.by,
        "from": rfc3339(found.from_ms),
        "to_time": rfc3339(found.to_ms),
        "currency": CURRENCY,
        "items": [asdict(item) | {"key": key_of(found, item.key)} for item in found.items],
        "total": total,
    }


def key_of(found: Report, key: str) -> str:
    """A group's key as people read it: a slot of time is when it begins."""
    return rfc3339(int(key)) if found.by in SLOTS_MS else key
