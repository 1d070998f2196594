"""Passkeys: what a device's lock or a security key proves. One alone is two factors: having it, and opening it.

Loaded when a passkey is first asked for; the library is large.
"""

import json
from dataclasses import dataclass

import structlog
from webauthn import (
    generate_authentication_options,
    generate_registration_options,
    options_to_json,
    verify_authentication_response,
    verify_registration_response,
)
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from otp_service.domain.errors import Refusal
from otp_service.domain.keys import b64, unb64
from otp_service.ledger import admin_passkeys, admin_sessions, admins, audit
from otp_service.ledger.admins import Account
from otp_service.ledger.changes import Change
from otp_service.service.admin.opening import changing, looking
from otp_service.service.console import accounts, notes
from otp_service.service.core import Core, random_bytes

RP_NAME = "otp-service"
CHALLENGE_BYTES = 32
MOST_PASSKEYS = 20
PURPOSE = "passkey"
WRONG = "This passkey is not known here, or its account is shut."
REQUIRED = UserVerificationRequirement.REQUIRED
log = structlog.get_logger("otp_service.console")


@dataclass(frozen=True, slots=True)
class Asked:
    """What a browser is asked, and the note by which we know it again."""

    options: str
    note: str


@dataclass(frozen=True, slots=True)
class Site:
    """Where the console is: passkeys hold for one host only."""

    origin: str
    host: str


@dataclass(frozen=True, slots=True)
class Given:
    """What a browser gave back: the credential as JSON, our note, and the token of the browser it was written for."""

    credential: str
    note: str
    token: str


def ask_for_new(core: Core, site: Site, token: str, account: Account) -> Asked:
    """What makes a passkey for an account."""
    challenge = random_bytes(CHALLENGE_BYTES)
    options = generate_registration_options(
        rp_id=site.host,
        rp_name=RP_NAME,
        user_name=account.name,
        user_id=account.id.encode(),
        challenge=challenge,
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.REQUIRED, user_verification=REQUIRED
        ),
        exclude_credentials=[PublicKeyCredentialDescriptor(id=unb64(each.id)) for each in of(core, account.id)],
    )
    return Asked(options_to_json(options), _note(core, token, challenge, account.id))


def ask(core: Core, site: Site, token: str, admin_id: str = "") -> Asked:
    """What proves a passkey: any that is known here, or one of this admin's."""
    challenge = random_bytes(CHALLENGE_BYTES)
    theirs = [PublicKeyCredentialDescriptor(id=unb64(each.id)) for each in of(core, admin_id)] if admin_id else []
    options = generate_authentication_options(
        rp_id=site.host, challenge=challenge, allow_credentials=theirs, user_verification=REQUIRED
    )
    return Asked(options_to_json(options), _note(core, token, challenge, admin_id))


def add(core: Core, site: Site, given: Given, account: Account, name: str) -> None:
    """A further passkey of an account."""
    with changing(core, f"admin:{account.name}") as change:
        if len(admin_passkeys.of_admin(change.connection, account.id)) >= MOST_PASSKEYS:
            raise Refusal("conflict", f"an account has at most {MOST_PASSKEYS} passkeys")
        _keep(core, site, given, change, account, name)


def set_up(core: Core, site: Site, given: Given, ticket: str) -> Account:
    """Sets up an account with a passkey, and uses up its link."""
    account = accounts.of_ticket(core, ticket)
    with changing(core, f"admin:{account.name}") as change:
        accounts.take_ticket(change, account, ticket)
        _keep(core, site, given, change, account, "First passkey")
    return account


def prove(core: Core, site: Site, given: Given, *, act: str = "admin.signed_in", owner: str = "") -> Account:
    """Whose passkey this is; Refusal unauthenticated if it is nobody's, not the owner's, or was not opened."""
    said = notes.use(core, PURPOSE, given.token, given.note)
    with changing(core, "console") as change:
        known = admin_passkeys.read(change.connection, _id(given.credential))
        account = admins.read(change.connection, known.admin_id) if known else None
        # The note of the page that signs in names nobody, and must not renew another's proof: the owner counts, too.
        shut = account is None or account.disabled_at is not None or {said["admin"], owner} - {"", account.id}
        if known is None or account is None or shut:
            log.warning("sign_in_refused", admin=account.id if account else None)
            raise Refusal("unauthenticated", WRONG)
        count = _verified(site, given.credential, unb64(said["challenge"]), known)
        if not admin_passkeys.used(change.connection, known, count, change.at_ms):
            raise Refusal("unauthenticated", WRONG)
        change.actor = f"admin:{account.name}"
        admins.write(change.connection, account.id, failures=0, locked_until=0)
        audit.record(change, act, target=account.id, after={"by": "passkey", "passkey": known.name})
    return account


def remove(core: Core, account: Account, id: str, session: str) -> None:
    """Forgets a passkey, unless nothing else is left to sign in with.

    Whoever has found a lost one may be signed in: every session ends but the one in use, whose hash `session` is.
    """
    with changing(core, f"admin:{account.name}") as change:
        left = len(admin_passkeys.of_admin(change.connection, account.id)) - 1
        if left < 1 and account.totp_sealed is None and account.oidc_subject is None:
            raise Refusal("conflict", "this is your only way in: add another one first")
        if not admin_passkeys.remove(change.connection, id, account.id):
            raise Refusal("not_found", "you have no such passkey")
        admin_sessions.close_all(change.connection, account.id, but=session)
        audit.record(change, "admin.passkey_removed", target=account.id)


def of(core: Core, admin_id: str) -> list[admin_passkeys.Passkey]:
    """An admin's passkeys."""
    with looking(core) as connection:
        return admin_passkeys.of_admin(connection, admin_id)


def _keep(core: Core, site: Site, given: Given, change: Change, account: Account, name: str) -> None:
    said = notes.use(core, PURPOSE, given.token, given.note)
    if said["admin"] != account.id:
        raise Refusal("unauthenticated", "this page is not of your account: load it again")
    try:
        made = verify_registration_response(
            credential=given.credential,
            expected_challenge=unb64(said["challenge"]),
            expected_rp_id=site.host,
            expected_origin=site.origin,
            require_user_verification=True,
        )
    except (WebAuthnException, ValueError, TypeError, KeyError):
        raise Refusal("unauthenticated", "this passkey could not be made: load the page again") from None
    id, key = b64(made.credential_id), b64(made.credential_public_key)
    if admin_passkeys.read(change.connection, id) is not None:
        raise Refusal("conflict", "this passkey is known already")
    admin_passkeys.add(change.connection, id, account.id, name, key, made.sign_count, change.at_ms)
    audit.record(change, "admin.passkey_added", target=account.id, after={"name": name})


def _verified(site: Site, credential: str, challenge: bytes, known: admin_passkeys.Passkey) -> int:
    """The passkey's count of uses, if it answers this challenge on this site and was opened by its owner."""
    try:
        return verify_authentication_response(
            credential=credential,
            expected_challenge=challenge,
            expected_rp_id=site.host,
            expected_origin=site.origin,
            credential_public_key=unb64(known.public_key),
            credential_current_sign_count=known.sign_count,
            require_user_verification=True,
        ).new_sign_count
    except (WebAuthnException, ValueError, TypeError, KeyError):
        raise Refusal("unauthenticated", WRONG) from None


def _note(core: Core, token: str, challenge: bytes, admin_id: str) -> str:
    return notes.write(core, PURPOSE, token, challenge=b64(challenge), admin=admin_id)


def _id(credential: str) -> str:
    try:
        found = json.loads(credential)["id"]
    except (ValueError, TypeError, KeyError):
        raise Refusal("unauthenticated", WRONG) from None
    return found if isinstance(found, str) else ""
