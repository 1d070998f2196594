"""The snapshot: every truth that requests need, in memory, so that no request waits for SQL."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from pydantic import ValidationError
from sqlalchemy import Connection, Engine, func, select

from otp_service.domain.templates.template import Template
from otp_service.ledger import blocks, keys, locks, meta, opt_outs, schema, suspensions, templates
from otp_service.ledger.applications import COLUMNS, Application, application_of
from otp_service.ledger.blocks import ALLOWS, BLOCKS, Listed
from otp_service.ledger.carriers import Switch, switches
from otp_service.ledger.engine import reading
from otp_service.ledger.keys import ApiKey
from otp_service.ledger.schema import api_keys
from otp_service.ledger.suspensions import Suspended

SUPERSEDED_MS = 3_600_000  # before the last change of a template; no queued code is that old


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The truths of one version of the ledger.

    `keys` holds those that were not revoked, and only of applications that are here; `problems` says what had to stay
    out.
    """

    version: int
    index_key_sealed: str | None
    applications: Mapping[str, Application]
    keys: Mapping[str, ApiKey] = field(repr=False)
    templates: Mapping[str, Mapping[tuple[str, str], Template]]
    superseded: Mapping[str, Mapping[tuple[str, str, int], Template]]  # those that queued codes may still be written by
    blocked: Listed = field(repr=False)
    hard_locks: frozenset[tuple[str, str]]  # (application id, base64url of the subject)
    problems: tuple[str, ...] = ()
    # (application id, whether of test keys, number index) -> promotional or all
    opted_out: Mapping[tuple[str, bool, str], str] = field(default_factory=dict, repr=False)
    suspended: Suspended = field(default_factory=dict)  # senders that are shown to nobody
    allowed: Listed = field(default_factory=Listed, repr=False)
    switches: Mapping[str, Switch] = field(default_factory=dict)  # what admins want of providers


def load_snapshot(engine: Engine, known: Snapshot | None = None) -> Snapshot:
    """The ledger's truths now; `known` itself, after reading no more than its version, if nothing changed."""
    with reading(engine) as connection:
        version = meta.version(connection)
        return known if known and known.version == version else _load(connection, version, known)


def _load(connection: Connection, version: int, known: Snapshot | None) -> Snapshot:
    found, problems = _applications(connection)
    return Snapshot(
        version=version,
        index_key_sealed=meta.read(connection, "index_key"),
        applications=found,
        keys=_keys(connection, found),
        templates=_templates(connection),
        superseded=_superseded(connection),
        blocked=blocks.load(connection, BLOCKS, known.blocked if known else None),
        hard_locks=frozenset((lock.application_id, lock.subject) for lock in locks.in_force(connection)),
        problems=tuple(problems),
        opted_out=opt_outs.scopes(connection),
        suspended=suspensions.arranged(suspensions.in_force(connection)),
        allowed=blocks.load(connection, ALLOWS, known.allowed if known else None),
        switches=switches(connection),
    )


def _applications(connection: Connection) -> tuple[dict[str, Application], list[str]]:
    found: dict[str, Application] = {}
    problems: list[str] = []
    for row in connection.execute(select(*COLUMNS).order_by(COLUMNS[0])).mappings():
        try:
            found[row["id"]], unknown = application_of(row)
        except ValueError as error:
            problems.append(f"application {row['name']} is out of service: its policy can't be read ({_fields(error)})")
        else:
            problems += [f"application {row['name']}: this release does not know policy.{name}" for name in unknown]
    return found, problems


def _fields(error: ValueError) -> str:
    if not isinstance(error, ValidationError):
        return "not JSON"
    return ", ".join(sorted({".".join(map(str, each["loc"])) or "policy" for each in error.errors()}))


def _keys(connection: Connection, of: Iterable[str]) -> dict[str, ApiKey]:
    live = select(api_keys).where(api_keys.c.revoked_at.is_(None))
    owners = frozenset(of)
    return {
        row["id"]: keys.key_of(row) for row in connection.execute(live).mappings() if row["application_id"] in owners
    }


def _templates(connection: Connection) -> dict[str, dict[tuple[str, str], Template]]:
    found: dict[str, dict[tuple[str, str], Template]] = {}
    for row in connection.execute(templates.newest_versions()).mappings():
        template = templates.template_of(row)
        found.setdefault(row["application_id"], {})[template.name, template.locale] = template
    return found


def _superseded(connection: Connection) -> dict[str, dict[tuple[str, str, int], Template]]:
    found: dict[str, dict[tuple[str, str, int], Template]] = {}
    newest = connection.scalar(select(func.max(schema.templates.c.created_at))) or 0
    for row in connection.execute(templates.lately_superseded(newest - SUPERSEDED_MS)).mappings():
        template = templates.template_of(row)
        found.setdefault(row["application_id"], {})[template.name, template.locale, template.version] = template
    return found
