"""A production installation of the service: Redis, a ledger, one application with its key, and the environment."""

import contextlib
import os
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import redis

from bench.servers import redis_server, socket_of
from otp_service.domain import apikeys
from otp_service.domain.fraud.thresholds import Thresholds
from otp_service.domain.policy import Policy
from otp_service.ledger import applications, keys, migrate
from otp_service.ledger.changes import AuditKey, Change, change
from otp_service.ledger.engine import make_engine
from otp_service.service.core import now_ms, random_bytes
from otp_service.store.scripts import SCRIPTS

MASTER_KEYS = "k1:" + "QUFB" * 10 + "QUE="
SCOPES = ("verifications:start", "verifications:check")
# Every rule is in force (two of the number, one of the client, two of money); all but money as they come. The brake
# judges by every scope too, but forgives what a benchmark looks like.
PATIENCE = {name: 10**6 for name in Thresholds.model_fields if name.endswith(("_weak", "_strong", "_pressed", "_owe"))}
PATIENT = Thresholds(**{**PATIENCE, "run_weak": 1000, "send_score": 0.0})  # no score: all numbers have one prefix
POLICY = Policy(
    spend_per_day_micros=10**12, spend_per_country_per_day_micros=10**12, thresholds=PATIENT, challenge="none"
)
UNBRAKED = POLICY.model_copy(update={"fraud": "off"})
# A busy machine makes figures worse, and ends no run.
PATIENT_REDIS = "socket_timeout=60&socket_connect_timeout=60"
PROVIDERS = '[[providers]]\nname = "console"\nkind = "console"\n'


@dataclass(frozen=True)
class Stand:
    """The installation."""

    redis: "redis.Redis"
    folder: Path
    key: str
    unbraked_key: str  # of an application whose policy has the brake off

    def environment(self, redis_socket: str | None = None) -> dict[str, str]:
        """What its processes are started with; another way to Redis if told."""
        metrics = tempfile.mkdtemp(prefix="metrics-", dir=self.folder)
        return {
            **{name: value for name, value in os.environ.items() if not name.startswith("OTP_")},
            "OTP_ENV": "production",
            "OTP_REDIS_URL": f"unix://{redis_socket or socket_of(self.redis)}?{PATIENT_REDIS}",
            "OTP_DATABASE_URL": f"sqlite:///{self.folder}/otp.db",
            "OTP_MASTER_KEYS": MASTER_KEYS,
            "OTP_CONFIG": f"{self.folder}/otp-service.toml",
            "OTP_LOG_LEVEL": "info",
            "PROMETHEUS_MULTIPROC_DIR": metrics,
        }


@contextlib.contextmanager
def stand() -> Iterator[Stand]:
    """An installation for as long as the block runs."""
    with redis_server() as client, tempfile.TemporaryDirectory(prefix="otp-b-") as name:
        folder = Path(name)
        for script in SCRIPTS.values():
            client.script_load(script.source)  # whoever has to send one has no time for an answer that is late
        (folder / "otp-service.toml").write_text(PROVIDERS)
        yield Stand(client, folder, *_ledger(folder))


def _ledger(folder: Path) -> tuple[str, str]:
    """Makes the ledger and answers the API keys of its two applications."""
    engine = make_engine(f"sqlite:///{folder}/otp.db")
    migrate.to_head(engine)
    with change(engine, AuditKey("k1", b"k" * 32), "bench", now_ms()) as opened:
        made = _application(opened, "shop", POLICY), _application(opened, "unbraked", UNBRAKED)
    engine.dispose()
    return made


def _application(opened: Change, name: str, policy: Policy) -> str:
    id_, text = apikeys.make(False, random_bytes(16), random_bytes(32))
    presented = apikeys.read(text)
    assert presented
    made = applications.create(opened, name, policy).id
    keys.create(opened, id_, made, "bench", apikeys.hashed(presented.secret), SCOPES)
    return text
