"""Phone numbers: one parse gives the E.164 form, the country, the line type and the prefix."""

import re
from dataclasses import dataclass
from functools import lru_cache

import phonenumbers
from phonenumbers import NumberParseException, PhoneNumber, PhoneNumberType

from otp_service.domain.errors import invalid_field

_E164 = re.compile(r"\+([1-9][0-9]{6,14})", re.ASCII)
_LIKE_A_NUMBER = re.compile(r"\+?[0-9 ().\-/]{3,32}", re.ASCII)
_HINT = "write it in E.164 form, for instance +41791234567"

LINE_TYPES = {
    PhoneNumberType.FIXED_LINE: "fixed_line",
    PhoneNumberType.MOBILE: "mobile",
    PhoneNumberType.FIXED_LINE_OR_MOBILE: "mobile",
    PhoneNumberType.TOLL_FREE: "toll_free",
    PhoneNumberType.PREMIUM_RATE: "premium_rate",
    PhoneNumberType.SHARED_COST: "shared_cost",
    PhoneNumberType.VOIP: "voip",
    PhoneNumberType.PERSONAL_NUMBER: "personal_number",
    PhoneNumberType.PAGER: "pager",
    PhoneNumberType.UAN: "uan",
    PhoneNumberType.VOICEMAIL: "voicemail",
}


@dataclass(frozen=True, slots=True)
class Number:
    """A valid phone number; `prefix` is the number without its last 4 digits."""

    e164: str
    country: str
    line_type: str

    @property
    def prefix(self) -> str:
        return self.e164[:-4]


@lru_cache(maxsize=4096)
def parse_number(text: str, default_region: str | None = None) -> Number:
    """The number that was meant, spaces and dashes allowed; Refusal invalid_field `to` for anything else."""
    strict = _E164.fullmatch(text)
    quick = _from_e164(strict[1]) if strict else None
    parsed = quick or _from_text(text, default_region)
    kind = phonenumbers.number_type(parsed)
    if kind == PhoneNumberType.UNKNOWN:
        raise invalid_field("to", f"no such phone number exists; {_HINT}")
    region = phonenumbers.region_code_for_number(parsed) or phonenumbers.REGION_CODE_FOR_NON_GEO_ENTITY
    line_type = "non_geographic" if region == phonenumbers.REGION_CODE_FOR_NON_GEO_ENTITY else LINE_TYPES[kind]
    e164 = text if quick else phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)
    return Number(e164, region, line_type)


def _from_e164(digits: str) -> PhoneNumber | None:
    """Strict E.164 without the general parser, which costs four times as much; None where it must judge."""
    for length in (1, 2, 3):
        code = int(digits[:length])
        if code in phonenumbers.COUNTRY_CODE_TO_REGION_CODE:
            rest = digits[length:]
            return PhoneNumber(country_code=code, national_number=int(rest)) if rest and rest[0] != "0" else None
    return None


def _from_text(text: str, default_region: str | None) -> PhoneNumber:
    if not _LIKE_A_NUMBER.fullmatch(text.strip()):
        raise invalid_field("to", f"this is not a phone number; {_HINT}")
    try:
        return phonenumbers.parse(text, default_region)
    except NumberParseException as error:
        national = error.error_type == NumberParseException.INVALID_COUNTRY_CODE and not text.strip().startswith("+")
        why = "a national number needs the application's default_region" if national else "this is not a phone number"
        raise invalid_field("to", f"{why}; {_HINT}") from None


def mask(e164: str) -> str:
    """A number fit for people's eyes: `+4179•••4567`."""
    return f"{e164[:5]}•••{e164[-4:]}" if len(e164) > 9 else "•••"
