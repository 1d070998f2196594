"""Applications and their policies, as the ledger keeps them."""

import json
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError
from sqlalchemy import Connection, RowMapping, Text, cast, insert, select, update

from otp_service.domain.errors import Refusal
from otp_service.domain.policy import Policy
from otp_service.ledger import audit
from otp_service.ledger.changes import Change
from otp_service.ledger.ids import new_id
from otp_service.ledger.schema import applications

Json = dict[str, Any]

# The policy as text, so that one that is not even JSON does no harm to the other rows.
COLUMNS = (
    applications.c.id,
    applications.c.name,
    cast(applications.c.policy, Text).label("policy"),
    applications.c.created_at,
)


@dataclass(frozen=True, slots=True)
class Application:
    """Whoever's users get codes, with the policy in force."""

    id: str
    name: str
    policy: Policy
    created_at: int


def create(change: Change, name: str, policy: Policy, id: str | None = None) -> Application:
    """A new application; `conflict` if the name is taken."""
    if _row(change.connection, applications.c.name == name) is not None:
        raise Refusal("conflict", "an application of this name exists")
    created = Application(id or new_id("app"), name, policy, change.at_ms)
    stored = dump_policy(policy)
    change.connection.execute(
        insert(applications).values(id=created.id, name=name, policy=stored, created_at=change.at_ms)
    )
    after = {"name": name, "policy": stored}
    audit.record(change, "application.create", application_id=created.id, target=created.id, after=after)
    return created


def set_policy(change: Change, id: str, policy: Policy) -> None:
    """Put another policy in force, whole; `not_found` if there is no such application."""
    row = _row(change.connection, applications.c.id == id)
    if row is None:
        raise Refusal("not_found", "there is no such application")
    stored = dump_policy(policy)
    change.connection.execute(update(applications).where(applications.c.id == id).values(policy=stored))
    audit.record(
        change,
        "application.set_policy",
        application_id=id,
        target=id,
        before={"policy": _as_stored(row["policy"])},
        after={"policy": stored},
    )


def read(connection: Connection, id: str) -> Application | None:
    """The application of this id; ValueError if its stored policy can't be read."""
    row = _row(connection, applications.c.id == id)
    return None if row is None else application_of(row)[0]


def find(connection: Connection, name: str) -> Application | None:
    """The application of this name; ValueError if its stored policy can't be read."""
    row = _row(connection, applications.c.name == name)
    return None if row is None else application_of(row)[0]


def policies(connection: Connection) -> dict[str, Policy | None]:
    """Every application's policy, None where it can't be read."""
    found: dict[str, Policy | None] = {}
    for row in connection.execute(select(*COLUMNS)).mappings():
        try:
            found[row["id"]] = load_policy(row["policy"])[0]
        except ValueError:
            found[row["id"]] = None
    return found


def require(connection: Connection, id: str) -> None:
    """Refuse with `not_found` unless the application exists."""
    if _row(connection, applications.c.id == id) is None:
        raise Refusal("not_found", "there is no such application")


def application_of(row: RowMapping) -> tuple[Application, list[str]]:
    """A row as an application, and the policy fields unknown to this release; ValueError if it can't be read."""
    policy, unknown = load_policy(row["policy"])
    return Application(row["id"], row["name"], policy, row["created_at"]), unknown


def dump_policy(policy: Policy) -> Json:
    """What is stored: the fields that were set, so that the rest follow the release's defaults."""
    return policy.model_dump(mode="json", exclude_unset=True)


def load_policy(stored: str) -> tuple[Policy, list[str]]:
    """A stored policy, and the names of fields this release doesn't know.

    During a rolling upgrade a newer release writes fields that this one has never heard of: those are passed over.
    Anything else that is wrong is a ValueError.
    """
    fields = json.loads(stored)
    try:
        return Policy.model_validate(fields), []
    except ValidationError as error:
        wrong = error.errors(include_url=False, include_context=False, include_input=False)
    unknown = [each["loc"] for each in wrong if each["type"] == "extra_forbidden"]
    known = Policy.model_validate(_without(fields, set(unknown)))
    return known, [".".join(map(str, loc)) for loc in unknown]


def _without(fields: Any, locs: set[tuple[int | str, ...]], at: tuple[int | str, ...] = ()) -> Any:
    if not isinstance(fields, dict):
        return fields
    return {name: _without(value, locs, (*at, name)) for name, value in fields.items() if (*at, name) not in locs}


def _as_stored(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return None


def _row(connection: Connection, condition: Any) -> RowMapping | None:
    return connection.execute(select(*COLUMNS).where(condition)).mappings().one_or_none()
