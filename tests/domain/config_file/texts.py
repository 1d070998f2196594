"""Configurations of the specs, and what is wrong with them."""

import pytest

from otp_service.domain.config_file.provider_file import ProviderFile, ProviderFileError, parse_provider_file

PROVIDERS = """\
[[providers]]
name = "a"
kind = "console"
[[providers]]
name = "b"
kind = "console"
"""
RATES = "[currencies]\ndated = 2026-11-01\nEUR = 1.08\n"
PRICES = "country,prefix,price,currency\nCH,,0.05,EUR\nCH,+4179,0.07,USD\n"


def parse(text: str, prices: str = PRICES) -> ProviderFile:
    return parse_provider_file(text, {"SENDER": "+41791234567"}, read=lambda path: prices)


def problems(text: str, prices: str = PRICES) -> list[str]:
    with pytest.raises(ProviderFileError) as refused:
        parse(text, prices)
    return [line.removeprefix("otp-service.toml ") for line in refused.value.problems]


def route(*lines: str) -> str:
    return "\n".join([PROVIDERS + "[[routes]]", *lines])


def sender(*lines: str) -> str:
    return "\n".join([PROVIDERS + "[[senders]]", *lines])
