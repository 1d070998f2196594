"""Webhooks: when a delivery is tried again, and when its endpoint is given up."""

MINUTE_S, HOUR_S, DAY_S = 60, 3600, 86_400

# After each try that failed, how long until the next: Standard Webhooks, "Deliverability and reliability".
SCHEDULE_S = (
    5,
    5 * MINUTE_S,
    30 * MINUTE_S,
    2 * HOUR_S,
    5 * HOUR_S,
    10 * HOUR_S,
    14 * HOUR_S,
    20 * HOUR_S,
    24 * HOUR_S,
)
JITTER = 0.1  # of each pause, more or less, lest all that failed together come back together
DISABLED_AFTER_S = 5 * DAY_S
OVERLAP_S = DAY_S  # for which a secret that was rotated out still signs
GONE = 410


def pause_ms(tries: int, chance: float) -> int | None:
    """How long to wait after so many tries that failed; None when it is over. `chance` is from [0, 1)."""
    if tries > len(SCHEDULE_S):
        return None
    return int(SCHEDULE_S[tries - 1] * 1000 * (1 + JITTER * (2 * chance - 1)))


def is_delivered(status: int) -> bool:
    """Whether this answer takes the delivery."""
    return 200 <= status < 300
