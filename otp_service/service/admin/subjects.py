"""Whom limits and locks count: an application's caller, live or test, and maybe one number."""

from otp_service.domain.ids import address
from otp_service.ledger.applications import Application
from otp_service.service.admin.fields import number
from otp_service.service.callers import Caller
from otp_service.service.core import Core
from otp_service.service.destination import Destination, number_index

ANY_PURPOSE = "login"  # limits and locks of a number are the same for all


def caller_of(application: Application, *, test: bool) -> Caller:
    """A caller whose limits are looked at; what test keys do counts apart."""
    realm = f"{application.id}/test" if test else application.id
    return Caller("", application, realm, frozenset(), test)


def destination_of(core: Core, caller: Caller, to: str) -> Destination:
    """The number that is meant, whether codes may go there or not."""
    meant = number("to", to, caller.application.policy.default_region)
    return Destination(
        meant, number_index(core, meant.e164), address(core.index_key, caller.realm, meant.e164, ANY_PURPOSE)
    )
