"""An application's policy: every field with its bounds; one that makes no sense is refused by its name."""

from typing import Annotated, Literal, Self

import phonenumbers
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, field_validator, model_validator

from otp_service.domain.codes import LENGTHS
from otp_service.domain.fraud.thresholds import Thresholds
from otp_service.domain.limits import parse_limits

LINE_TYPES = (
    "premium_rate",
    "shared_cost",
    "toll_free",
    "personal_number",
    "pager",
    "uan",
    "voicemail",
    "non_geographic",
)
DAY_S = 86_400
HOST = r"^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)+$"
ReturnHost = Annotated[str, StringConstraints(max_length=120, pattern=HOST.replace("$", "(:[0-9]{1,5})?$"))]


class LimitsPolicy(BaseModel):
    """Limits by scope in the grammar of the `limits` library; an empty string means no limit."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    to: str = "5 per 10 minutes; 20 per day"
    ip: str = "20 per hour"
    application: str = ""
    prefix: str = ""
    network: str = ""
    device: str = "10 per hour"
    user: str = "10 per hour"

    @field_validator("to", "ip", "application", "prefix", "network", "device", "user")
    @classmethod
    def _parses(cls, text: str) -> str:
        parse_limits(text)
        return text


class Policy(BaseModel):
    """How an application's codes are made, limited and kept; durations in seconds, money in millionths of a dollar."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    code_length: Annotated[int, Field(ge=5, le=10)] = 6
    code_alphabet: Literal["digits", "letters", "mixed"] = "digits"
    allow_custom_code: bool = False
    ttl_s: Annotated[int, Field(ge=30, le=600)] = 600
    max_attempts: Annotated[int, Field(ge=1, le=10)] = 5
    hard_lock_after: Annotated[int, Field(ge=10, le=100)] = 100
    max_sends: Annotated[int, Field(ge=1, le=20)] = 5
    resend_after_s: Annotated[int, Field(ge=0, le=600)] = 30
    channels: Annotated[list[Literal["sms"]], Field(min_length=1)] = ["sms"]
    default_region: str | None = None
    sender: Annotated[str | None, Field(max_length=32)] = None
    webotp_host: Annotated[str | None, Field(max_length=120, pattern=HOST)] = None
    android_app_hash: Annotated[str | None, Field(pattern=r"^[A-Za-z0-9+/]{11}$")] = None
    limits: LimitsPolicy = LimitsPolicy()
    message_limits: str = ""
    countries: list[str] | Literal["*"] = "*"
    blocked_line_types: list[str] = list(LINE_TYPES)
    spend_per_day_micros: Annotated[int | None, Field(ge=0, le=10**12)] = 100_000_000
    spend_per_country_per_day_micros: Annotated[int | None, Field(ge=0, le=10**12)] = 25_000_000
    price_micros: dict[str, Annotated[int, Field(ge=0, le=10**9)]] = {}
    fraud: Literal["enforce", "shadow", "off"] = "enforce"
    thresholds: Thresholds = Thresholds()
    challenge: Literal["altcha", "turnstile", "hcaptcha", "recaptcha", "none"] = "altcha"
    challenge_difficulty: Annotated[int, Field(ge=1_000, le=10_000_000)] = 200_000
    min_assurance: Literal["sms", "totp", "webauthn"] = "sms"
    proof: bool = False
    proof_phone_number: bool = False
    return_hosts: Annotated[list[ReturnHost], Field(max_length=20)] = []
    step_up: Annotated[list[Literal["enrol", "remove"]], Field(max_length=2)] = []
    totp_steps_back: Annotated[int, Field(ge=0, le=1)] = 1
    trust_device_s: Annotated[int, Field(ge=0, le=365 * DAY_S)] = 30 * DAY_S
    retain_number_s: Annotated[int, Field(ge=0, le=3650 * DAY_S)] = DAY_S
    retain_history_s: Annotated[int, Field(ge=DAY_S, le=3650 * DAY_S)] = 30 * DAY_S
    retain_events_s: Annotated[int, Field(ge=0, le=90 * DAY_S)] = 3 * DAY_S

    @field_validator("message_limits")
    @classmethod
    def _limits_parse(cls, text: str) -> str:
        parse_limits(text)
        return text

    @field_validator("countries")
    @classmethod
    def _countries_exist(cls, countries: list[str] | str) -> list[str] | str:
        if isinstance(countries, list):
            _known_regions(countries)
        return countries

    @field_validator("price_micros")
    @classmethod
    def _priced_countries_exist(cls, prices: dict[str, int]) -> dict[str, int]:
        _known_regions(list(prices))
        return prices

    @field_validator("default_region")
    @classmethod
    def _region_exists(cls, region: str | None) -> str | None:
        if region is not None:
            _known_regions([region])
        return region

    @field_validator("blocked_line_types")
    @classmethod
    def _line_types_exist(cls, types: list[str]) -> list[str]:
        for place, line_type in enumerate(types, 1):
            if line_type not in LINE_TYPES:
                raise ValueError(f"unknown line type in place {place}; known are {', '.join(LINE_TYPES)}")
        return types

    @model_validator(mode="after")
    def _length_fits_alphabet(self) -> Self:
        low, high = LENGTHS[self.code_alphabet]
        if not low <= self.code_length <= high:
            raise ValueError(f"code_length must be {low} to {high} for code_alphabet {self.code_alphabet}")
        return self

    @model_validator(mode="after")
    def _step_up_can_be_proven(self) -> Self:
        if self.step_up and not self.proof:
            raise ValueError("step_up asks for the proof of a verification: it needs proof true")
        if self.step_up and self.min_assurance != "sms":
            raise ValueError(
                "step_up asks for a code by message, which min_assurance forbids: it needs min_assurance sms"
            )
        return self


def _known_regions(regions: list[str]) -> None:
    # A refusal never repeats what was sent, so the place is told.
    for place, region in enumerate(regions, 1):
        if region not in phonenumbers.SUPPORTED_REGIONS:
            raise ValueError(f"unknown country in place {place}; use ISO 3166 codes such as CH")


# In development nothing real is spent: look before you refuse.
DEVELOPMENT = Policy(spend_per_day_micros=None, spend_per_country_per_day_micros=None, fraud="shadow")
