"""A whole service on a Redis Cluster."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from otp_service.settings import Settings
from tests.cluster.nodes import Cluster, cluster
from tests.world import development

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
    return development(nodes.url, migrated, tmp_path, redis_cells=CELLS)
