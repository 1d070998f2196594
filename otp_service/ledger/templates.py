"""An application's own templates: versions never change, the newest is in force."""

from sqlalchemy import Connection, RowMapping, Select, and_, func, insert, select

from otp_service.domain.errors import Refusal
from otp_service.domain.templates import Template
from otp_service.ledger import applications, audit
from otp_service.ledger.changes import Change
from otp_service.ledger.schema import templates

REMOVED = ""  # the body of a version that only says that the template is gone; no body that is saved is empty


def add(change: Change, application_id: str, name: str, locale: str, body: str) -> Template:
    """Put a body in force as the next version; `not_found` if there is no such application."""
    applications.require(change.connection, application_id)
    added = Template(name, locale, _newest(change.connection, application_id, name, locale) + 1, body)
    change.connection.execute(
        insert(templates).values(
            application_id=application_id,
            name=name,
            locale=locale,
            version=added.version,
            body=body,
            created_at=change.at_ms,
        )
    )
    said = {"name": name, "locale": locale, "version": added.version, "body": body}
    audit.record(change, "template.add", application_id=application_id, target=f"{name}/{locale}", after=said)
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
    said = {"name": name, "locale": locale, "version": found[0].version, "body": found[0].body}
    audit.record(change, "template.remove", application_id=application_id, target=f"{name}/{locale}", before=said)
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


def template_of(row: RowMapping) -> Template:
    """A row as a template."""
    return Template(row["name"], row["locale"], row["version"], row["body"])


def _newest(connection: Connection, application_id: str, name: str, locale: str) -> int:
    key = {"application_id": application_id, "name": name, "locale": locale}
    return connection.scalar(select(func.max(templates.c.version)).filter_by(**key)) or 0
