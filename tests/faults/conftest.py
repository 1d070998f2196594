"""What the fault tests share."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.shop import Shop, shop_in_production


@pytest.fixture(scope="module")
def shop(migrated: Path) -> Iterator[Shop]:
    """Two web processes and a courier for the tests of one file."""
    with shop_in_production(migrated) as shop:
        yield shop
