"""`otp-service webhooks`, as an operator types it."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.loaded import Loaded
from tests.e2e.operating import Operator, operating


@pytest.fixture(scope="module")
def shop(migrated: Path, commands: Loaded) -> Iterator[Operator]:
    """An installation with the application `Shop`, and nothing running."""
    with operating(commands) as operator:
        shutil.copy(migrated, operator.made.folder / "otp.db")
        operator.reads("apps", "create", "Shop", "--countries", "CH,DE")
        yield operator


def test_a_webhook_from_first_to_last(shop: Operator) -> None:
    """A webhook is added, listed, tested, shown, rotated, disabled, enabled, replayed and removed."""
    made = shop.gets("webhooks", "add", "https://shop.example/in", "--application", "Shop", "--types", "message.*")
    id, secret = made["id"], made["secret"]
    assert secret.startswith("whsec_")
    assert [each["id"] for each in shop.gets("webhooks", "list", "--application", "Shop")] == [id]
    assert shop.gets("webhooks", "test", id)["event"].startswith("evt_")
    (delivery,) = shop.gets("webhooks", "show", id)["deliveries"]
    assert (delivery["type"], delivery["status"]) == ("webhook.test", "pending")
    assert shop.gets("webhooks", "rotate", id, "--overlap-s", "60")["secret"] != secret
    shop.gets("webhooks", "disable", id)
    assert shop.gets("webhooks", "show", id)["disabled_reason"] == "admin"
    shop.gets("webhooks", "enable", id)
    assert shop.gets("webhooks", "replay", id, "--from", "2020-01-01T00:00:00Z") == {"deliveries": 0}
    assert shop.gets("webhooks", "replay", id, "--event", delivery["event"]) == {"deliveries": 1}
    shop.gets("webhooks", "remove", id)
    assert shop.gets("webhooks", "list") == []
