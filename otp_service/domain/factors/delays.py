"""What wrong codes cost a user, counted over all their factors: free tries, then growing delays, then the end.

NIST SP 800-63B-4, section 3.2.2, ends at 100 wrong codes in a row. With 4 codes of a million taken at any time, whoever
guesses all of them gets in with 1 in 2,500; at the most, against ten tokens with ten codes each, with 1 in 100.
"""

FREE = 5  # the sixth try in a row waits
FIRST_S = 5
MOST_S = 3600
ALARM_AT = 50
MOST_FAILURES = 100


def delay_s(failures: int) -> int:
    """How long the next try waits after so many wrong codes in a row."""
    return min(MOST_S, FIRST_S << min(failures - FREE, 20)) if failures >= FREE else 0


def left(failures: int) -> int:
    """How many wrong codes in a row are left until the user is disabled."""
    return max(0, MOST_FAILURES - failures)
