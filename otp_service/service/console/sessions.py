"""Sessions of the console: a random token in a cookie, its hash in the ledger, an end when idle and an absolute one."""

import hashlib
from dataclasses import dataclass, field

import structlog

from otp_service.domain.errors import Refusal
from otp_service.domain.keys import b64, mac
from otp_service.ledger import admin_sessions
from otp_service.ledger.admin_sessions import Session
from otp_service.service.admin.opening import looking, writing
from otp_service.service.core import Core, now_ms, random_bytes

TOKEN_BYTES = 32
SEEN_EVERY_MS = 60_000  # a page that refreshes itself must not write each time
PROVEN_MS = 10 * 60 * 1000
MOST_AGENT = 200
log = structlog.get_logger("otp_service.console")


@dataclass(frozen=True, slots=True)
class SignedIn:
    """An admin in a session."""

    token: str = field(repr=False)
    session: Session

    @property
    def id(self) -> str:
        return self.session.admin_id

    @property
    def name(self) -> str:
        return self.session.name

    @property
    def role(self) -> str:
        return self.session.role

    @property
    def proven(self) -> bool:
        """Whether it is only minutes ago that they proved who they are."""
        return now_ms() - self.session.proved_at < PROVEN_MS


def begin(
    core: Core, admin_id: str, address: str, agent: str, *, proven: bool = True, proven_for_good: bool = False
) -> str:
    """A new session of this admin; its token, which is kept nowhere."""
    token, now = new_token(), now_ms()
    proved = now + admin_sessions.ABSOLUTE_MS if proven_for_good else now if proven else 0
    with writing(core) as connection:
        admin_sessions.open(
            connection,
            hashed(token),
            admin_id,
            now,
            address=address,
            agent=agent[:MOST_AGENT],
            proved_ms=proved,
        )
    return token


def resume(core: Core, token: str, *, by_hand: bool = True) -> SignedIn | None:
    """The session of a token, which is thereby in use unless no hand asks; None if it has ended."""
    now, digest = now_ms(), hashed(token)
    with looking(core) as connection:
        session = admin_sessions.live(connection, digest, now)
    if session is None:
        return None
    if by_hand and now - session.seen_at >= SEEN_EVERY_MS:
        _note_use(core, digest, now)
    return SignedIn(token, session)


def proved(core: Core, who: SignedIn) -> str:
    """Notes that they have just proven who they are; the session's new token."""
    token = new_token()
    with writing(core) as connection:
        admin_sessions.renew(connection, who.session.token_hash, hashed(token), now_ms())
    return token


def end(core: Core, who: SignedIn) -> None:
    """Signs out."""
    with writing(core) as connection:
        admin_sessions.close(connection, who.session.token_hash)


def end_of(core: Core, digest: str) -> None:
    """Ends the session whose token has this hash, if there is one."""
    with writing(core) as connection:
        admin_sessions.close(connection, digest)


def others(core: Core, who: SignedIn) -> list[Session]:
    """The admin's live sessions, this one too, the latest used first."""
    with looking(core) as connection:
        return admin_sessions.of_admin(connection, who.id, now_ms())


def end_others(core: Core, who: SignedIn) -> None:
    """Ends every session of this admin but the one in use."""
    with writing(core) as connection:
        admin_sessions.close_all(connection, who.id, but=who.session.token_hash)


def _note_use(core: Core, digest: str, now: int) -> None:
    """Notes that a session is in use; a ledger that can be read but not written still shows its pages."""
    try:
        with writing(core) as connection:
            admin_sessions.seen(connection, digest, now)
    except Refusal as refusal:
        log.warning("session_use_not_noted", problem=refusal.code)


def new_token() -> str:
    """256 random bits."""
    return b64(random_bytes(TOKEN_BYTES))


def hashed(token: str) -> str:
    """What the ledger keeps of a token: SHA-256 is enough for 256 random bits."""
    return hashlib.sha256(token.encode()).hexdigest()


def tied(token: str, purpose: str, *parts: str) -> str:
    """What only who holds the token could be given: the ledger's hash of it does not lead here."""
    return b64(mac(token.encode(), purpose, *parts))
