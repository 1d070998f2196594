"""What wrong codes cost."""

from otp_service.domain.factors import delays


def test_delays_grow_from_the_fifth_failure_to_an_hour() -> None:
    """Four wrong codes are free, then each doubles the wait, up to an hour."""
    assert [delays.delay_s(failures) for failures in range(8)] == [0, 0, 0, 0, 0, 5, 10, 20]
    assert delays.delay_s(15) == delays.delay_s(99) == 3600


def test_to_try_a_hundred_codes_takes_days() -> None:
    """All the tries that a user has take more than three days."""
    assert sum(delays.delay_s(failures) for failures in range(delays.MOST_FAILURES)) > 3 * 86_400


def test_what_is_left_ends_at_nothing() -> None:
    """A hundred failures leave no try."""
    assert [delays.left(failures) for failures in (0, 99, 100, 101)] == [100, 1, 0, 0]
