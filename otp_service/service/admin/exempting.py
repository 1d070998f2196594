"""An exception from what refused somebody, in one call: an allow of the number, or of who asked."""

from collections.abc import Callable, Mapping

from otp_service.domain.addresses import client_network, counted_network, is_address
from otp_service.domain.codes import same
from otp_service.domain.errors import Refusal, invalid_field
from otp_service.ledger import blocks
from otp_service.ledger.applications import Application
from otp_service.ledger.blocks import ALLOWS, Block, Kind
from otp_service.service.admin.fields import MOST_REASON, future, words
from otp_service.service.admin.named import Kept, kept
from otp_service.service.admin.opening import changing, owner
from otp_service.service.admin.refusals import client_of, exemptions, found
from otp_service.service.admin.subjects import caller_of
from otp_service.service.core import Core
from otp_service.service.limits import index
from otp_service.store.refusals import Refused

ONLY = "only an allow of the number lifts this: exempt the number"
_HELPS = {
    "rate_limited": "no allow lifts the application's own limit: raise it in the policy",
    "destination_disabled": "no allow lifts this: lift the number's lock",
    "destination_locked": "no allow lifts this: lift the number's lock",
    "spend_exhausted": "no allow lifts this: raise the ceiling in the policy",
    "resend_too_soon": "no allow lifts this: the policy's resend_after_s says how long to wait",
    "opted_out": "no allow lifts this: the person wants no such messages, and can only take that back",
    "max_sends": "no allow lifts this: the policy's max_sends says how many codes are sent",
}


def exempt(
    core: Core,
    actor: str,
    reference: str,
    kind: Kind,
    *,
    value: str | None = None,
    reason: str | None = None,
    expires_ms: int | None = None,
) -> Block:
    """An allow of what was refused; Refusal conflict if none would lift it.

    Of addresses, networks and devices the log keeps an index: `value` says which one, and must be the one that asked.
    """
    refused = found(core, reference)
    if kind not in exemptions(refused):
        raise Refusal("conflict", _HELPS.get(refused.code, ONLY))
    why = words("reason", f"exempt from {reference}" if reason is None else reason, least=1, most=MOST_REASON)
    ends = future("expires_at", expires_ms)
    with changing(core, actor) as change:
        of = owner(change.connection, refused.detail["application"])
        meant = _KEPT[kind](core, of, refused, value)
        return blocks.add(
            *(change, kind, meant.value, why),
            application_id=of.id,
            to_sealed=meant.to_sealed,
            expires_at=ends,
            book=ALLOWS,
        )


def _kept_number(core: Core, of: Application, refused: Refused, value: str | None) -> Kept:
    person = refused.detail["person"]
    return Kept(person["number_index"], person.get("to_sealed"))


def _kept_prefix(core: Core, of: Application, refused: Refused, value: str | None) -> Kept:
    return Kept(str(refused.detail["person"]["block"]).removeprefix("+"))


def _kept_country(core: Core, of: Application, refused: Refused, value: str | None) -> Kept:
    return Kept(refused.detail["person"]["country"])


def _kept_ip(core: Core, of: Application, refused: Refused, value: str | None) -> Kept:
    return Kept(_proved(core, of, refused, "ip", counted_network(_address(value))))


def _kept_network(core: Core, of: Application, refused: Refused, value: str | None) -> Kept:
    return Kept(_proved(core, of, refused, "network", client_network(_address(value))))


def _kept_user(core: Core, of: Application, refused: Refused, value: str | None) -> Kept:
    if value is None:
        raise invalid_field("value", "say which user: the log keeps an index")
    _proved(core, of, refused, "user", value)
    return kept(core, "user", value, of)


def _address(value: str | None) -> str:
    text = (value or "").partition("/")[0]
    if not is_address(text):
        raise invalid_field("value", "say which address: the log keeps an index")
    return text


def _proved(core: Core, of: Application, refused: Refused, kind: Kind, value: str) -> str:
    """The value itself, if it is the one whose index the log keeps."""
    own = caller_of(of, test=bool(refused.detail.get("test")))
    if not same(client_of(refused).get(kind, ""), index(core, own, kind, value)):
        raise invalid_field("value", "this is not the one that asked")
    return value


_KEPT: Mapping[Kind, Callable[[Core, Application, Refused, str | None], Kept]] = {
    "number": _kept_number,
    "prefix": _kept_prefix,
    "country": _kept_country,
    "ip": _kept_ip,
    "network": _kept_network,
    "user": _kept_user,
}
