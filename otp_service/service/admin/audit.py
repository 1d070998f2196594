"""The audit, for admins: what admins did."""

from otp_service.ledger import pages
from otp_service.ledger.audit import Entry
from otp_service.ledger.paging import Page
from otp_service.service.admin.opening import looking
from otp_service.service.core import Core


def page(core: Core, limit: int, cursor: str | None = None) -> Page[Entry]:
    """Some of the audit, newest first."""
    with looking(core) as connection:
        return pages.audit_page(connection, limit, cursor)
