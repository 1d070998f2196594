"""What a visit of a page asks."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from otp_service.domain.pages.page import Page
from otp_service.domain.pages.typed import as_code
from otp_service.service.pages.links import Visit

_FORM = re.compile(r"[A-Za-z0-9_-]{8,32}")


@dataclass(frozen=True, slots=True)
class Asked:
    """Whose page it is, what its form told, and a fresh name for the form that it is answered with."""

    visit: Visit
    told: Mapping[str, str]
    fresh: str

    @property
    def page(self) -> Page:
        """The page."""
        return self.visit.page

    @property
    def form(self) -> str:
        """By what the form knows itself when it is sent twice."""
        named = self.told.get("form", "")
        return named if _FORM.fullmatch(named) else self.fresh

    @property
    def code(self) -> str:
        """The code that was typed, as it was meant."""
        return as_code(self.told.get("code", ""))
