"""Applications and their policies, for admins."""

from dataclasses import replace

from otp_service.domain.errors import Refusal
from otp_service.domain.exposure import most_copies, most_per_hour_micros, most_segments
from otp_service.domain.policy import Policy
from otp_service.domain.prices import PRICES
from otp_service.domain.templates.template import BUILT_IN
from otp_service.ledger import applications, pages
from otp_service.ledger.applications import Application
from otp_service.ledger.paging import Page
from otp_service.service.admin.fields import shown_name
from otp_service.service.admin.opening import changing, looking, owner
from otp_service.service.admin.policies import Fields, first_policy, merged
from otp_service.service.core import Core

MOST_NAME = 64
EVERY = 100_000


def create(core: Core, actor: str, name: str, policy: Policy | Fields | None = None) -> Application:
    """A new application; Refusal conflict if the name is taken, invalid_field for a policy that makes no sense."""
    shown_name("name", name, least=1, most=MOST_NAME)
    judged = first_policy(policy, production=core.production)
    with changing(core, actor) as change:
        return applications.create(change, name, judged)


def set_policy(core: Core, actor: str, application: str, patch: Fields, over: Policy | None = None) -> Application:
    """Merges a patch into the policy of the application of this id or name; what changes nothing is not audited.

    Refusal conflict if it is to be merged over one policy, and another one is in force.
    """
    with changing(core, actor) as change:
        found = owner(change.connection, application)
        if over is not None and applications.dump_policy(over) != applications.dump_policy(found.policy):
            raise Refusal("conflict", "somebody else has changed this policy just now: look at it once more")
        policy = merged(found.policy, patch, production=core.production)
        if applications.dump_policy(policy) != applications.dump_policy(found.policy):
            applications.set_policy(change, found.id, policy)
        return replace(found, policy=policy)


def get(core: Core, application: str) -> Application:
    """The application of this id or name."""
    with looking(core) as connection:
        return owner(connection, application)


def page(core: Core, limit: int, cursor: str | None = None) -> Page[Application]:
    """Some of the applications, oldest first."""
    with looking(core) as connection:
        return pages.applications_page(connection, limit, cursor)


def listed(core: Core) -> list[Application]:
    """Every application, oldest first."""
    return list(page(core, EVERY).items)


def most_an_hour_costs(core: Core, application: Application) -> int | None:
    """The most that any hour can cost this application, in millionths of a US dollar; None if nothing bounds it."""
    own = core.snapshot().templates.get(application.id, {})
    segments = most_segments((*BUILT_IN.values(), *own.values()), application.name, application.policy)
    copies = most_copies(core.routing().candidates, application.policy)
    return most_per_hour_micros(application.policy, {**PRICES, **core.routing().dearest()}, segments, copies)
