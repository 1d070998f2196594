"""Every spec of the ledger runs on SQLite and on PostgreSQL, each test on a migrated database of its own."""

from collections.abc import Iterator

import pytest
from sqlalchemy import Engine

from otp_service.domain.policy import Policy
from otp_service.ledger import applications
from otp_service.ledger.applications import Application
from otp_service.ledger.changes import change
from otp_service.ledger.engine import make_engine
from tests.ledger.databases import MakeUrl
from tests.ledger.telling import AUDIT_KEY, NOW


@pytest.fixture
def engine(new_url: MakeUrl) -> Iterator[Engine]:
    """The engine of a migrated, empty ledger."""
    made = make_engine(new_url(True))
    yield made
    made.dispose()


@pytest.fixture
def empty_engine(new_url: MakeUrl) -> Iterator[Engine]:
    """The engine of a database without tables."""
    made = make_engine(new_url(False))
    yield made
    made.dispose()


@pytest.fixture
def app(engine: Engine) -> Application:
    """An application with the default policy."""
    with change(engine, AUDIT_KEY, "cli", NOW) as opened:
        return applications.create(opened, "shop", Policy())
