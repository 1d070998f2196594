"""What somebody looks for: which kind of thing it is, and a name for it that an address bar may show."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

from otp_service.domain.addresses import counted_network, is_address
from otp_service.domain.errors import Refusal, invalid_field
from otp_service.domain.keys import NONCE_BYTES, UnknownKid, b64, canonical, mac
from otp_service.domain.lookalikes import masked
from otp_service.domain.phone import mask, parse_number
from otp_service.service.core import Core, random_bytes

Kind = Literal["number", "verification", "message", "reference", "ip", "name", "device"]
BOUND_TO = "console.find"
MOST = 200
INDEX_BYTES = 9
# What ids begin with -> what they are of.
PREFIXES: dict[str, Kind] = {"ver_": "verification", "msg_": "message", "rf_": "reference"}


@dataclass(frozen=True, slots=True)
class Sought:
    """What is looked for; a name is a user's id or a request's."""

    kind: Kind
    value: str = field(repr=False)

    def shown(self, *, in_full: bool = False) -> str:
        """What is looked for, for people's eyes: a number is masked unless it may be seen in full.

        What has a number's digits is masked too: a slip of the finger in one leaves it nearly whole.
        """
        if in_full or self.kind not in ("number", "name", "device"):
            return self.value
        return mask(self.value) if self.kind == "number" else masked(self.value)


def read(core: Core, text: str) -> Sought:
    """What a text names; Refusal invalid_field `q` for an empty or endless one."""
    wanted = text.strip()
    if not 1 <= len(wanted) <= MOST or not wanted.isprintable():
        raise invalid_field("q", f"write a number, an id, an address or a user, 1 to {MOST} characters")
    for prefix, kind in PREFIXES.items():
        if wanted.startswith(prefix):
            return Sought(kind, wanted)
    if is_address(wanted):
        return Sought("ip", wanted)
    number = next(_numbers(core, wanted), None)
    return Sought("number", number) if number else Sought("name", wanted)


def token(core: Core, sought: Sought) -> str:
    """A name that tells nothing, under which every admin finds the same."""
    plain = canonical([sought.kind, sought.value]).encode()
    return core.ring.seal(plain, BOUND_TO, random_bytes(NONCE_BYTES))


def opened(core: Core, name: str) -> Sought:
    """What a token names; Refusal not_found for one that nobody made here, or whose key is gone."""
    try:
        kind, value = json.loads(core.ring.open(name, BOUND_TO))
    except (UnknownKid, ValueError):
        raise Refusal("not_found", "this search can't be opened any more; search again") from None
    return Sought(kind, value)


def indices(core: Core, kind: str, value: str) -> list[str]:
    """By what an address or a user is found, in every application and among test keys."""
    told = counted_network(value) if kind == "ip" else value
    return [b64(mac(core.index_key, kind, realm, told)[:INDEX_BYTES]) for realm in realms(core)]


def realms(core: Core) -> Iterator[str]:
    """Every application, with live and with test keys."""
    for id_ in core.snapshot().applications:
        yield from (id_, f"{id_}/test")


def _numbers(core: Core, text: str) -> Iterator[str]:
    """The text as a number: as it stands, else as people write it in one of the applications' countries."""
    regions = {found.policy.default_region for found in core.snapshot().applications.values()}
    for region in (None, *sorted(filter(None, regions))):
        try:
            yield parse_number(text, region).e164
        except Refusal:
            continue
