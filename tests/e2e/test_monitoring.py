"""The alert rules and the dashboard, held to what the service measures and to what the guides say."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.e2e.test_guides import shown_metrics

ROOT = Path(__file__).parents[2]
DOCKER = ROOT / "docker"
PROMETHEUS: dict[str, Any] = yaml.safe_load((DOCKER / "prometheus/prometheus.yml").read_text())
RULES: list[dict[str, Any]] = yaml.safe_load((DOCKER / "prometheus/alerts.yml").read_text())["groups"][0]["rules"]
ALERTS = {rule["alert"]: rule for rule in RULES}
DASHBOARD: dict[str, Any] = json.loads((DOCKER / "grafana/dashboards/otp-service.json").read_text())
COMPOSE: dict[str, Any] = yaml.safe_load((DOCKER / "compose.yaml").read_text())
GUIDE = (ROOT / "docs/alarms.md").read_text()

PANELS = {panel["title"]: panel for panel in DASHBOARD["panels"] if panel["type"] != "row"}
QUERIES = {
    **{name: rule["expr"] for name, rule in ALERTS.items()},
    **{
        f"{title} ({target['legendFormat']})": target["expr"]
        for title, panel in PANELS.items()
        for target in panel["targets"]
    },
}
# What of PromQL the rules use; a word that is none of these is a mistake.
FUNCTIONS = {"absent", "histogram_quantile", "increase", "max", "min", "rate", "sum", "topk"}
WORDS = {"and", "by", "offset", "unless"}
OF_PROMETHEUS = {"up": {"job", "instance"}}
OF_EVERY_METRIC = {"job", "instance"}
SUFFIXES = {"_bucket": {"le"}, "_count": set(), "_sum": set()}


def known_labels(metric: str) -> set[str]:
    """The labels of a metric as Prometheus keeps it; KeyError for one that nobody shows."""
    known = {**shown_metrics(), **OF_PROMETHEUS}
    for suffix, more in SUFFIXES.items():
        if metric.endswith(suffix) and metric not in known:
            return known[metric.removesuffix(suffix)] | more
    return known[metric]


def bare(query: str) -> str:
    """A query without what stands in quotes."""
    return re.sub(r'"[^"]*"', '""', query)


def metrics_in(query: str) -> Iterator[tuple[str, set[str]]]:
    """Each metric of a query with the labels that it is chosen by."""
    for name, chosen in re.findall(r"\b(otp_\w+|up)\b(?:\{([^}]*)\})?", bare(query)):
        yield name, set(re.findall(r"(\w+)\s*(?:=~|!~|!=|=)", chosen))


@pytest.mark.parametrize("name", QUERIES)
def test_every_query_asks_for_what_there_is(name: str) -> None:
    """Every metric that a rule or a panel names is one of the service, and so are the labels that it goes by."""
    query = QUERIES[name]
    found = list(metrics_in(query))
    grouped = {label.strip() for labels in re.findall(r"by \(([^)]*)\)", query) for label in labels.split(",")}

    assert found
    for metric, chosen in found:
        assert chosen <= known_labels(metric) | OF_EVERY_METRIC
    assert grouped <= set().union(*(known_labels(metric) for metric, _ in found)) | OF_EVERY_METRIC


@pytest.mark.parametrize("name", QUERIES)
def test_every_query_is_one(name: str) -> None:
    """Every bracket of a query is closed, every range is given to a function that takes one, every word is PromQL's."""
    query = bare(QUERIES[name])
    open_ones = []
    for sign in query:
        if sign in "([{":
            open_ones.append({"(": ")", "[": "]", "{": "}"}[sign])
        elif sign in ")]}":
            assert open_ones
            assert open_ones.pop() == sign
    plain = re.sub(r"\{[^}]*\}|\[[^\]]*\]|by \([^)]*\)|\b(otp_\w+|up)\b", " ", query)
    words = set(re.findall(r"[a-z_]{2,}", plain))

    assert not open_ones
    assert words <= FUNCTIONS | WORDS
    assert set(re.findall(r"\[([^\]]*)\]", query)) <= {"2m", "5m", "10m", "15m", "1h", "1d", "$__rate_interval"}
    for function in re.findall(r"(\w+)\(\s*otp_\w+(?:\{[^}]*\})?\[", query):
        assert function in ("rate", "increase")


@pytest.mark.parametrize("name", QUERIES)
def test_only_counters_are_rated(name: str) -> None:
    """A rate is taken of counters alone, and no counter is looked at without one."""
    for function, metric in re.findall(r"(\w+)(?: by \([^)]*\) )?\((otp_\w+)", bare(QUERIES[name])):
        is_counter = metric.endswith(("_total", *SUFFIXES))
        assert is_counter == (function in ("rate", "increase")), (function, metric)


def test_every_metric_is_on_the_dashboard() -> None:
    """What the service measures is drawn somewhere."""
    drawn = " ".join(target["expr"] for panel in PANELS.values() for target in panel["targets"])
    assert not [name for name in shown_metrics() if name not in drawn]


def test_every_alert_is_told_in_the_guide() -> None:
    """The guide of alarms has a heading for every alert, under which it says what to do, and none for others."""
    headings = re.findall(r"^### (\w+)$", GUIDE, re.MULTILINE)
    assert headings == list(ALERTS)
    for name, rule in ALERTS.items():
        assert rule["annotations"]["runbook"] == f"docs/alarms.md#{name.lower()}"
        assert rule["annotations"]["summary"].endswith(".")
        assert rule["labels"]["severity"] in ("page", "ticket")
        told = GUIDE.partition(f"### {name}\n")[2].partition("\n#")[0].strip()
        assert len(told) > 40, name


def test_labels_in_summaries_are_kept_by_the_query() -> None:
    """A summary names only labels by which its query is grouped."""
    for rule in RULES:
        named = set(re.findall(r"\$labels\.(\w+)", rule["annotations"]["summary"]))
        grouped = {
            label.strip() for labels in re.findall(r"by \(([^)]*)\)", rule["expr"]) for label in labels.split(",")
        }
        assert named <= grouped


def test_panels_do_not_overlap() -> None:
    """Every panel has a place of its own and an id of its own."""
    taken: set[tuple[int, int]] = set()
    for panel in DASHBOARD["panels"]:
        place = panel["gridPos"]
        cells = {(x + place["x"], y + place["y"]) for x in range(place["w"]) for y in range(place["h"])}
        assert place["x"] + place["w"] <= 24
        assert not taken & cells, panel["title"]
        taken |= cells
    assert len({panel["id"] for panel in DASHBOARD["panels"]}) == len(DASHBOARD["panels"])


def test_the_composition_scrapes_its_own_processes() -> None:
    """Prometheus looks for the composition's services on the port that they show metrics on, and knows the rules."""
    jobs = {job["job_name"]: job["dns_sd_configs"][0] for job in PROMETHEUS["scrape_configs"]}
    services = COMPOSE["services"]

    for job in jobs.values():
        (name,) = job["names"]
        assert services[name]["environment"]["OTP_METRICS_PORT"] == str(job["port"])
        assert set(services[name]["networks"]) & set(services["prometheus"]["networks"])
    assert {f"otp-{name}" for name in ("web", "worker")} == set(jobs)
    assert set(re.findall(r'job="([\w-]+)"', str(QUERIES))) <= set(jobs)
    assert PROMETHEUS["rule_files"] == ["/etc/prometheus/alerts.yml"]


def test_monitoring_is_there_for_who_wants_it() -> None:
    """Prometheus and Grafana start with their profile alone, from files that are there, and on this host alone."""
    for name in ("prometheus", "grafana"):
        service = COMPOSE["services"][name]
        assert service["profiles"] == ["monitoring"]
        mounted = [volume.split(":")[0] for volume in service["volumes"] if volume.startswith("./")]
        assert mounted
        assert all((DOCKER / path).exists() for path in mounted)
        assert ":latest" not in service["image"]
    assert "ports" not in COMPOSE["services"]["prometheus"]
    assert COMPOSE["services"]["grafana"]["ports"] == ["${GRAFANA_LISTEN:-127.0.0.1:3000}:3000"]


def test_grafana_is_provisioned_with_what_it_needs() -> None:
    """The dashboard's source of data is the one that is provisioned, and its folder is where compose puts it."""
    folder = DOCKER / "grafana/provisioning"
    (source,) = yaml.safe_load((folder / "datasources/prometheus.yaml").read_text())["datasources"]
    (provider,) = yaml.safe_load((folder / "dashboards/otp-service.yaml").read_text())["providers"]
    used = {target["datasource"]["uid"] for panel in PANELS.values() for target in panel["targets"]}
    volumes = COMPOSE["services"]["grafana"]["volumes"]

    assert used == {source["uid"]}
    assert source["url"] == "http://prometheus:9090"
    assert f"./grafana/dashboards:{provider['options']['path']}:ro" in volumes
