"""An application's own templates: versions never change, the newest is in force."""

from sqlalchemy import Connection, RowMapping, Select, and_, func, insert, select

from otp_service.domain.errors import Refusal
from otp_service.domain.messages import Dlt
from otp_service.domain.templates.bodies import Kind
from otp_service.domain.templates.template import Template
from otp_service.ledger import applications, audit
from otp_service.ledger.changes import Change
from otp_service.ledger.schema import templates

REMOVED = ""  # the body of a version that only says that the template is gone; no body that is saved is empty


def add(
    change: Change,
    application_id: str,
    name: str,
    locale: str,
    body: str,
    kind: Kind = "verification",
    *,
    smart_encoding: bool = True,
    dlt: Dlt | None = None,
) -> Template:
    """Put a body in force as the next version; `not_found` if there is no such application."""
    applications.require(change.connection, application_id)
    version = _newest(change.connection, application_id, name, locale) + 1
    added = Template(name, locale, version, body, kind, smart_encoding, dlt)
    change.connection.execute(
        insert(templates).values(application_id=application_id, created_at=change.at_ms, **_columns(added))
    )
    audit.record(
        change, "template.add", application_id=application_id, target=f"{name}/{locale}", after=_columns(added)
    )
    return added


def remove(change: Change, application_id: str, name: str, locale: str) -> Template:
    """Take a template out of force and answer its last version; `not_found` if there is none.

    An empty body as the next version says so: the earlier ones stay readable, and their numbers are never used again.
    """
    found = [each for each in in_force(change.connection, application_id) if (each.name, each.locale) == (name, locale)]
    if not found:
        raise Refusal("not_found", "there is no such template")
    gone = {"application_id": application_id, "name": name, "locale": locale, "version": found[0].version + 1}
    change.connection.execute(insert(templates).values(**gone, body=REMOVED, created_at=change.at_ms))
    audit.record(
        change, "template.remove", application_id=application_id, target=f"{name}/{locale}", before=_columns(found[0])
    )
    return found[0]


def in_force(connection: Connection, application_id: str) -> list[Template]:
    """The newest version of each of an application's templates."""
    found = newest_versions().where(templates.c.application_id == application_id)
    return [template_of(row) for row in connection.execute(found).mappings()]


def read(connection: Connection, application_id: str, name: str, locale: str, version: int) -> Template | None:
    """One version, in force or not."""
    key = {"application_id": application_id, "name": name, "locale": locale, "version": version}
    row = connection.execute(select(templates).filter_by(**key)).mappings().one_or_none()
    return None if row is None else template_of(row)


def newest_versions() -> Select[tuple[object, ...]]:
    """The rows in force, ordered by name and locale."""
    key = (templates.c.application_id, templates.c.name, templates.c.locale)
    newest = select(*key, func.max(templates.c.version).label("version")).group_by(*key).subquery()
    same = and_(*(templates.c[column.name] == column for column in newest.c))
    in_force = select(templates).join(newest, same).where(templates.c.body != REMOVED)
    return in_force.order_by(templates.c.name, templates.c.locale)


def lately_superseded(since_ms: int) -> Select[tuple[object, ...]]:
    """The rows that were in force at some time since, and are no more."""
    key = (templates.c.application_id, templates.c.name, templates.c.locale)
    later = templates.alias()
    follows = and_(*(later.c[column.name] == column for column in key), later.c.version == templates.c.version + 1)
    return select(templates).join(later, follows).where(later.c.created_at >= since_ms, templates.c.body != REMOVED)


def template_of(row: RowMapping) -> Template:
    """A row as a template."""
    return Template(
        row["name"], row["locale"], row["version"], row["body"], row["kind"], row["smart_encoding"], _dlt(row)
    )


def vendor_ids(dlt: Dlt | None) -> dict[str, str] | None:
    """What vendors know a template by, as it is kept and shown."""
    return None if dlt is None else {"dlt_entity_id": dlt.entity_id, "dlt_template_id": dlt.template_id}


def _dlt(row: RowMapping) -> Dlt | None:
    ids = row["vendor_ids"] or {}
    return Dlt(ids["dlt_entity_id"], ids["dlt_template_id"]) if ids.get("dlt_entity_id") else None


def _columns(template: Template) -> dict[str, object]:
    return {
        "name": template.name,
        "locale": template.locale,
        "version": template.version,
        "body": template.body,
        "kind": template.kind,
        "smart_encoding": template.smart_encoding,
        "vendor_ids": vendor_ids(template.dlt),
    }


def _newest(connection: Connection, application_id: str, name: str, locale: str) -> int:
    key = {"application_id": application_id, "name": name, "locale": locale}
    return connection.scalar(select(func.max(templates.c.version)).filter_by(**key)) or 0
