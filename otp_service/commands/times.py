"""Times that commands are given."""

from otp_service.domain.errors import invalid_field
from otp_service.domain.times import milliseconds


def time_ms(field: str, text: str | None) -> int | None:
    """A time of RFC 3339 in milliseconds, None for none; Refusal `invalid_field` for anything else."""
    try:
        return None if text is None else milliseconds(text)
    except ValueError:
        raise invalid_field(field, "write it as 2027-01-01T00:00:00Z") from None
