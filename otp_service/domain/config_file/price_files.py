"""A provider's price file: CSV with a header, one line for each country or prefix, per segment."""

import csv
import re
from collections.abc import Iterable, Iterator, Mapping
from io import StringIO

import phonenumbers

from otp_service.domain.config_file.money import Rates, micros, no_rate
from otp_service.domain.routes.price_tables import PriceTable

COLUMNS = ("country", "prefix", "price", "currency")
PRICE = re.compile(r"[0-9]{1,9}(?:\.[0-9]{1,9})?")
PREFIX = re.compile(r"\+?([1-9][0-9]{0,14})")
MOST_MICROS = 10**9  # for a segment, as in a policy: nobody asks for a thousand dollars, but a column may be mistaken
MOST_TOLD = 10  # a file in the wrong format has a mistake in every line


def read_prices(content: str, rates: Rates) -> tuple[PriceTable, list[str]]:
    """The prices of a file, and what is wrong with it, by line."""
    try:
        reader = csv.DictReader(StringIO(content.removeprefix("\ufeff")), strict=True)
        header = [each.strip().lower() for each in reader.fieldnames or ()]
        if not {"country", "price", "currency"} <= set(header) <= set(COLUMNS):
            return PriceTable(), [f"line 1: the columns must be {','.join(COLUMNS)}; prefix may be left out"]
        reader.fieldnames = header
        rows = [(reader.line_num, {key: (row.get(key) or "").strip() for key in COLUMNS}) for row in reader]
    except csv.Error:
        return PriceTable(), ["this is not CSV"]
    mistakes = list(_mistakes(rows, rates))
    if mistakes:
        return PriceTable(), _first(mistakes)
    return _table((row for _, row in rows), rates), []


Rows = list[tuple[int, dict[str, str]]]


def _mistakes(rows: Rows, rates: Rates) -> Iterator[str]:
    seen: dict[tuple[str, str], int] = {}
    for line, row in rows:
        for what in _wrong(row, rates):
            yield f"line {line}: {what}"
        key = row["country"], row["prefix"].removeprefix("+")
        if key in seen:
            yield f"line {line}: line {seen[key]} has a price for the same already"
        seen.setdefault(key, line)


def _wrong(row: Mapping[str, str], rates: Rates) -> Iterator[str]:
    if row["country"] not in phonenumbers.SUPPORTED_REGIONS:
        yield "country must be an ISO 3166 code such as CH"
    if row["prefix"] and not PREFIX.fullmatch(row["prefix"]):
        yield "prefix must be the beginning of a number such as +4179"
    if not PRICE.fullmatch(row["price"]):
        yield "price must be a number such as 0.0725"
    if not re.fullmatch("[A-Z]{3}", row["currency"]):
        yield "currency must be three capital letters such as EUR"
    elif row["currency"] not in rates:
        yield no_rate(row["currency"])
    elif PRICE.fullmatch(row["price"]) and (micros(row["price"], row["currency"], rates) or 0) > MOST_MICROS:
        yield "price is above 1000 USD for a segment; is it in whole units of its currency?"


def _table(rows: Iterable[Mapping[str, str]], rates: Rates) -> PriceTable:
    countries: dict[str, int] = {}
    prefixes: dict[str, int] = {}
    dearest: dict[str, int] = {}
    for row in rows:
        price = micros(row["price"], row["currency"], rates) or 0
        if row["prefix"]:
            prefixes[row["prefix"].removeprefix("+")] = price
        else:
            countries[row["country"]] = price
        dearest[row["country"]] = max(price, dearest.get(row["country"], 0))
    return PriceTable(countries, prefixes, max(map(len, prefixes), default=0), dearest)


def _first(mistakes: list[str]) -> list[str]:
    more = len(mistakes) - MOST_TOLD
    return mistakes[:MOST_TOLD] + ([f"and {more} more"] if more > 0 else [])
