"""Thresholds: the guide tells each of them, with its default."""

import json
import re
from pathlib import Path

import pytest
from pydantic import ValidationError

from otp_service.domain.fraud.thresholds import Thresholds

GUIDE = Path(__file__).parents[3] / "docs" / "fraud.md"


def test_the_guide_tells_every_threshold_with_its_default() -> None:
    """The table in the guide to the brake has the code's names and defaults, in its order."""
    rows = re.findall(r"^\| `(\w+)` \| ([\d.]+) \|", GUIDE.read_text(), re.MULTILINE)
    assert [(name, json.loads(value)) for name, value in rows] == [
        (name, field.default) for name, field in Thresholds.model_fields.items()
    ]


@pytest.mark.parametrize(
    "wrong", [{"alarm": -1}, {"least_conversion": 0}, {"probe_share": 2}, {"answer_s": 1.5}, {"moon": 1}]
)
def test_thresholds_that_make_no_sense_are_refused(wrong: dict[str, float]) -> None:
    """Each has its bounds, and unknown ones are refused."""
    with pytest.raises(ValidationError):
        Thresholds.model_validate(wrong)
