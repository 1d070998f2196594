"""The composition as `docker compose config` reads it: every variable filled in, every name that is used declared."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

DOCKER = Path(__file__).parents[2] / "docker"
TEXT = (DOCKER / "compose.yaml").read_text()
SET = {"REDIS_PASSWORD": "r", "POSTGRES_PASSWORD": "p"}
PROFILES: list[list[str]] = [[], ["monitoring"]]
TOP = {"name", "services", "networks", "volumes", "configs"}
# What of the Compose Specification (github.com/compose-spec/compose-spec, 05-services.md) a service may say here.
OF_A_SERVICE = {
    *("build", "cap_drop", "command", "configs", "depends_on", "deploy", "env_file", "environment", "healthcheck"),
    *("image", "logging", "networks", "ports", "profiles", "read_only", "restart", "security_opt", "shm_size"),
    *("stop_grace_period", "tmpfs", "user", "volumes"),
}
CONDITIONS = {"service_started", "service_healthy", "service_completed_successfully"}
INSTRUCTIONS = {
    *("ARG", "FROM", "ENV", "WORKDIR", "COPY", "RUN", "LABEL", "USER", "EXPOSE", "HEALTHCHECK", "ENTRYPOINT", "CMD")
}
VARIABLE = re.compile(r"\$(?:(\$)|\{(\w+)(?:(:[-?])([^}]*))?\})")


def filled(text: str, known: dict[str, str]) -> str:
    """A text with its variables; KeyError for one that must be set and is not."""

    def value(found: re.Match[str]) -> str:
        escaped, name, how, given = found.groups()
        if escaped:
            return "$"
        return known.get(name) or (given if how == ":-" else known[name])

    return VARIABLE.sub(value, text)


def read(profiles: list[str]) -> dict[str, Any]:
    """The composition with these profiles."""
    found: dict[str, Any] = yaml.safe_load(filled(TEXT, SET))
    services = {
        name: told for name, told in found["services"].items() if set(told.get("profiles", profiles)) <= set(profiles)
    }
    return {**found, "services": services}


@pytest.mark.parametrize("profiles", PROFILES, ids=str)
def test_every_name_is_declared(profiles: list[str]) -> None:
    """Networks, volumes, configs and services that a service names are there in its profiles, and no key is unknown."""
    found = read(profiles)
    assert {key for key in found if not key.startswith("x-")} <= TOP
    for name, service in found["services"].items():
        assert service.keys() <= OF_A_SERVICE, name
        assert "image" in service
        assert set(service["networks"]) <= found["networks"].keys()
        assert {each["source"] for each in service.get("configs", [])} <= found.get("configs", {}).keys()
        mounted = [volume.split(":")[0] for volume in service.get("volumes", [])]
        assert {volume for volume in mounted if not volume.startswith(("./", "/"))} <= found["volumes"].keys()
        assert set(service.get("depends_on", [])) <= found["services"].keys()


@pytest.mark.parametrize("profiles", PROFILES, ids=str)
def test_nothing_waits_for_what_never_comes(profiles: list[str]) -> None:
    """Who waits for a healthy service waits for one that tells its health, and nobody waits in a circle."""
    services = read(profiles)["services"]
    waits = {name: told.get("depends_on", {}) for name, told in services.items()}
    for needed in waits.values():
        for name, how in needed.items() if isinstance(needed, dict) else ():
            assert how["condition"] in CONDITIONS
            assert how["condition"] != "service_healthy" or "test" in services[name]["healthcheck"]
    while ready := [name for name, needed in waits.items() if not set(needed) & waits.keys()]:
        waits = {name: needed for name, needed in waits.items() if name not in ready}
    assert not waits


def test_no_variable_is_left() -> None:
    """Every variable has a default or must be set, and a password that is missing stops the composition."""
    assert "${" not in filled(TEXT, SET)
    for name in SET:
        with pytest.raises(KeyError, match=name):
            filled(TEXT, {other: value for other, value in SET.items() if other != name})


def test_no_port_is_taken_twice() -> None:
    """With every profile each service listens on a port of its own, on this host alone."""
    ports = [port for service in read(["monitoring"])["services"].values() for port in service.get("ports", [])]
    assert len({port.rpartition(":")[0] for port in ports}) == len(ports) == 2
    assert all(port.startswith("127.0.0.1:") for port in ports)


def test_the_dockerfile_says_nothing_unknown() -> None:
    """Every instruction of the Dockerfile is one, and what a stage copies from is a stage before it."""
    lines = re.sub(r"^#.*\n", "", (DOCKER / "Dockerfile").read_text(), flags=re.MULTILINE).replace("\\\n", " ")
    stages: set[str] = set()
    for line in filter(None, lines.splitlines()):
        word, _, rest = line.partition(" ")
        assert word in INSTRUCTIONS
        assert not (source := re.search(r"--from=(\S+)", rest)) or source[1] in stages
        if named := re.search(r" AS (\S+)$", rest):
            stages.add(named[1])
