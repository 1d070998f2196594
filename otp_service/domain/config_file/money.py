"""Money in the configuration: amounts in any currency, turned into millionths of a US dollar by a rate of one's own."""

import re
from collections.abc import Mapping
from decimal import ROUND_UP, Decimal
from typing import Any

from otp_service.domain.config_file.checks import day
from otp_service.domain.config_file.sections import Mistake

AMOUNT = re.compile(r"([0-9]{1,9}(?:\.[0-9]{1,9})?) ?([A-Z]{3})")
CURRENCY = re.compile(r"[A-Z]{3}")
DOLLAR = "USD"
Rates = Mapping[str, Decimal]  # currency -> US dollars for one unit


def read_rates(table: Mapping[str, Any]) -> tuple[dict[str, Decimal], list[Mistake]]:
    """The rates of `[currencies]`, the US dollar among them."""
    rates, mistakes = {DOLLAR: Decimal(1)}, []
    for key, value in table.items():
        if key == "dated":
            continue
        if not CURRENCY.fullmatch(key):
            mistakes.append((key, "a currency is three capital letters, such as EUR; beside them stands only dated"))
        elif key == DOLLAR or type(value) not in (int, float) or not 0 < value < 1_000_000:
            mistakes.append((key, "say how many US dollars one unit is worth, for instance EUR = 1.08"))
        else:
            rates[key] = Decimal(str(value))
    if complaint := day(table.get("dated")):
        mistakes.append(("dated", f"say of which day the rates are: {complaint}"))
    return rates, mistakes


def micros(amount: str, currency: str, rates: Rates) -> int | None:
    """An amount in millionths of a US dollar, rounded up; None without a rate."""
    rate = rates.get(currency)
    if rate is None:
        return None
    return int((Decimal(amount) * rate * 1_000_000).to_integral_value(ROUND_UP))


def read_amount(value: object, rates: Rates) -> int | str:
    """An amount such as `0.05 EUR` in millionths of a US dollar, or what is wrong with it."""
    found = AMOUNT.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        return 'must be an amount and its currency, such as "0.05 EUR"'
    known = micros(found[1], found[2], rates)
    return known if known is not None else no_rate(found[2])


def no_rate(currency: str) -> str:
    """What is told where a currency has no rate."""
    return f"there is no rate for {currency}; add it to [currencies], for instance {currency} = 1.08"
