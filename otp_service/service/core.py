"""What every story of the service is told with: the store, the ledger, the keys and the snapshot of the truths."""

import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property

from sqlalchemy import Engine

from otp_service.domain.config_file.provider_file import ProviderFile
from otp_service.domain.keys import KeyRing, mac
from otp_service.domain.public_addresses import Reach
from otp_service.domain.routes.routing import Routing
from otp_service.ledger.changes import AuditKey
from otp_service.ledger.snapshot import Snapshot
from otp_service.providers import Provider
from otp_service.service.routing import Routes
from otp_service.store.link import Link


def now_ms() -> int:
    """This host's clock, for what the ledger dates; whatever decides a verification asks the store's clock."""
    return time.time_ns() // 1_000_000


@dataclass(frozen=True)
class Core:
    """The parts that a process builds once."""

    link: Link
    cells: int
    clustered: bool
    engine: Engine
    ring: KeyRing
    index_key: bytes
    snapshot: Callable[[], Snapshot]
    providers: dict[str, Provider]
    provider_file: ProviderFile
    public_url: str
    production: bool
    webhook_reach: Reach = field(default_factory=Reach)
    clock: Callable[[], int] = now_ms  # by which codes of apps are judged
    observe: "Observer" = field(default_factory=lambda: Observer())

    @property
    def audit_key(self) -> AuditKey:
        """The key of the audit chain; drawn from the index key, so that rotating the ring never breaks the chain."""
        return AuditKey("index", mac(self.index_key, "audit"))

    def routing(self) -> Routing:
        """The routing in force."""
        return self._routes(self.snapshot())

    @cached_property
    def _routes(self) -> Routes:
        return Routes(self.provider_file, self.providers)


class Observer:
    """What is counted of the stories; the web's metrics override it."""

    def started(self, purpose: str, country: str, new: bool) -> None: ...
    def braked(self, decision: str, mode: str) -> None: ...
    def checked(self, result: str) -> None: ...
    def factor_checked(self, type: str, result: str) -> None: ...
    def factor_enrolled(self, type: str) -> None: ...
    def user_held(self, how: str) -> None: ...
    def alarmed(self, kind: str) -> None: ...
    def reported(self, provider: str, status: str) -> None: ...
    def unmatched(self, provider: str, end: str) -> None: ...


def random_bytes(count: int) -> bytes:
    """Bytes from the operating system's CSPRNG."""
    return secrets.token_bytes(count)


def fresh_operation() -> str:
    """An operation id for a caller who gave none: 96 random bits."""
    return secrets.token_urlsafe(12)
