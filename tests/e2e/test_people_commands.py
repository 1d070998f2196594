"""`people`, as it is typed at an installation."""

import json
from collections.abc import Iterator

import pytest

from tests.e2e.loaded import Loaded
from tests.e2e.operating import Operator, operating
from tests.world import NUMBER


@pytest.fixture
def operator(commands: Loaded) -> Iterator[Operator]:
    """An installation with one application."""
    with operating(commands) as made:
        made.reads("migrate")
        made.reads("apps", "create", "shop", "--countries", "CH")
        yield made


def test_what_is_known_is_printed(operator: Operator) -> None:
    """`people export` prints JSON, and that somebody looked is in the audit."""
    told = json.loads(operator.reads("people", "export", NUMBER))
    assert told == {"to": NUMBER, "country": None, "items": []}
    (entry,) = operator.gets("audit", "list", "--act", "person.read")
    assert (entry["actor"], entry["after"]) == ("cli", {"items": 0})


def test_forgetting_asks_first(operator: Operator) -> None:
    """`people erase` does nothing until it is confirmed, and may be repeated."""
    assert operator.types("people", "erase", NUMBER).returncode == 1
    assert operator.reads("people", "erase", NUMBER, "--yes") == "Forgotten: 0 codes, 0 messages.\n"
    assert operator.gets("people", "erase", NUMBER, "--yes")["complete"]


def test_what_is_no_number_is_refused(operator: Operator) -> None:
    """A number that is none is refused by its field, without being repeated."""
    assert "nobody" not in operator.is_told("people", "export", "nobody")
