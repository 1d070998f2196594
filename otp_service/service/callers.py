"""Who calls: an API key, its application and what it may do."""

import json
import re
from dataclasses import dataclass
from typing import Any

from otp_service.domain import apikeys
from otp_service.domain.addresses import networks, within
from otp_service.domain.errors import Refusal
from otp_service.domain.keys import b64, canonical, mac
from otp_service.ledger.applications import Application
from otp_service.service.core import Core, fresh_operation, now_ms
from otp_service.store.operation import Operation

LIVE_ONLY = frozenset({"admin"})  # what admins do is never a test
# How a challenge was solved is no part of what was asked: a repeat may bring a solution, or another one.
UNASKED = "challenge"
SOLVED = re.compile(r"/v1/verifications(/[^/]+/resend)?")
CHALLENGE = {"WWW-Authenticate": 'Bearer realm="otp_service"'}


@dataclass(frozen=True, slots=True)
class Caller:
    """An authenticated caller. `realm` keeps what test keys do apart from what live keys do."""

    key_id: str
    application: Application
    realm: str
    scopes: frozenset[str]
    test: bool


def authenticate(core: Core, authorization: str | None, address: str, *scopes: str) -> Caller:
    """The caller behind an Authorization header who has one of the scopes; Refusal unauthenticated or forbidden."""
    scheme, _, text = (authorization or "").partition(" ")
    presented = apikeys.read(text.strip()) if scheme.lower() == "bearer" else None
    snapshot = core.snapshot()
    key = snapshot.keys.get(presented.id) if presented else None
    if (
        presented is None
        or key is None
        or not apikeys.matches(presented.secret, key.hash)
        or key.test != presented.test
    ):
        raise Refusal("unauthenticated", "send Authorization: Bearer <API key>", headers=CHALLENGE)
    if key.revoked_at is not None or (key.expires_at is not None and now_ms() >= key.expires_at):
        raise Refusal("unauthenticated", "this API key is revoked or expired", headers=CHALLENGE)
    if key.ips and not within(address, networks(key.ips)):
        raise Refusal("forbidden", "this API key may not be used from this address")
    allowed = key.scopes - LIVE_ONLY if key.test else key.scopes
    if not allowed.intersection(scopes):
        raise Refusal("forbidden", f"this API key lacks the scope {' or '.join(scopes)}")
    application = snapshot.applications.get(key.application_id)
    if application is None:
        raise Refusal("unauthenticated", "this API key's application can't be used: ask its admin", headers=CHALLENGE)
    realm = f"{application.id}/test" if key.test else application.id
    return Caller(key.id, application, realm, allowed, key.test)


def operation(core: Core, caller: Caller, header: str | None, method: str, path: str, body: bytes) -> Operation:
    """The operation of one request: the caller's own by Idempotency-Key, else a fresh one."""
    if header is None:
        return Operation(fresh_operation())
    key = header[1:-1] if len(header) >= 2 and header[0] == header[-1] == '"' else header
    if not (1 <= len(key) <= 255 and all("!" <= symbol <= "~" for symbol in key)):
        raise Refusal(
            "invalid_field",
            "Idempotency-Key: must be 1 to 255 visible ASCII characters",
            errors=[{"field": "Idempotency-Key", "code": "invalid", "detail": "1 to 255 visible ASCII characters"}],
        )
    asked = _asked(path, json.loads(body)) if body else None
    parsed = canonical(asked) if asked else ""  # a resend that told nothing may be repeated with a solution
    digest = b64(mac(core.index_key, "idempotency", caller.realm, key)[:18])
    fingerprint = b64(mac(core.index_key, "fingerprint", caller.realm, method, path, parsed)[:18])
    # Operations are per endpoint and body: a key used for another request must never look like a repeat.
    return Operation(
        b64(mac(core.index_key, "operation", digest, fingerprint)[:12]), digest, fingerprint, fresh_operation()
    )


def _asked(path: str, told: Any) -> Any:
    if not isinstance(told, dict) or not SOLVED.fullmatch(path):
        return told
    return {name: value for name, value in told.items() if name != UNASKED}
