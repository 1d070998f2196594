"""The guides, held to what the service has: settings, policy fields, commands, links."""

import re
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from prometheus_client.metrics import MetricWrapperBase

from otp_service.__main__ import cli
from otp_service.commands.certify import last_proven
from otp_service.courier import measured
from otp_service.domain.policy import Policy
from otp_service.providers import PROVIDERS
from otp_service.providers.matrix import vendors
from otp_service.settings import Settings
from otp_service.web import events, metrics

ROOT = Path(__file__).parents[2]
GUIDES = [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").rglob("*.md"))]
CONFIGURATION = (ROOT / "docs/configuration.md").read_text()
PLAIN = {"console", "simulator"}  # which have nothing to configure but a sender, told in docs/providers.md


def named(guide: Path) -> str:
    return str(guide.relative_to(ROOT))


def first_cells(text: str) -> set[str]:
    """The names in the first column of all tables."""
    return {name for row in re.findall(r"^\| (`[^|]+) \|", text, re.MULTILINE) for name in re.findall(r"`(\w+)`", row)}


def test_every_setting_is_told_with_its_default() -> None:
    """The configuration guide has a row for every setting, with the default that holds, and none for others."""
    rows = re.findall(r"^\| `(OTP_\w+)` \| (?:`([^`]*)`)? *\|", CONFIGURATION, re.MULTILINE)
    defaults = {f"OTP_{name.upper()}": field.default for name, field in Settings.model_fields.items()}

    told = {name: default for name, default in rows if name != "OTP_SECRETS_DIR"}

    assert told.keys() == defaults.keys()
    for name, text in told.items():
        default = defaults[name]
        plain = default.get_secret_value() if hasattr(default, "get_secret_value") else default
        assert text == ("" if plain in (None, ()) else str(plain)), name


def test_every_policy_field_is_told() -> None:
    """The configuration guide has a row for every field of an application's policy."""
    assert set(Policy.model_fields) <= first_cells(CONFIGURATION)


@pytest.mark.parametrize("kind", [kind for kind in PROVIDERS if kind not in PLAIN])
def test_every_option_of_a_provider_is_told(kind: str) -> None:
    """The configuration guide has a table for every kind of provider, with a row for each option and no other."""
    table = re.search(rf"^\| `{kind}` \| meaning \|\n.*?(?=\n\n)", CONFIGURATION, re.MULTILINE | re.DOTALL)
    assert table

    assert first_cells(table[0]) - {kind} == set(PROVIDERS[kind].options_type.model_fields)


def shown_metrics() -> dict[str, set[str]]:
    """The labels of every metric that processes show, by the name under which Prometheus keeps it."""
    found = [value for room in (metrics, measured, events) for value in vars(room).values()]
    described = [metric for metric in found if isinstance(metric, MetricWrapperBase)]
    return {
        family.name + ("_total" if family.type == "counter" else ""): set(metric._labelnames)
        for metric in described
        for family in metric.describe()
    }


def test_every_metric_is_told_with_its_labels() -> None:
    """The operations guide has a row for every metric, with its labels, and no guide names another one."""
    section = (ROOT / "docs/operations.md").read_text().partition("\n## Metrics\n")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| (`otp_.+?) \| .+? \| ?(.*?) ?\|$", section, re.MULTILINE)
    told = {name: set(re.findall(r"`(\w+)`", labels)) for names, labels in rows for name in re.findall(r"\w+", names)}
    named = set(re.findall(r"\botp_[a-z_]+(?:_total|_seconds|_up|_backlog|_streams)\b", "".join(texts())))
    shown = shown_metrics()

    assert told.keys() == shown.keys()
    assert not [name for name, labels in shown.items() if not labels <= told[name]]
    assert named <= shown.keys()


def texts() -> Iterator[str]:
    """What the guides say."""
    yield from (guide.read_text() for guide in GUIDES)


def commands_in(text: str) -> Iterator[list[str]]:
    """The words after `otp-service` in code, as far as they look like commands."""
    code = re.findall(r"```.*?```|`[^`\n]+`|^    .+$", text, re.DOTALL | re.MULTILINE)
    for line in re.findall(r"(?<![\w/.@-])otp-service ([a-z][^`\n]*)", "\n".join(code)):
        yield [word for word in line.split() if re.fullmatch(r"[a-z]+|--[a-z-]+", word)]


def unknown_in(words: list[str]) -> str | None:
    """The first word that the command line does not know, or None."""
    command: click.Command = cli
    for word in words:
        inner = command.get_command(click.Context(command), word) if isinstance(command, click.Group) else None
        if inner is not None:
            command = inner
        elif word.startswith("--"):
            known = {option for parameter in command.params for option in parameter.opts}
            if word not in known | {"--help"}:
                return word
        elif command is cli:
            return word
    return None


@pytest.mark.parametrize("guide", GUIDES, ids=named)
def test_every_command_in_a_guide_exists(guide: Path) -> None:
    """Every command and option that a guide shows is one that otp-service has."""
    wrong = {" ".join(words): word for words in commands_in(guide.read_text()) if (word := unknown_in(words))}

    assert not wrong


def linked_from(guide: Path) -> set[Path]:
    """The guides that a guide links, by themselves or with their folder."""
    places = [guide.parent / path for path in re.findall(r"\]\((?!https?:|mailto:)([^)#\s]+)", guide.read_text())]
    folders = [inner for place in places if place.is_dir() for inner in place.glob("*.md")]
    return {place.resolve() for place in (*places, *folders) if place.suffix == ".md"}


def test_every_guide_is_found_from_the_readme() -> None:
    """Every guide is reached from README.md by links, in three steps at most."""
    reached = {ROOT / "README.md"}
    for _ in range(3):
        reached |= {found for guide in reached for found in linked_from(guide)}

    assert [named(guide) for guide in GUIDES if guide not in reached] == []


def test_vendors_are_called_proven_when_they_are() -> None:
    """README.md says how many vendors there are, and that none is proven live as long as no transcript says so."""
    readme = (ROOT / "README.md").read_text()

    assert len(vendors()) == 10
    assert "[Ten vendors](docs/providers/README.md)" in readme
    assert ("none is proven on a live account yet" in readme) == (not last_proven(ROOT / "docs/providers/proven"))


def test_every_script_of_redis_is_told() -> None:
    """The guide to what is in Redis names every script and shared part of `store/lua`."""
    told = set(re.findall(r"`(\w+)`", (ROOT / "docs/redis.md").read_text()))

    assert {script.stem for script in (ROOT / "otp_service/store/lua").glob("*.lua")} <= told


@pytest.mark.parametrize("guide", GUIDES, ids=named)
def test_every_link_in_a_guide_leads_somewhere(guide: Path) -> None:
    """Every link from a guide to a file of the repository leads to one, and to a heading that it has."""
    links = re.findall(r"\]\((?!https?:|mailto:)([^)#\s]*)(?:#([^)\s]+))?\)", guide.read_text())

    broken = [f"{path}#{heading}" for path, heading in links if not leads_somewhere(guide, path, heading)]

    assert not broken


def leads_somewhere(guide: Path, path: str, heading: str) -> bool:
    target = guide.parent / path if path else guide
    if not target.exists():
        return False
    return not heading or heading in {
        anchor(line) for line in re.findall(r"^#+ (.+)$", target.read_text(), re.MULTILINE)
    }


def anchor(heading: str) -> str:
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")
