"""Ids of what admins make: a type prefix and 128 random bits."""

import secrets

from otp_service.domain.keys import b64


def new_id(prefix: str) -> str:
    """A fresh id such as `app_...`."""
    return f"{prefix}_{b64(secrets.token_bytes(16))}"
