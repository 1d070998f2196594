"""What Redis is asked about itself."""

import pytest

from otp_service.store.connect import connect
from otp_service.store.health import examine, fix_cells
from tests.servers import RedisServer, redis_server


@pytest.mark.parametrize(
    ("options", "persistence"),
    [((), "none"), (("--appendonly", "yes"), "aof")],
    ids=["nothing kept", "append-only file"],
)
def test_persistence_is_told_as_it_is(options: tuple[str, ...], persistence: str) -> None:
    """A server that never saved is not taken for one that does, although its last save looks fine in INFO."""
    with redis_server(*options) as server:
        assert examine(connect(server.url)).persistence == persistence


def test_a_saved_snapshot_is_seen() -> None:
    """A server without an append-only file that has saved a snapshot keeps that much."""
    with redis_server() as server, server.client() as client:
        client.save()
        assert examine(connect(server.url)).persistence == "rdb"


def test_the_number_of_cells_is_fixed_at_the_first_start(redis: RedisServer) -> None:
    """Another number of cells would look for every verification in the wrong place: it is refused."""
    link = connect(redis.url)
    fix_cells(link, 8)
    fix_cells(link, 8)
    with pytest.raises(ValueError, match="OTP_REDIS_CELLS=8, not 1"):
        fix_cells(link, 1)
