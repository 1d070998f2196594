"""The bodies of the factor endpoints, strictly typed."""

from typing import Annotated, Literal, Self

from pydantic import Field, StringConstraints, field_validator, model_validator

from otp_service.domain.factors.recovery import normal
from otp_service.domain.requests import Body, User

FactorId = Annotated[str, StringConstraints(min_length=1, max_length=64)]
Proof = Annotated[str, StringConstraints(max_length=4096)]
# What an app shows beside the code; the colon parts issuer and label in the URI that apps read.
Shown = Annotated[str, StringConstraints(min_length=1, max_length=64, pattern=r"^[^\x00-\x1f\x7f-\x9f:]+$")]
DeviceId = Annotated[str, StringConstraints(min_length=1, max_length=128)]
DeviceLabel = Annotated[str, StringConstraints(min_length=1, max_length=64, pattern=r"^[^\x00-\x1f\x7f-\x9f]+$")]
AppCode = Annotated[str, StringConstraints(pattern=r"^[0-9]{6,8}$")]  # ASCII: other digits are no digits here


class EnrolRequest(Body):
    """The body of POST /v1/factors: a new factor of a user."""

    user: User
    type: Literal["totp", "hotp", "recovery_codes"]
    issuer: Shown | None = None  # None: the application's name
    label: Shown | None = None  # None: the user
    algorithm: Literal["SHA1", "SHA256", "SHA512"] = "SHA1"
    digits: Literal[6, 8] = 6
    period_s: Literal[30, 60] = 30
    step_up: Proof | None = None


class ConfirmRequest(Body):
    """The body of POST /v1/factors/{id}/confirm: a first right code."""

    code: AppCode


class ResyncRequest(Body):
    """The body of POST /v1/factors/{id}/resync: two codes that the device showed one after the other."""

    codes: Annotated[list[AppCode], Field(min_length=2, max_length=2)]


class Remember(Body):
    """A device to be remembered, by the name that the application gives it."""

    device_id: DeviceId
    label: DeviceLabel | None = None  # what its owner knows it by


class RememberRequest(Remember):
    """The body of POST /v1/users/{user}/devices: a device, and a fresh proof or a page's result in place of a code."""

    proof: Proof | None = None
    result: Annotated[str, StringConstraints(max_length=8192)] | None = None

    @model_validator(mode="after")
    def _by_one_word(self) -> Self:
        if (self.proof is None) == (self.result is None):
            raise ValueError("give either proof or result")
        return self


class DeviceCheckRequest(Body):
    """The body of POST /v1/users/{user}/devices/check: what a device shows."""

    device_id: DeviceId
    token: Annotated[str, StringConstraints(max_length=256)]


class FactorCheckRequest(Body):
    """The body of POST /v1/factors/check: a code for a user, whichever of their factors it is of, or for one factor."""

    user: User | None = None
    factor: FactorId | None = None
    code: Annotated[str, StringConstraints(max_length=32)]
    remember: Remember | None = None

    @field_validator("code")
    @classmethod
    def _looks_like_one(cls, code: str) -> str:
        if not (code.isascii() and code.isdigit() and 6 <= len(code) <= 8) and normal(code) is None:
            raise ValueError("must be 6 to 8 digits, or a recovery code of 16 letters and digits")
        return code

    @model_validator(mode="after")
    def _by_one_name(self) -> Self:
        if (self.user is None) == (self.factor is None):
            raise ValueError("give either user or factor")
        return self
