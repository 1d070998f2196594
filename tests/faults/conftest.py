"""What the fault tests share."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.shop import Shop, shop_in_production


@pytest.fixture
def shop(migrated: Path) -> Iterator[Shop]:
    """Two web processes and a courier that nothing has happened to yet."""
    with shop_in_production(migrated) as shop:
        yield shop
