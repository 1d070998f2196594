"""Templates as the console shows them: what a draft would say on a phone, in which segments and for how much."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from otp_service.domain.templates.lint import Finding
from otp_service.domain.templates.slots import OURS, read_body
from otp_service.domain.templates.template import BUILT_IN, Template
from otp_service.domain.text.size import Measure
from otp_service.ledger.applications import Application
from otp_service.ledger.pages import Saved
from otp_service.service.admin import applications, previews, templates
from otp_service.service.admin.previews import Wanted
from otp_service.service.core import Core

MOST = 100
MOST_PRICES = 12
# What stands in a slot that a caller fills in, by its name and then by its type.
SAMPLES: Mapping[str, str] = {
    **{"amount": "49.90 CHF", "payee": "Example Ltd", "name": "Ana", "date": "22.11.2026", "time": "09:30"},
    **{"number": "42", "digits": "4711", "word": "example", "text": "an example"},
}
COMMON = ("CH", "DE", "FR", "GB", "US", "IN", "BR", "NG")  # whose price is shown where a policy names no country


@dataclass(frozen=True, slots=True)
class Shown:
    """A draft as a person would get it; `prices` are of the whole text by country, in millionths of a dollar."""

    text: str
    parts: Sequence[str]
    size: Measure
    findings: Sequence[Finding]
    prices: Sequence[tuple[str, int]]
    samples: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class OfApplication:
    """An application and its templates in force."""

    application: Application
    templates: Sequence[Saved]


def listed(core: Core, only: str | None = None) -> list[OfApplication]:
    """The templates in force of one application, or of each."""
    wanted = [applications.get(core, only)] if only else applications.listed(core)
    return [OfApplication(each, templates.page(core, each.id, MOST).items) for each in wanted]


def built_in() -> list[Template]:
    """The texts that come with the service, by name and locale."""
    return [BUILT_IN[key] for key in sorted(BUILT_IN)]


def shown(core: Core, wanted: Wanted) -> Shown:
    """What a draft comes to; Refusal invalid_field for one that can't be used."""
    samples = samples_of(wanted.body or "")
    found = previews.preview(core, replace(wanted, variables=samples))
    application = applications.get(core, wanted.application)
    return Shown(
        found.text, found.parts, found.size, found.findings, prices(core, application, len(found.parts)), samples
    )


def samples_of(body: str) -> dict[str, str]:
    """What is shown in the slots that callers fill in."""
    found = read_body(body)
    theirs = ((name, type_) for name, type_ in zip(found.slots, found.types, strict=True) if name not in OURS)
    return {name: SAMPLES.get(name) or SAMPLES.get(type_, SAMPLES["text"]) for name, type_ in theirs}


def prices(core: Core, application: Application, segments: int) -> list[tuple[str, int]]:
    """What so many segments cost in the countries that the policy names, else in some common ones; dearest first."""
    policy, routing = application.policy, core.routing()
    named = COMMON if isinstance(policy.countries, str) else policy.countries
    found = [(each, segments * routing.charge_micros(each, "", policy.price_micros)) for each in dict.fromkeys(named)]
    return sorted(found, key=lambda each: (-each[1], each[0]))[:MOST_PRICES]


def begun(name: str, locale: str) -> str | None:
    """The built-in text that an own one would stand for."""
    found = BUILT_IN.get((name, locale))
    return found.body if found else None
