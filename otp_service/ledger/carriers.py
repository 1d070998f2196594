"""What admins want of providers: one is switched off or carries another share, whatever the configuration says."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass

from sqlalchemy import Connection, delete, select

from otp_service.ledger import audit
from otp_service.ledger import meta as named
from otp_service.ledger.changes import Change
from otp_service.ledger.schema import meta

PREFIX = "provider:"


@dataclass(frozen=True, slots=True)
class Switch:
    """What an admin wants of a provider; None: as it is configured."""

    enabled: bool | None = None
    weight: int | None = None


AS_CONFIGURED = Switch()


def switches(connection: Connection) -> Mapping[str, Switch]:
    """What admins want of which provider."""
    rows = connection.execute(select(meta.c.name, meta.c.value).where(meta.c.name.startswith(PREFIX)))
    return {name.removeprefix(PREFIX): Switch(**json.loads(value)) for name, value in rows}


def put(change: Change, provider: str, wanted: Switch, reason: str) -> None:
    """Puts a switch in the place of the one before; what changes nothing is not audited."""
    before = switches(change.connection).get(provider, AS_CONFIGURED)
    if before == wanted:
        return
    if wanted == AS_CONFIGURED:
        change.connection.execute(delete(meta).where(meta.c.name == PREFIX + provider))
    else:
        named.write(change.connection, PREFIX + provider, json.dumps(asdict(wanted)))
    after = asdict(wanted) | {"reason": reason}
    audit.record(change, "provider.switch", target=provider, before=asdict(before), after=after)
