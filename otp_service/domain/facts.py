"""Facts: what happened, as the store's stream carries it and the ledger keeps it.

A stream entry has four fields: `f` the fact's id (`<verification or message id>:<transition number>`), `t` its type,
`at` the store's time in milliseconds, `d` JSON. The ledger applies an id once, and a row moves only to a higher
transition number, so repeats and disorder do no harm.
"""

from dataclasses import dataclass
from typing import Any, Literal

FactType = Literal["verification", "message", "attempt", "receipt", "outcome", "lock", "failures", "alarm"]


@dataclass(frozen=True, slots=True)
class Fact:
    """One thing that happened.

    `data` by type:
    - verification: `id, n, event (started|resent|guessed|approved|failed|canceled), status, reason, sends, used,
      request`; on started and resent also what the service gave: `application, test, purpose, channel, locale, person,
      created_ms, expires_ms, metadata, max_attempts, message, client`. `client` is where it was asked from, as keyed
      indices: `{ip, network, device, user}`, each only if it was told. `person` is `{number_index, to_sealed, country,
      block}`; to_sealed is bound to number_index.
    - message: `id, n (rank), verification, status, reason, provider, provider_message_id`; when queued also
      `application, person, channel, encoding, segments, price_micros, template, locale`, and of a message that is no
      code `class, reference, send_at_ms, deadline_ms, metadata, test`; when it is moved to another time, again n 1 with
      `send_at_ms, deadline_ms, moved_ms`, the last of which says which move is the newest.
    - attempt: `message, n, provider, verdict, reason, provider_message_id, raw, took_ms, sender, country, cost_micros`;
      cost_micros is what the provider takes for it, null where nothing is known to have gone out.
    - receipt: `message, verification, provider, provider_message_id, part, status, reason, raw`; its id is
      `<message id>:r:<digest of what it says>`, so that a repeat is known as one.
    - outcome: `message, outcome (converted|not_converted)`: what a caller who checks codes itself tells.
    - lock: `application, subject, person, failures`: the hard lock of a subject.
    - failures: the same of a subject that is half-way there; its id ends with their number, so that it is told once.
    - alarm: `kind, application, country`; of kind `spend_50`, `spend_80` and `spend_100` (of a ceiling's amount;
      `country` null: the application's own) `amount_micros`, of `quarantine` `prefix, for_ms`.
    """

    id: str
    type: FactType
    at_ms: int
    data: dict[str, Any]
