"""A whole service on a Redis Cluster."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from otp_service.settings import Settings
from tests.cluster.nodes import Cluster, cluster
from tests.world import MASTER_KEYS

CELLS = 8


@pytest.fixture(scope="session")
def shared_cluster() -> Iterator[Cluster]:
    """The Redis Cluster of this test process."""
    with cluster() as running:
        yield running


@pytest.fixture
def nodes(shared_cluster: Cluster) -> Cluster:
    """An empty Redis Cluster."""
    shared_cluster.empty()
    return shared_cluster


@pytest.fixture
def settings(nodes: Cluster, migrated: Path, tmp_path: Path) -> Settings:
    """Settings of a development service on an empty Redis Cluster and an empty ledger."""
    shutil.copy(migrated, tmp_path / "otp.db")
    return Settings(
        _env_file=None,
        env="development",
        redis_url=nodes.url,
        redis_cells=CELLS,
        database_url=f"sqlite:///{tmp_path}/otp.db",
        master_keys=MASTER_KEYS,
        public_url="https://otp.example",
        log_level="error",
    )
