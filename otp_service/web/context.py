"""What handlers reach for: the service's core, and the caller."""

from typing import cast

from flask import current_app, g, request

from otp_service.service.callers import Caller, authenticate, operation
from otp_service.service.core import Core
from otp_service.store.operation import Operation
from otp_service.web.parsing import client_address
from otp_service.web.proxies import real


def core() -> Core:
    """The parts this process was built of."""
    return cast(Core, current_app.extensions["core"])


def caller(*scopes: str) -> Caller:
    """The authenticated caller with one of the scopes."""
    found = authenticate(core(), request.headers.get("Authorization"), client_address(), *scopes)
    g.application = found.application.id
    return found


def idempotent(who: Caller, body: bytes) -> Operation:
    """This request's operation."""
    asked = real(request)
    return operation(core(), who, asked.headers.get("Idempotency-Key"), asked.method, asked.path, body)
