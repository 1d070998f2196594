"""Builds every part once and joins them: the only room that knows every layer."""

import gc
import os
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from otp_service import logs
from otp_service.domain.addresses import networks
from otp_service.domain.config_file.provider_file import ProviderFile, parse_provider_file, with_simulator
from otp_service.domain.keys import KEY_BYTES, NONCE_BYTES, KeyRing, UnknownKid, parse_ring
from otp_service.domain.public_addresses import Reach
from otp_service.ledger import revision
from otp_service.ledger.engine import make_engine, reading
from otp_service.ledger.kids import missing_kids
from otp_service.ledger.meta import ensure_index_key
from otp_service.providers import build_all, examine
from otp_service.service.core import Core
from otp_service.service.truths import Truths
from otp_service.settings import BadSettings, Settings, read_settings
from otp_service.store.connect import connect, is_cluster
from otp_service.store.health import fix_cells
from otp_service.web.metrics import LEDGER_UP, Counting

if TYPE_CHECKING:
    from flask import Flask

    from otp_service.web.dev import Phone

INDEX_KEY = "index_key"
WEB_THREADS = "OTP_WEB_THREADS"  # how `serve` tells its worker processes; no setting of an operator's
STREAMS_OF_ONE = 8  # of a process that makes a thread for each request


@dataclass(frozen=True)
class Parts:
    """One process' parts."""

    settings: Settings
    core: Core
    truths: Truths
    phone: "Phone | None" = None

    def web(self, most_streams: int = STREAMS_OF_ONE) -> "Flask":
        """The HTTP side."""
        extra = [web_part("dev").blueprint(self.phone)] if self.phone else []
        made: Flask = web_part("app").make_app(
            self.core,
            self.truths,
            trusted_proxies=self.settings.trusted_proxies,
            extra=extra,
            most_streams=most_streams,
            single_sign_on=self.settings.single_sign_on,
        )
        return made


def web_part(name: str) -> Any:
    """A part of the web, loaded where it is used: a courier answers nobody, and does without Flask."""
    return import_module(f"otp_service.web.{name}")


def build(settings: Settings, *, development_server: bool = False) -> Parts:
    """All parts; BadSettings where the settings, the ledger or Redis do not fit together."""
    logs.set_up(settings.log_level)
    if not settings.master_keys.get_secret_value():
        raise BadSettings("OTP_MASTER_KEYS: a key ring is needed: k1:$(openssl rand -base64 32)")
    ring = parse_ring(settings.master_keys.get_secret_value())
    file = provider_file(settings)
    engine = open_ledger(settings)
    refuse_missing_kids(engine, ring)
    truths = Truths(engine, LEDGER_UP.set)
    core = Core(
        link=connect(settings.redis_url, settings.redis_min_replicas),
        cells=settings.redis_cells,
        clustered=is_cluster(settings.redis_url),
        engine=engine,
        ring=ring,
        index_key=index_key(engine, ring),
        snapshot=truths,
        providers=build_all(file),
        provider_file=file,
        public_url=settings.public_url,
        production=settings.production,
        webhook_reach=Reach(networks(settings.webhook_allow), development=not settings.production),
        observe=Counting(),
    )
    truths.refresh()
    phone = web_part("dev").Phone() if development_server and not settings.production else None
    return Parts(settings, core, truths, phone)


def open_ledger(settings: Settings) -> Engine:
    """The ledger's engine; BadSettings unless its schema is this release's."""
    engine = reach_ledger(settings)
    try:
        revision.require_head(engine)
    except revision.NotMigrated as error:
        raise BadSettings(f"OTP_DATABASE_URL: {error}") from None
    return engine


def reach_ledger(settings: Settings) -> Engine:
    """The ledger's engine, whatever its schema; BadSettings unless the database answers."""
    try:
        engine = make_engine(settings.database_url.get_secret_value())
        engine.connect().close()
    except SQLAlchemyError as error:
        raise BadSettings(f"OTP_DATABASE_URL: the database can't be reached ({type(error).__name__})") from None
    except OSError as error:
        raise BadSettings(f"OTP_DATABASE_URL: {error.filename} can't be opened ({error.strerror})") from None
    except ValueError as error:
        raise BadSettings(f"OTP_DATABASE_URL: {error}") from None
    return engine


def refuse_missing_kids(engine: Engine, ring: KeyRing) -> None:
    """A ring that lacks a key still in use would turn stored values into noise: BadSettings."""
    with reading(engine) as connection:
        missing = missing_kids(connection, ring.kids)
    if missing:
        raise BadSettings(
            f"OTP_MASTER_KEYS: the ledger still holds values of the key {', '.join(missing)}: add it back"
        )


def index_key(engine: Engine, ring: KeyRing) -> bytes:
    """K_index: random, made once, kept in SQL under the ring."""
    sealed = ensure_index_key(
        engine, lambda: ring.seal(secrets.token_bytes(KEY_BYTES), INDEX_KEY, secrets.token_bytes(NONCE_BYTES))
    )
    try:
        return ring.open(sealed, INDEX_KEY)
    except UnknownKid as error:
        raise BadSettings(f"OTP_MASTER_KEYS: {error}") from None
    except ValueError:
        raise BadSettings(
            "OTP_MASTER_KEYS: a key has the right kid but the wrong bytes: the index key does not open"
        ) from None


def provider_file(settings: Settings) -> ProviderFile:
    """The configured providers, and the simulator for test keys."""
    file = ProviderFile()
    if settings.config is not None:
        try:
            text = settings.config.read_text()
        except OSError as error:
            raise BadSettings(f"OTP_CONFIG: {settings.config} can't be read: {error.strerror}") from None
        try:
            file = parse_provider_file(
                text, os.environ, examine, source=settings.config.name, read=_beside(settings.config)
            )
        except ValueError as error:
            raise BadSettings(f"OTP_CONFIG: the configuration file is wrong:\n{error}") from None
    return with_simulator(file, development=not settings.production)


def _beside(config: Path) -> Callable[[str], str]:
    """Reads the files that the configuration names, from where it lies."""
    return lambda path: (config.parent / path).read_text(encoding="utf-8")


def fix_store(parts: Parts) -> None:
    """Refuses a Redis that was started with another number of cells."""
    try:
        fix_cells(parts.core.link, parts.core.cells)
    except ValueError as error:
        raise BadSettings(f"OTP_REDIS_CELLS: {error}") from None


def application() -> "Flask":
    """The WSGI application of one worker of `otp-service serve`."""
    parts = build(read_settings())
    parts.truths.keep()
    # A stream that is held open takes a thread: three of four are for everybody else.
    web = parts.web(int(os.environ.get(WEB_THREADS, "4")) // 4)
    # What is loaded by now stays: a full collection that looks at it again stops every thread for 50 to 100 ms.
    gc.collect()
    gc.freeze()
    return web
