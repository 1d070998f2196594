"""Signing in by an OpenID Connect provider: code flow with PKCE, state and nonce (OpenID Connect Core 1.0, 3.1).

Loaded when single sign-on is first used.
"""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx
import jwt
import structlog
from authlib.oauth2.rfc6749.parameters import prepare_grant_uri
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from authlib.oidc.core import CodeIDToken
from authlib.oidc.discovery import get_well_known_url

from otp_service.domain.codes import same
from otp_service.domain.errors import Refusal
from otp_service.domain.single_sign_on import SingleSignOn, role_of
from otp_service.ledger import admin_passkeys, admins, audit
from otp_service.ledger.admins import Account
from otp_service.ledger.changes import Change
from otp_service.service.admin.opening import changing
from otp_service.service.console import notes
from otp_service.service.console.kept import Kept
from otp_service.service.console.sessions import hashed, new_token
from otp_service.service.core import Core

TIMEOUT_S = 5.0
LEEWAY_S = 60
FRESH_S = 300  # since the person typed something there, where a fresh proof is asked for
ALGORITHMS = ["RS256", "ES256", "EdDSA", "PS256"]  # none and HS256 are not among them
PURPOSE = "sso"
TOLD_FRESH_S = 300
PLACES = ("authorization_endpoint", "token_endpoint", "jwks_uri")
REFUSED = "The provider of identities did not say who you are, or you have no account here: ask an admin."
_TOLD = Kept()  # what providers tell of themselves
log = structlog.get_logger("otp_service.console")


@dataclass(frozen=True, slots=True)
class Begun:
    """Where the browser goes, and the note that it carries meanwhile."""

    url: str
    note: str


def begin(
    core: Core, known: SingleSignOn, returns_to: str, there: str, *, afresh: bool = False, before: str = ""
) -> Begun:
    """Sends somebody to the provider; `afresh` asks it to look again who they are.

    `before` is the token of the session that the browser has: it does not send that along when it comes back from
    another site.
    """
    state, nonce, verifier = new_token(), new_token(), new_token()
    asked = {"nonce": nonce, "code_challenge": create_s256_code_challenge(verifier), "code_challenge_method": "S256"}
    url = prepare_grant_uri(
        _metadata(known)["authorization_endpoint"],
        known.client_id,
        "code",
        redirect_uri=returns_to,
        scope="openid profile email",
        state=state,
        **asked,
        **({"max_age": "0", "prompt": "login"} if afresh else {}),
    )
    said = {"state": state, "nonce": nonce, "verifier": verifier, "there": there, "afresh": afresh}
    return Begun(url, notes.write(core, PURPOSE, "", before=hashed(before), **said))


@dataclass(frozen=True, slots=True)
class Returned:
    """Who came back, the page they wanted, whether they have just proven who they are, the session they had before."""

    account: Account
    there: str
    proven: bool
    before: str = field(repr=False)  # the hash of its token


def finish(core: Core, known: SingleSignOn, returns_to: str, note: str, state: str, code: str) -> Returned:
    """Who came back; Refusal unauthenticated if that is not certain."""
    said = notes.use(core, PURPOSE, "", note)
    if not code or not same(state, said["state"]):
        raise Refusal("unauthenticated", REFUSED)
    claims = _claims(known, _token(known, returns_to, code, said["verifier"]), said)
    with changing(core, "console") as change:
        account = _account(change, known, claims)
        change.actor = f"admin:{account.name}"
        audit.record(change, "admin.signed_in", target=account.id, after={"by": "single sign-on"})
    return Returned(account, said["there"], _is_fresh(claims), said["before"])


def _account(change: Change, known: SingleSignOn, claims: dict[str, Any]) -> Account:
    """The account of a subject; where rules say who has which role, they decide each time anew."""
    subject, name = f"{claims['iss']}|{claims['sub']}", _verified_email(claims)
    role = role_of(known.rules, claims)
    account = admins.of_subject(change.connection, subject) or _unclaimed(change, name)
    if account is None and role is not None and name:
        account = admins.create(change, name, role)
    if account is None or account.disabled_at is not None or (known.rules and role is None):
        log.warning("sign_in_refused", admin=account.id if account else None)
        raise Refusal("unauthenticated", REFUSED)
    if role is not None and role != account.role:
        before, after = {"role": account.role}, {"role": role}
        audit.record(change, "admin.set_role", target=account.id, before=before, after=after)
    admins.write(change.connection, account.id, role=role or account.role)
    if account.oidc_subject != subject:
        # Now it is theirs: a link that still lies in a mailbox must not set it up for somebody else.
        admins.write(change.connection, account.id, oidc_subject=subject, ticket_hash=None, ticket_ends_at=None)
    return account


def _unclaimed(change: Change, email: str) -> Account | None:
    """The account that an admin has made for this address, if nobody has set it up in another way."""
    found = admins.find(change.connection, email) if email else None
    if found is None or found.oidc_subject is not None or found.password_hash is not None:
        return None
    return None if admin_passkeys.of_admin(change.connection, found.id) else found


def _verified_email(claims: dict[str, Any]) -> str:
    email = claims.get("email")
    if claims.get("email_verified") is not True or not isinstance(email, str) or len(email) > 64:
        return ""
    # Only ASCII: the Kelvin sign has a small k for its small letter, and would claim another's account.
    return email if email.isascii() and email.isprintable() and " " not in email else ""


def _token(known: SingleSignOn, returns_to: str, code: str, verifier: str) -> str:
    sent = {"grant_type": "authorization_code", "code": code, "redirect_uri": returns_to, "code_verifier": verifier}
    answer = _ask_at(known, "POST", "token_endpoint", data=sent, auth=(known.client_id, known.client_secret))
    token = answer.get("id_token")
    if not isinstance(token, str):
        raise Refusal("unauthenticated", REFUSED)
    return token


def _claims(known: SingleSignOn, token: str, said: dict[str, Any]) -> dict[str, Any]:
    """What the provider says of a person: signed by it, for us, now, and in answer to what we asked."""
    try:
        kid = jwt.get_unverified_header(token).get("kid")
        keys = jwt.PyJWKSet.from_dict(_ask_at(known, "GET", "jwks_uri")).keys
        key = next(each for each in keys if kid is None or each.key_id == kid)
        claims: dict[str, Any] = jwt.decode(
            token,
            key,
            algorithms=ALGORITHMS,
            audience=known.client_id,
            issuer=known.issuer,
            leeway=LEEWAY_S,
            options={"require": ["exp", "iat", "iss", "aud", "sub"]},
        )
        CodeIDToken(
            claims,
            {},
            options={"nonce": {"essential": True, "value": said["nonce"]}},
            params={"nonce": said["nonce"], "client_id": known.client_id},
        ).validate(leeway=LEEWAY_S)
    except Exception as error:  # whatever a token makes two libraries raise, it is no proof
        _TOLD.forget(known.issuer)  # maybe its keys lie elsewhere by now
        log.warning("sign_in_refused", why=type(error).__name__)
        raise Refusal("unauthenticated", REFUSED) from None
    if said["afresh"] and not _is_fresh(claims):
        raise Refusal("unauthenticated", REFUSED)
    return claims


def _is_fresh(claims: dict[str, Any]) -> bool:
    """Whether they have just typed something there; a session at the provider alone answers for whoever sits here."""
    at_s = claims.get("auth_time")
    return isinstance(at_s, int | float) and time.time() - at_s <= FRESH_S


def _metadata(known: SingleSignOn) -> Mapping[str, Any]:
    """What the provider tells of itself, asked for every few minutes; only by the name that we know it by."""
    return _TOLD.get(known.issuer, TOLD_FRESH_S, lambda: _discover(known))


def _discover(known: SingleSignOn) -> Mapping[str, Any]:
    found = _ask("GET", get_well_known_url(known.issuer, external=True))
    if found.get("issuer") != known.issuer:
        raise Refusal("unavailable", "the provider of identities calls itself by another name", retry_after_s=60)
    if not all(isinstance(found.get(place), str) for place in PLACES):
        raise Refusal("unavailable", "the provider of identities does not tell where it is asked", retry_after_s=60)
    return found


def _ask_at(known: SingleSignOn, method: str, place: str, **more: Any) -> dict[str, Any]:
    """An answer from one of the provider's places; one that does not answer may have moved, which it tells."""
    there = _metadata(known)[place]
    try:
        return _ask(method, there, **more)
    except Refusal:
        _TOLD.forget(known.issuer)
        moved = _metadata(known)[place]
        if moved == there:
            raise
        return _ask(method, moved, **more)


def _ask(method: str, url: str, **more: Any) -> dict[str, Any]:
    try:
        answer = httpx.request(method, url, timeout=TIMEOUT_S, follow_redirects=False, trust_env=False, **more)
        found = answer.raise_for_status().json()
    except (httpx.HTTPError, ValueError):
        raise Refusal("unavailable", "the provider of identities can't be reached now", retry_after_s=5) from None
    if not isinstance(found, dict):
        raise Refusal("unavailable", "the provider of identities answers strangely", retry_after_s=5)
    return found
