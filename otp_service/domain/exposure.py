"""The most that an hour can cost under a policy: what the operator may lose to the worst attack before a rule stops it.

It is a bound, not a forecast: every message to the dearest allowed country, each as long as a template lets it become,
and every one of its copies billed. A start is charged for one copy; the others go out while no provider answers
(routing.py). Counted is what the price table says; a provider that takes more comes on top.
"""

from collections.abc import Iterable, Iterator, Mapping

import phonenumbers

from otp_service.domain.limits import Limit, parse_limits
from otp_service.domain.policy import Policy
from otp_service.domain.prices import price_micros
from otp_service.domain.routes.rules import Candidate
from otp_service.domain.routing import REPEATS
from otp_service.domain.templates.slots import MAX_VARIABLE, read_body
from otp_service.domain.templates.template import Template

HOUR_MS = 3_600_000
MOST_MINUTES = 2  # characters: a code lives ten minutes at most
EVERYWHERE = (*sorted(phonenumbers.SUPPORTED_REGIONS), phonenumbers.REGION_CODE_FOR_NON_GEO_ENTITY)

# Of a segment's 67 units one may stay empty, since a pair is not cut in two (text.py).
ALONE, SHARED = 70, 66


def most_per_hour_micros(policy: Policy, prices: Mapping[str, int], segments: int, copies: int = 1) -> int | None:
    """The most that any hour can cost in millionths of a US dollar; None if nothing bounds it.

    `prices` stands over the built-in table and under the policy's own; `segments` is what the longest message takes;
    `copies` is how often a message that was charged once may go out.
    """
    charged = {country: price_micros(country, {**prices, **policy.price_micros}) for country in _countries(policy)}
    dearest = max(charged.values(), default=0)
    if dearest == 0:
        return 0
    charged_at_most = min(_bounds(policy, charged, dearest * segments), default=None)
    return None if charged_at_most is None else charged_at_most * copies


def most_copies(known: Iterable[Candidate], policy: Policy) -> int:
    """How often one code may go out at most: by each provider that serves its country, and REPEATS times more."""
    live = [candidate.countries for candidate in known if candidate.enabled and not candidate.test_only]
    served = (sum(1 for own in live if own is None or country in own) for country in _countries(policy))
    return max(served, default=0) + REPEATS


def most_in(limit: Limit, span_ms: int) -> int:
    """The most that a limit lets through in any span: its periods cover the span, each with at most the amount."""
    return -(-span_ms // limit.period_ms) * limit.amount


def most_segments(templates: Iterable[Template], app_name: str, policy: Policy) -> int:
    """The most segments that a code can take with these templates, whatever its variables."""
    bodies = [template.body for template in templates if template.kind == "verification"]
    return max(_segments(_units(body, app_name, policy)) for body in bodies)


def _bounds(policy: Policy, charged: Mapping[str, int], dearest_message: int) -> Iterator[int]:
    """Whatever holds on its own; a ceiling of a day may be used up within one hour of it."""
    if policy.spend_per_day_micros is not None:
        yield policy.spend_per_day_micros
    if policy.spend_per_country_per_day_micros is not None:
        yield policy.spend_per_country_per_day_micros * sum(1 for price in charged.values() if price)
    for limit in parse_limits(policy.limits.application):
        yield most_in(limit, HOUR_MS) * dearest_message


def _countries(policy: Policy) -> Iterable[str]:
    return EVERYWHERE if policy.countries == "*" else set(policy.countries)


def _units(body: str, app_name: str, policy: Policy) -> int:
    known = {"code": policy.code_length, "minutes": MOST_MINUTES, "app": _width(app_name)}
    pieces = read_body(body).pieces
    slots = sum(known.get(slot, 2 * MAX_VARIABLE) for slot in pieces[1::2])
    return sum(map(_width, pieces[::2])) + slots + _last_line(policy)


def _last_line(policy: Policy) -> int:
    host = len(f"\n@{policy.webotp_host} #") + policy.code_length if policy.webotp_host else 0
    return host + (len(f" {policy.android_app_hash}") if policy.android_app_hash else 0)


def _width(text: str) -> int:
    """Units of UCS-2; each outweighs two septets of GSM 7-bit, and an ellipsis may become three full stops."""
    return sum(2 if character == "…" or ord(character) > 0xFFFF else 1 for character in text)


def _segments(units: int) -> int:
    return 1 if units <= ALONE else -(-units // SHARED)
