"""Which limits one send consumes, and where they count."""

from otp_service.domain.addresses import counted_network
from otp_service.domain.keys import b64, mac
from otp_service.domain.limits import parse_limits
from otp_service.service.callers import Caller
from otp_service.service.core import Core
from otp_service.service.destination import Destination
from otp_service.store.limits import Rule, money, rules

DAY_MS = 86_400_000


def limits_of(core: Core, caller: Caller, destination: Destination, ip: str | None, price: int) -> list[Rule]:
    """Every limit that this send consumes, in the order in which they refuse."""
    policy = caller.application.policy
    found = number_limits(core, caller, destination)
    if ip is not None and policy.limits.ip:
        found += ip_limits(core, caller, ip)
    if policy.limits.application:
        found += rules("application", caller.realm, parse_limits(policy.limits.application))
    return found + spend_limits(caller, destination.number.country, price)


def message_limits_of(caller: Caller, country: str, price: int) -> list[Rule]:
    """Every limit that a message of its own consumes; those of codes are counted apart, money is one purse."""
    limits = parse_limits(caller.application.policy.message_limits)
    return [*rules("application", f"{caller.realm}/messages", limits), *spend_limits(caller, country, price)]


def number_limits(core: Core, caller: Caller, destination: Destination) -> list[Rule]:
    """The limits of a number and of its range."""
    policy = caller.application.policy
    found = rules("to", b64(destination.at.subject), parse_limits(policy.limits.to), destination.at, core.cells)
    if policy.limits.prefix:
        value = b64(mac(core.index_key, "prefix", caller.realm, destination.number.prefix)[:9])
        found += rules("prefix", value, parse_limits(policy.limits.prefix))
    return found


def ip_limits(core: Core, caller: Caller, ip: str) -> list[Rule]:
    """The limits of a client's network."""
    value = b64(mac(core.index_key, "ip", caller.realm, counted_network(ip))[:9])
    return rules("ip", value, parse_limits(caller.application.policy.limits.ip))


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
