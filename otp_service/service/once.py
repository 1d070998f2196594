"""Once: a change with an Idempotency-Key happens once, and a repeat hears the first answer again."""

import json
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from otp_service.domain.errors import Refusal
from otp_service.domain.keys import NONCE_BYTES, UnknownKid
from otp_service.service.core import Core, random_bytes
from otp_service.store.keys import idempotency_key
from otp_service.store.link import Arg
from otp_service.store.operation import Operation
from otp_service.store.refused import Refused
from otp_service.store.scripts import SCRIPTS

CLAIM_MS = 30_000  # longer than the ledger may take
REMEMBER_MS = 86_400_000

Body = dict[str, Any]


def once(core: Core, operation: Operation, run: Callable[[], Body]) -> Body:
    """What `run` answers, or what it answered when this operation came before; a refusal is not remembered.

    Refusal idempotency_mismatch if the key came with another body, idempotency_in_flight while the first still runs.
    """
    if not operation.key:
        return run()
    known = _claim(core, operation)
    if known is not None:
        return known
    try:
        answer = run()
    except BaseException:
        _conclude(core, operation, "")
        raise
    # Sealed, since the answer may hold a secret that is shown once: a new API key.
    _conclude(core, operation, core.ring.seal(json.dumps(answer).encode(), operation.key, random_bytes(NONCE_BYTES)))
    return answer


def _claim(core: Core, operation: Operation) -> Body | None:
    args: list[Arg] = [operation.fingerprint, operation.token, CLAIM_MS]
    answer: list[str] = core.link.call(SCRIPTS["claim"], [idempotency_key(operation.key)], args, durable=True)
    if answer[0] == "refused":
        raise Refused(answer)
    return _opened(core, operation, answer[1]) if answer[0] == "replay" else None


def _conclude(core: Core, operation: Operation, sealed: str) -> None:
    # What has happened has happened: that it can't be remembered must not hide the answer. The claim ends by itself.
    with suppress(Refusal):
        args: list[Arg] = [operation.token, sealed, REMEMBER_MS]
        core.link.call(SCRIPTS["conclude"], [idempotency_key(operation.key)], args, durable=True)


def _opened(core: Core, operation: Operation, sealed: str) -> Body:
    try:
        answer: Body = json.loads(core.ring.open(sealed, operation.key))
    except (UnknownKid, ValueError) as error:
        raise Refusal(
            "unavailable", "this was done, but its answer can't be opened: its key left the key ring"
        ) from error
    return answer
