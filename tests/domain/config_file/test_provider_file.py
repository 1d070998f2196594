"""The file that configures the providers."""

from collections.abc import Iterable, Mapping
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from otp_service.domain.config_file.provider_file import (
    ProviderEntry,
    ProviderFile,
    ProviderFileError,
    parse_provider_file,
    with_simulator,
)
from otp_service.providers import build_all, examine

EXAMPLE = """\
# two providers

[[providers]]
name = "twilio-eu"
kind = "twilio"
priority = 10
countries = ["CH", "LI"]
account_sid = "AC00000000000000000000000000000001"
auth_token = "${TWILIO_TOKEN}"
sender = "Example"

[[providers]]
name = "gateway"
kind = "webhook"
url = "https://sms.example/send"
headers = { X-Api-Key = "key ${GATEWAY_KEY}!" }
[providers.body]
kind = "json"
values = { to = "{to}", text = "{text}", list = ["${GATEWAY_KEY}", 7] }
"""
ENVIRONMENT = {"TWILIO_TOKEN": "12345678901234567890123456789012", "GATEWAY_KEY": "s3cr3t${TWILIO_TOKEN}"}


def problems(text: str, environment: Mapping[str, str] = ENVIRONMENT) -> list[str]:
    with pytest.raises(ProviderFileError) as refused:
        parse_provider_file(text, environment, examine)
    return list(refused.value.problems)


def one(*lines: str, name: str = 'name = "a"', kind: str = 'kind = "console"') -> str:
    return "\n".join(["[[providers]]", name, kind, *lines])


def test_example_becomes_entries() -> None:
    """A file becomes its providers in order, with what is common to all apart from the options of the kind."""
    first, second = parse_provider_file(EXAMPLE, ENVIRONMENT, examine).providers
    assert first == ProviderEntry(
        name="twilio-eu",
        kind="twilio",
        priority=10,
        countries=frozenset({"CH", "LI"}),
        options={
            "account_sid": "AC00000000000000000000000000000001",
            "auth_token": ENVIRONMENT["TWILIO_TOKEN"],
            "sender": "Example",
        },
    )
    assert (second.name, second.priority, second.countries) == ("gateway", 100, None)


def test_references_are_filled_in_anywhere_and_once() -> None:
    """`${NAME}` is filled in wherever a string stands, and what a secret holds is not looked into again."""
    gateway = parse_provider_file(EXAMPLE, ENVIRONMENT).providers[1]
    assert gateway.options["headers"] == {"X-Api-Key": "key s3cr3t${TWILIO_TOKEN}!"}
    assert gateway.options["body"]["values"]["list"] == ["s3cr3t${TWILIO_TOKEN}", 7]


def test_file_becomes_providers() -> None:
    """What the file configures can be built, each under its name."""
    built = build_all(parse_provider_file(EXAMPLE, ENVIRONMENT, examine))
    assert {name: provider.kind for name, provider in built.items()} == {"twilio-eu": "twilio", "gateway": "webhook"}


def test_empty_file_has_no_providers() -> None:
    """An empty file is a valid one without providers."""
    assert parse_provider_file("", {}) == ProviderFile()


def test_missing_secret_is_told_once_with_its_place_and_name() -> None:
    """A secret that the environment lacks is told with line, provider, field and the variable to set."""
    assert problems(EXAMPLE, {"GATEWAY_KEY": "x"}) == [
        "otp-service.toml line 3, provider 'twilio-eu': auth_token: "
        "the environment has no TWILIO_TOKEN; set it, or take the reference out"
    ]


def test_all_mistakes_are_told_in_one_go() -> None:
    """Every mistake of the whole file is told at once: file, provider, secret and option."""
    text = EXAMPLE.replace("priority = 10", "priority = -1").replace('"LI"', '"XX"').replace("https:", "gopher:")
    found = problems('title = "x"\n' + text + '[[providers]]\nname = "gateway"\n', {"GATEWAY_KEY": "x"})
    assert [line.removeprefix("otp-service.toml").split(";")[0] for line in found] == [
        ": title: unknown key",
        " line 4, provider 'twilio-eu': auth_token: the environment has no TWILIO_TOKEN",
        " line 4, provider 'twilio-eu': priority: must be a whole number from 0 to 1000",
        " line 4, provider 'twilio-eu': countries: unknown country 'XX'",
        " line 13, provider 'gateway': url: must be an http or https URL without credentials or fragment",
        " line 21, provider 'gateway': kind: say what it is, for instance kind = \"twilio\"",
    ]


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("providers = 3", "otp-service.toml: providers: begin each provider with a line [[providers]]"),
        ("[providers]\nname = 'a'", "otp-service.toml: providers: begin each provider"),
        ("[[provider]]\nname = 'a'", "otp-service.toml: provider: unknown key"),
        (one(name=""), "otp-service.toml line 1, provider number 1: name: give each provider a name"),
        (one(name='name = "A b"'), "otp-service.toml line 1, provider number 1: name: give each provider a name"),
        (one(kind=""), "otp-service.toml line 1, provider 'a': kind: say what it is"),
        (one(kind='kind = "pigeon"'), "otp-service.toml line 1, provider 'a': kind: is not known; known are simulator"),
        (one("priority = true"), "otp-service.toml line 1, provider 'a': priority: must be a whole number"),
        (one("countries = []"), "otp-service.toml line 1, provider 'a': countries: must be a list"),
        (one('countries = "CH"'), "otp-service.toml line 1, provider 'a': countries: must be a list"),
        (one('sender = "${sender}"'), "otp-service.toml line 1, provider 'a': sender: write a reference"),
        (one('sender = "${SENDER"'), "otp-service.toml line 1, provider 'a': sender: write a reference"),
        (one("speed = 1"), "otp-service.toml line 1, provider 'a': speed: is not an option here; options are sender"),
        (one(name='name = "simulator"'), "otp-service.toml line 1, provider 'simulator': name: 'simulator' is kept"),
    ],
)
def test_mistake_is_told_with_its_place(text: str, complaint: str) -> None:
    """A mistake is told with file, line, provider, field and what to do."""
    found = problems(text)
    assert len(found) == 1
    assert found[0].startswith(complaint)


def test_text_that_is_no_toml_is_told_with_its_line() -> None:
    """A file that isn't TOML is told with line and column."""
    assert problems('[[providers]]\nname = "a')[0].startswith("otp-service.toml: this is not TOML: ")
    assert "line 2" in problems('[[providers]]\nname = a"b\n')[0]


def test_name_that_is_used_twice_is_refused() -> None:
    """Two providers of one name are refused, with the place of the first."""
    found = problems(one() + "\n" + one())
    assert found == [
        "otp-service.toml line 4, provider 'a': name: there is one of this name already "
        "(otp-service.toml line 1, provider 'a'); choose another"
    ]


def test_line_is_left_out_where_it_is_unsure() -> None:
    """Where a string looks like a header, no line is told rather than a wrong one."""
    text = one('sender = """\n[[providers]]\n"""', "speed = 1")
    assert all(line.startswith("otp-service.toml, provider 'a': ") for line in problems(text))


def test_entry_shows_no_options() -> None:
    """An entry that lands in a log shows no option, since any may hold a secret."""
    assert "s3cr3t" not in repr(parse_provider_file(EXAMPLE, ENVIRONMENT))


@given(secret=st.text(min_size=8, max_size=40).filter(lambda text: text.strip() and "'" not in text))
def test_complaints_repeat_no_secret(secret: str) -> None:
    """Whatever a secret looks like and wherever it stands, no complaint repeats it."""
    text = one('sender = "${X}"', 'countries = ["CH"]', 'url = "${X}"', "[providers.headers]", 'a = "${X}"')
    for kind in ("console", "twilio", "webhook"):
        told = text.replace("console", kind)
        assume(not any(secret in line for line in problems(told, {"X": "~" * 9})))  # a word that they say of any secret
        assert not any(secret in line for line in problems(told, {"X": secret}))


@given(st.text(max_size=60) | st.text("[]providers=\"'\n ${}aA1.,", max_size=60))
def test_any_text_is_read_or_refused(text: str) -> None:
    """Any text is read or refused with problems, never a crash."""
    with suppress(ProviderFileError):
        assert isinstance(parse_provider_file(text, {}, examine), ProviderFile)


def test_examine_is_asked_for_each_kind() -> None:
    """What a kind takes as options is that kind's say: it is asked with the options and without what is common."""
    asked = []

    def ask(kind: str, options: Mapping[str, Any]) -> Iterable[tuple[str, str]]:
        asked.append((kind, dict(options)))
        return []

    parse_provider_file(one("priority = 3", 'sender = "Example"'), {}, ask)
    assert asked == [("console", {"sender": "Example"})]


@pytest.mark.parametrize(
    ("kinds", "development", "live"),
    [
        ([], True, ["simulator"]),
        ([], False, []),
        (["twilio"], True, ["twilio"]),
        (["twilio"], False, ["twilio"]),
        (["twilio", "simulator"], True, ["twilio", "simulator"]),
        (["twilio", "simulator"], False, ["twilio"]),
        (["simulator"], False, []),
    ],
)
def test_simulator_gets_real_messages_in_development_only(kinds: list[str], development: bool, live: list[str]) -> None:
    """There is always a simulator for test keys; it gets real messages in development only, if named or alone."""
    file = with_simulator(ProviderFile(tuple(ProviderEntry(kind, kind) for kind in kinds)), development=development)
    assert [entry.name for entry in file.live] == live
    assert "simulator" in [entry.kind for entry in file.providers]
