"""Thresholds as a family: the same brake, stricter or laxer by one factor."""

from otp_service.domain.fraud.thresholds import Thresholds

FACTORS = (0.25, 0.5, 0.75, 1.0, 1.5, 2.0, 4.0)
_ROOM = ("_weak", "_strong", "_pressed", "_may_owe", "_refill_per_day")


def stricter(thresholds: Thresholds, factor: float) -> Thresholds:
    """Thresholds under which every scope may owe a `factor`-th; 2 is twice as strict."""
    room = {
        name: value / factor
        for name, value in thresholds
        if name == "alarm" or (name.endswith(_ROOM) and name != "run_weak")
    }
    return thresholds.model_copy(update=room)
