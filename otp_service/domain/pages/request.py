"""The body of POST /v1/pages."""

from typing import Annotated, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from otp_service.domain.factors.requests import FactorId, Remember, Shown
from otp_service.domain.requests import Binding, Body, Client, Locale, User

Kind = Literal["code", "enrol", "confirm", "check"]
Colour = Annotated[str, StringConstraints(pattern=r"^#[0-9a-f]{6}$")]
Url = Annotated[str, StringConstraints(min_length=1, max_length=500)]
State = Annotated[str, StringConstraints(pattern=r"^[!-~]{1,256}$")]
Proof = Annotated[str, StringConstraints(max_length=1500)]  # it travels in the link
Id = Annotated[str, StringConstraints(min_length=1, max_length=128)]


class Theme(Body):
    """How a page looks: the product's colour and picture, in light, dark, or as the person's device has it."""

    accent: Colour | None = None
    accent_dark: Colour | None = None
    logo: Annotated[str, StringConstraints(min_length=1, max_length=300)] | None = None
    scheme: Literal["auto", "light", "dark"] = "auto"


class PageRequest(Body):
    """The body of POST /v1/pages: what the page is for, and where it leads back to."""

    kind: Kind
    verification: Id | None = None
    user: User | None = None
    binding: Binding = Field(default_factory=dict)
    client: Client = Client()
    type: Literal["totp", "recovery_codes"] | None = None  # None: an authenticator app
    factor: FactorId | None = None
    label: Shown | None = None
    issuer: Shown | None = None
    step_up: Proof | None = None
    remember: Remember | None = None
    return_url: Url
    state: State | None = None
    locale: Locale | None = None
    theme: Theme = Theme()
    embed: bool = False

    @model_validator(mode="after")
    def _names_whom(self) -> Self:
        if self.kind == "code" and self.verification is None:
            raise ValueError("a page of the kind code needs the id of a verification")
        if self.kind != "code" and (self.user is None or self.verification is not None):
            raise ValueError("pages of the kinds enrol, confirm and check need a user, and no verification")
        if (self.kind == "confirm") != (self.factor is not None):
            raise ValueError("pages of the kind confirm, and no others, need the id of a factor")
        if self.kind != "enrol" and self.type is not None:
            raise ValueError("pages of the kind enrol alone have a type")
        if self.kind != "check" and self.remember is not None:
            raise ValueError("pages of the kind check alone remember a device")
        return self
