"""What a segment is taken to cost until the operator says better (`price_micros` in the policy): cautious, not exact.

Two published lists were read: Twilio's outbound SMS prices of September 2019 (the dearest network of a country, from a
copy in a public repository) and Appwrite's Phone OTP rates in force from 10 February 2025 (appwrite.io/docs/advanced/
platform/phone-otp). Each figure is the higher of the two, plus a fifth, rounded up to a cent. Indonesia, Israel, Russia
and the default are estimates above both. A spend limit is only as true as its prices: put in those of your contract.
"""

from collections.abc import Mapping

PRICES_DATED = "2025-02-10"
DEFAULT_PRICE_MICROS = 600_000  # an estimate: no country below is dearer

CENTS_A_SEGMENT = {
    2: "CA US",
    4: "CN TH TR ZA",
    5: "CR LI LT PL",
    6: "CO DK GB GT HR KR MT PE PT SG",
    7: "AU BR CL",
    8: "GR NO",
    9: "AR BO CH CZ IE IN IS MD MX RO",
    10: "CY FI FR HK JP LV PY VE",
    11: "DE ES HU IT LU UY",
    12: "AE AT BE PA SE SI SK TN",
    13: "EE NL NZ",
    14: "AM TZ",
    15: "BH RS VN",
    16: "BG GE UG",
    17: "UA ZM",
    18: "SA",
    20: "BY OM",
    21: "KH",
    22: "MY PH",
    23: "GH QA",
    24: "KW MA",
    26: "IL LB",
    27: "AZ EC SN",
    28: "DZ EG IQ TW",
    29: "ET NP",
    30: "BD JO KE",
    39: "LK",
    42: "NG",
    44: "KZ UZ",
    45: "ID",
    47: "PK",
    60: "RU",
}
PRICES: Mapping[str, int] = {
    country: cents * 10_000 for cents, countries in CENTS_A_SEGMENT.items() for country in countries.split()
}


def price_micros(country: str, overrides: Mapping[str, int]) -> int:
    """The price of a segment to a country (ISO 3166 alpha-2) in millionths of a US dollar; an override comes first."""
    return overrides.get(country, PRICES.get(country, DEFAULT_PRICE_MICROS))
