"""Whatever stands in the configuration, it is read, or refused with every mistake at once."""

from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from otp_service.domain.config_file.provider_file import ProviderFile, ProviderFileError, with_simulator
from tests.domain.config_file.texts import PROVIDERS, parse, problems, sender


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ('[sender_rules.XX]\nalphanumeric = "no"', "line 1, sender_rules: sender_rules: begin each with a line"),
        ('[sender_rules]\nCH = "no"', "line 1, sender_rules: sender_rules: begin each with a line"),
        ('[sender_rules.CH]\nalphanumeric = "sure"', "line 1, sender_rules: CH.alphanumeric: must be one of yes, no"),
        ("sender_rules = 3", "otp-service.toml: sender_rules: begin it with a line [sender_rules.XX]"),
        ("[currencies]\nEUR = 1.08", "line 1, currencies: dated: say of which day the rates are"),
        ("[currencies]\ndated = 2026-11-01\nEUR = 0", "line 1, currencies: EUR: say how many US dollars"),
        ("[currencies]\ndated = 2026-11-01\nUSD = 2", "line 1, currencies: USD: say how many US dollars"),
        ("[currencies]\ndated = 2026-11-01\neuro = 1", "line 1, currencies: euro: a currency is three capital"),
        ("routes = 1", "otp-service.toml: routes: begin each route with a line [[routes]]"),
    ],
)
def test_a_mistake_in_a_table_is_told_with_its_place(text: str, complaint: str) -> None:
    """A mistake in `[currencies]` or `[sender_rules]` is told with line, field and what to do."""
    [found] = problems(text)
    assert found.startswith(complaint)


def test_all_sections_are_told_in_one_go() -> None:
    """Mistakes of every section come together."""
    text = PROVIDERS.replace('"b"', '"B!"') + "[[routes]]\ncolour = 1\n[[senders]]\n[currencies]\n"
    assert [line.split(":")[0] for line in problems(text)] == [
        "line 10, currencies",
        "line 4, provider number 2",
        "line 7, route number 1",
        "line 9, sender number 1",
        "line 9, sender number 1",
    ]


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        ("weight = 1001", "weight: must be a whole number from 0 to 1000"),
        ("max_per_s = true", "max_per_s: must be a number of messages a second"),
        ('enabled = "no"', "enabled: must be true or false"),
        ("prices = 3", "prices: must be a text"),
    ],
)
def test_a_mistake_in_what_providers_have_in_common(line: str, complaint: str) -> None:
    """What every provider may be given is checked, whatever its kind."""
    [found] = problems(PROVIDERS + line)
    assert found.startswith(f"line 4, provider 'b': {complaint}")


def test_a_provider_that_is_switched_off_is_not_live() -> None:
    """A service whose only provider is switched off has nobody to send by."""
    assert parse('[[providers]]\nname = "a"\nkind = "console"\nenabled = false').live == ()


def test_the_simulator_comes_beside_everything_else() -> None:
    """Adding the simulator leaves rules and senders as they are."""
    file = parse(sender('sender = "Shop"', 'provider = "a"', "[[routes]]", 'name = "r"'))
    whole = with_simulator(file, development=False)
    assert (whole.rules, whole.senders, len(whole.providers)) == (file.rules, file.senders, 3)


values = st.recursive(
    st.sampled_from(["a", "CH", "code", "08:00-20:00", "0.05 EUR", "1", "-1", "true", "1.5", "2026-01-01", ""]).map(
        lambda text: text if text in ("1", "-1", "true", "1.5", "2026-01-01") else f'"{text}"'
    ),
    lambda inner: st.lists(inner, max_size=3).map(lambda found: f"[{', '.join(found)}]"),
    max_leaves=4,
)
FIELDS = (
    "name applications classes countries prefixes purposes channels hours timezone providers reason sender kind state"
    " receipt_timeout_s max_price provider registered_at expires_at registration max_per_s"
)
fields = st.sampled_from(FIELDS.split())


@given(st.sampled_from(["routes", "senders", "providers"]), st.dictionaries(fields, values, max_size=5))
def test_any_table_is_read_or_refused(section: str, table: dict[str, Any]) -> None:
    """Whatever stands in a table, it is read or refused with its mistakes, never a crash."""
    text = "\n".join([PROVIDERS + f"[[{section}]]", *(f"{key} = {value}" for key, value in table.items())])
    with suppress(ProviderFileError):
        assert isinstance(parse(text), ProviderFile)
