"""Which limits one send consumes, and where they count."""

from collections.abc import Mapping

from otp_service.domain.addresses import client_network, counted_network
from otp_service.domain.keys import b64, mac
from otp_service.domain.limits import parse_limits
from otp_service.domain.requests import StartRequest
from otp_service.service.callers import Caller
from otp_service.service.core import Core, now_ms
from otp_service.service.destination import Destination, target_of
from otp_service.store.limits import Rule, money, rules

DAY_MS = 86_400_000
INDEX_BYTES = 9

Whence = Mapping[str, str]  # ip, network, device, user -> the index of what was told


def limits_of(
    core: Core, caller: Caller, destination: Destination, whence: Whence, price: int, *, exempt: bool = False
) -> list[Rule]:
    """Every limit that this send consumes, in the order in which they refuse; those of velocity spare the exempt."""
    policy = caller.application.policy
    found = [] if exempt else number_limits(core, caller, destination) + client_limits(caller, whence)
    if policy.limits.application:
        found += rules("application", caller.realm, parse_limits(policy.limits.application))
    return found + spend_limits(caller, destination.number.country, price)


def whence_of(core: Core, caller: Caller, request: StartRequest) -> Whence:
    """Where a start was asked from and for whom, as keyed indices, as far as it was told."""
    ip = request.client.ip
    told = {
        "ip": ip and counted_network(ip),
        "network": ip and client_network(ip),
        "device": request.client.device_id,
        "user": request.user,
    }
    return {kind: index(core, caller, kind, value) for kind, value in told.items() if value}


def index(core: Core, caller: Caller, kind: str, value: str) -> str:
    """By what a value of this kind is counted and found without being readable."""
    return b64(mac(core.index_key, kind, caller.realm, value)[:INDEX_BYTES])


def is_exempt(core: Core, caller: Caller, destination: Destination, request: StartRequest) -> bool:
    """Whether an allow lifts the limits of velocity and the brake."""
    allowed = core.snapshot().allowed
    if not allowed.owners:
        return False
    number, ip = destination.number, request.client.ip
    return bool(allowed.hits(target_of(core, caller, number, destination.index, ip, request.user), now_ms()))


def message_limits_of(caller: Caller, country: str, price: int) -> list[Rule]:
    """Every limit that a message of its own consumes; those of codes are counted apart, money is one purse."""
    limits = parse_limits(caller.application.policy.message_limits)
    return [*rules("application", f"{caller.realm}/messages", limits), *spend_limits(caller, country, price)]


def number_limits(core: Core, caller: Caller, destination: Destination) -> list[Rule]:
    """The limits of a number and of its range."""
    policy = caller.application.policy
    found = rules("to", b64(destination.at.subject), parse_limits(policy.limits.to), destination.at, core.cells)
    if policy.limits.prefix:
        value = index(core, caller, "prefix", destination.number.prefix)
        found += rules("prefix", value, parse_limits(policy.limits.prefix))
    return found


def client_limits(caller: Caller, whence: Whence) -> list[Rule]:
    """The limits of a client's address, network and device, and of the user."""
    limits = caller.application.policy.limits
    texts = ((kind, value, getattr(limits, kind)) for kind, value in whence.items())
    return [rule for kind, value, text in texts if text for rule in rules(kind, value, parse_limits(text))]


def ip_limits(core: Core, caller: Caller, ip: str) -> list[Rule]:
    """The limits of a client's address."""
    return client_limits(caller, {"ip": index(core, caller, "ip", counted_network(ip))})


def spend_limits(caller: Caller, country: str, price: int) -> list[Rule]:
    """Money is a limit too, whose cost is the price."""
    policy, found = caller.application.policy, []
    if caller.test:
        return []
    if policy.spend_per_day_micros is not None:
        found.append(money("spend", caller.realm, policy.spend_per_day_micros, DAY_MS, price))
    if policy.spend_per_country_per_day_micros is not None:
        found.append(
            money("country", f"{caller.realm}:{country}", policy.spend_per_country_per_day_micros, DAY_MS, price)
        )
    return found
