"""What the options of several vendors are made of."""

import re
from typing import Annotated

from pydantic import AfterValidator, Field, SecretStr

from otp_service.providers.base import matching
from otp_service.providers.sender_forms import ASCII


def _fits_a_header(secret: SecretStr) -> SecretStr:
    if not re.fullmatch(r"[!-~]+", secret.get_secret_value()):
        raise ValueError("must be visible ASCII without spaces")
    return secret


HeaderSecret = Annotated[SecretStr, AfterValidator(_fits_a_header)]
HeaderName = Annotated[str, matching(r"[A-Za-z0-9-]{1,64}", "letters, digits and - only")]
BaseUrl = Annotated[str, matching(r"https?://[^/?#@\s]+", "a URL without a path")]

Secret = Annotated[SecretStr, Field(min_length=1)]
Uuid = Annotated[
    str, matching(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}", "a UUID, as the console shows it")
]
Sender = Annotated[str, matching(ASCII, "a number, or a name of at most 11 characters of ASCII")]
