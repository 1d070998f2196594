"""What end-to-end tests share."""

from collections.abc import Iterator

import pytest

from tests.e2e.loaded import Loaded, loaded


@pytest.fixture(scope="session")
def commands() -> Iterator[Loaded]:
    """The commands of otp-service, loaded once for this test process."""
    with loaded() as made:
        yield made
