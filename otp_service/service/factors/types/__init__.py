"""The types of factors, by name; a new one is one file here and one line below."""

from otp_service.service.factors.types import hotp, recovery_codes, totp
from otp_service.service.factors.types.base import FactorType

TYPES: dict[str, FactorType] = {"totp": totp, "hotp": hotp, "recovery_codes": recovery_codes}
