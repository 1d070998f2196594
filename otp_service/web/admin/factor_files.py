"""Factors from a small file; larger and sealed ones are for the command line."""

import hashlib
from typing import Annotated, Any, Literal

from flask import Blueprint, Response, request
from pydantic import Field
from pydantic_core import to_json

from otp_service.domain.errors import FieldError, Refusal
from otp_service.domain.factors.files.rows import Asked
from otp_service.service.factors.importing import Told, Wish, import_factors
from otp_service.service.once import once
from otp_service.web.admin.asking import ADMIN, Application
from otp_service.web.context import caller, core, idempotent
from otp_service.web.fields import Query
from otp_service.web.parsing import query, raw_body
from otp_service.web.rendering import answer

blueprint = Blueprint("admin_factor_files", __name__)
MOST_BYTES = 1024 * 1024
TYPES = ("text/csv", "text/plain")
Format = Literal["csv", "otpauth", "migration"]


class ImportQuery(Query):
    """Which file goes where, and how."""

    application: Application
    format: Format = "csv"
    dry_run: bool = False
    allow_weak: bool = False
    user_column: Annotated[str | None, Field(min_length=1, max_length=64)] = None

    @property
    def wish(self) -> Wish:
        """The same as the service has it."""
        how = {"dry_run": self.dry_run, "allow_weak": self.allow_weak}
        return Wish(self.application, self.format, Asked(user_from=self.user_column or ""), **how)


@blueprint.post("/v1/admin/factors/import")
def take_in() -> Response:
    """Takes over the factors in the body, or tells what would become of them."""
    who, asked_for = caller(ADMIN), query(ImportQuery)
    if request.mimetype not in TYPES:
        raise Refusal("unsupported_media_type", f"send the file as {' or '.join(TYPES)}")
    raw = raw_body(MOST_BYTES)
    fingerprint = to_json([hashlib.sha256(raw).hexdigest(), asked_for.model_dump()])
    return answer(once(core(), idempotent(who, fingerprint), lambda: _imported(who.key_id, raw, asked_for.wish)))


def _imported(actor: str, raw: bytes, wish: Wish) -> dict[str, Any]:
    lines = raw.splitlines(keepends=True)
    told = import_factors(core(), actor, lambda: lines, wish)
    if told.refused and not told.written and not wish.dry_run:
        raise _refused(told)
    reasons = [{"line": line, "detail": detail} for line, detail in told.reasons]
    counts = {"new": told.new, "known": told.known, "moved_on": told.moved_on, "refused": told.refused}
    return {**counts, "written": told.written, "reasons": reasons}


def _refused(told: Told) -> Refusal:
    errors: list[FieldError] = [
        {"field": f"line {line}", "code": "invalid", "detail": detail} for line, detail in told.reasons
    ]
    return Refusal("invalid_field", "lines of the file are not valid; nothing was changed", errors=errors)
