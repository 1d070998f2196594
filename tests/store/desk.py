"""The store without a service around it: starts and checks by number, at the time that the test says."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from otp_service.domain import codes, ids
from otp_service.domain.keys import KeyRing
from otp_service.store import guesses
from otp_service.store import verifications as store
from otp_service.store.failure_locks import FailureLock, failure_lock
from otp_service.store.guesses import Checked, Guess
from otp_service.store.limits import Rule, flat
from otp_service.store.link import Link
from otp_service.store.operation import Operation
from otp_service.store.scripts import SCRIPTS
from otp_service.store.verifications import Opening, Started

TO, OTHER = "+41791234567", "+41791234568"
INDEX_KEY = b"i" * 32
RING = KeyRing({"k1": b"a" * 32})
T0 = 1_800_000_000_000
SECOND, MINUTE, HOUR, DAY = 1000, 60_000, 3_600_000, 86_400_000
POLICY = {"ttl_ms": 600_000, "max_attempts": 5, "max_sends": 5, "resend_after_ms": 0, "hard_lock_after": 100}


@dataclass
class Desk:
    """One application's start and check."""

    link: Link
    now: int = T0
    ring: KeyRing = RING
    cells: int = 1
    policy: dict[str, int] = field(default_factory=lambda: dict(POLICY))

    def start(
        self,
        to: str = TO,
        *,
        purpose: str = "login",
        user: str | None = None,
        supplied: str | None = None,
        operation: Operation | None = None,
        device: str = "",
        only: str = "",
        rules: Sequence[Rule] = (),
        **policy: int,
    ) -> Started:
        at = ids.address(INDEX_KEY, "app", to, purpose)
        id_ = ids.verification_id(INDEX_KEY, "app", at, secrets.token_bytes(16))
        code = supplied or self.code(id_)
        kid = self.ring.current
        opening = Opening(
            at=at,
            operation=operation or fresh(),
            id=id_,
            kid=kid,
            kids=self.ring.kids,
            digest=codes.digest(self.ring.key("check", kid), at, user, None, code),
            bound=codes.bound(INDEX_KEY, at, user, None, supplied),
            purpose=purpose,
            channel="sms",
            shape="digits:6",
            number_index="index",
            device=device,
            message=ids.message_id(secrets.token_bytes(16)),
            envelope="sealed",
            request="request",
            price_micros=0,
            detail='{"person":{}}',
            more_detail='{"channel":"sms"}',
            message_detail='{"person":{}}',
            rules=rules,
            only=only,
            **{**self.policy, **policy},
        )
        return store.start(self.link, self.cells, opening, now=str(self.now))

    def check(
        self,
        code: str,
        to: str = TO,
        *,
        purpose: str = "login",
        user: str | None = None,
        operation: Operation | None = None,
        device: str = "",
        id_: str = "",
    ) -> Checked:
        """What a guess hears; LookupError where Redis knows of no verification."""
        at = ids.address_of(id_) if id_ else ids.address(INDEX_KEY, "app", to, purpose)
        guess = Guess(
            at=at,
            operation=operation or fresh(),
            id=id_,
            code_length=len(code),
            alphabets=codes.alphabets_of(code),
            digests=[(kid, codes.digest(self.ring.key("check", kid), at, user, None, code)) for kid in self.ring.kids],
            device=device,
            hard_lock_after=self.policy["hard_lock_after"],
            lock_detail='{"application":"app","subject":"s"}',
        )
        checked = guesses.check(self.link, self.cells, guess, now=str(self.now))
        if checked == "none":
            raise LookupError
        return checked

    def code(self, id_: str, kid: str = "") -> str:
        return codes.code_of(self.ring, kid or self.ring.current, id_, "digits", 6)

    def wrong(self, id_: str) -> str:
        right = self.code(id_)
        return ("1" if right[0] != "1" else "2") + right[1:]

    def guess_wrong(self, started: Started, times: int, **more: Any) -> list[Checked]:
        return [self.check(self.wrong(started.id), **more) for _ in range(times)]

    def reserve(self, rules: Sequence[Rule]) -> int:
        """Takes these limits, all or none; 0, or the milliseconds that have to pass."""
        keys = [rule.key for rule in rules]
        answer = self.link.call(SCRIPTS["reserve"], keys, [self.now, len(rules), *flat(rules)])
        return 0 if answer[0] == "done" else int(answer[2])

    def failures(self, to: str = TO) -> FailureLock:
        subject = ids.address(INDEX_KEY, "app", to, "login").subject
        return failure_lock(self.link, self.cells, subject, now=str(self.now))


def fresh(key: str = "", fingerprint: str = "f") -> Operation:
    """An operation like no other; with a key, one that is remembered."""
    return Operation(f"op-{key}" if key else secrets.token_urlsafe(12), key, fingerprint if key else "", "token")
