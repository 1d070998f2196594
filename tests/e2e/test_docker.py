"""The container files, judged by what they say; hadolint judges the Dockerfile's craft."""

import os
import re
import socket
import subprocess
import sys
import tomllib
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import yaml

from otp_service.domain.config_file.provider_file import parse_provider_file
from otp_service.providers import examine
from tests.servers import at_work

ROOT = Path(__file__).parents[2]
DOCKER = ROOT / "docker"
DOCKERFILE = (DOCKER / "Dockerfile").read_text()
COMPOSE: dict[str, Any] = yaml.safe_load((DOCKER / "compose.yaml").read_text())
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
OURS = ["migrate", "web", "worker"]


def final_stage() -> str:
    return DOCKERFILE.rpartition("\nFROM ")[2]


def example_environment() -> dict[str, str]:
    lines = (DOCKER / ".env.example").read_text().splitlines()
    return dict(line.split("=", 1) for line in lines if re.match(r"[A-Z_]+=", line))


def test_hadolint_finds_nothing() -> None:
    """hadolint has nothing to say about the Dockerfile, not even about its style."""
    hadolint = Path(sys.executable).with_name("hadolint")
    command = [str(hadolint), "--config", str(DOCKER / ".hadolint.yaml"), str(DOCKER / "Dockerfile")]

    found = subprocess.run(command, capture_output=True, text=True)

    assert (found.returncode, found.stdout) == (0, "")


def test_every_stage_stands_on_the_base_that_is_given() -> None:
    """Every stage of the image is built on BASE_IMAGE, so that one argument pins them all."""
    assert set(re.findall(r"^FROM (\S+)", DOCKERFILE, re.MULTILINE)) == {"${BASE_IMAGE}"}


def test_the_image_runs_as_a_numbered_user_without_rights() -> None:
    """The image runs as a user that is given by number and is not root, as Kubernetes can check."""
    user = re.findall(r"^USER (\d+):(\d+)$", final_stage(), re.MULTILINE)

    assert len(user) == 1
    assert "0" not in user[0]


def test_the_image_installs_only_what_is_pinned() -> None:
    """Every package in the image comes from a lock with hashes, or is the service itself."""
    installs = re.findall(r"pip install ([^&]+?)(?:\\\n|$)", DOCKERFILE, re.MULTILINE)

    assert installs
    assert all("--require-hashes" in install or "--no-index" in install for install in installs)


def test_the_image_gets_all_that_the_wheel_needs() -> None:
    """What the build copies is let through by .dockerignore, exists, and is all that pyproject.toml names."""
    copied = {path for line in re.findall(r"^COPY ([^-].*)$", DOCKERFILE, re.MULTILINE) for path in line.split()[:-1]}
    allowed = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    wheel = project["tool"]["hatch"]["build"]["targets"]["wheel"]
    needed = {
        project["project"]["readme"],
        *project["project"]["license-files"],
        *wheel["packages"],
        *wheel["force-include"],
    }

    assert {path.split("/")[0] for path in copied} == allowed
    assert needed <= copied
    assert all((ROOT / path).exists() for path in copied)


class Alive(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200 if self.path == "/livez" else 404)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Says nothing."""


def health_check(port: int) -> int:
    """The exit status of the image's health check, asked of another port."""
    written = re.search(r"CMD \[\"python\", \"-c\", \"(.+)\"\]", final_stage())
    assert written is not None
    program = written[1].replace(":8000/", f":{port}/")
    return subprocess.run([sys.executable, "-c", program], capture_output=True).returncode


def test_the_health_check_passes_while_the_service_lives() -> None:
    """The image's health check passes as long as /livez answers, with nothing but the Python that is there anyway."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Alive)
    with at_work(server):
        status = health_check(server.server_port)
    assert status == 0


def test_the_health_check_fails_where_nothing_listens() -> None:
    """The image's health check fails if nothing answers on the port."""
    with socket.socket() as reserved:
        reserved.bind(("127.0.0.1", 0))

        status = health_check(reserved.getsockname()[1])

    assert status == 1


@pytest.mark.parametrize("name", SERVICES)
def test_every_container_is_closed_in(name: str) -> None:
    """Every container has a read-only root, no capabilities, no way to new ones, and starts again after a crash."""
    service = SERVICES[name]

    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["restart"] != "no"
    assert not service.get("privileged", False)


def test_the_composition_holds_no_secret() -> None:
    """No password or key stands in the composition: each is asked from the environment, and missing ones are named."""
    secrets = [
        value
        for service in SERVICES.values()
        for name, value in service["environment"].items()
        if re.search("PASSWORD|AUTH|URL", name)
    ]

    assert secrets
    assert all(re.search(r"\$\{\w+_PASSWORD:\?", value) for value in secrets)


def test_redis_is_durable_and_evicts_nothing() -> None:
    """The composition's Redis keeps an append-only file on a volume and never evicts a failure count."""
    redis = SERVICES["redis"]

    assert "--appendonly yes --appendfsync everysec" in redis["command"][-1]
    assert "--maxmemory-policy noeviction" in redis["command"][-1]
    assert redis["volumes"] == ["redis:/data"]


def test_the_stores_are_out_of_reach() -> None:
    """Redis and PostgreSQL publish no port and share only a network without a way out."""
    for name in ("redis", "postgres"):
        assert "ports" not in SERVICES[name]
        assert SERVICES[name]["networks"] == ["data"]
    assert COMPOSE["networks"]["data"]["internal"] is True


def test_nothing_starts_before_its_schema() -> None:
    """Web and worker start only once the schema is at its head and the stores answer."""
    for name in ("web", "worker"):
        needs = {needed: how["condition"] for needed, how in SERVICES[name]["depends_on"].items()}
        assert needs == {
            "migrate": "service_completed_successfully",
            "redis": "service_healthy",
            "postgres": "service_healthy",
        }
    assert all("healthcheck" in SERVICES[name] for name in ("redis", "postgres"))


@pytest.mark.parametrize("name", OURS)
def test_every_process_is_a_command_of_the_service(name: str) -> None:
    """Each container of ours runs a command that otp-service knows, with options that it knows."""
    command, *options = SERVICES[name]["command"]
    otp_service = Path(sys.executable).with_name("otp-service")

    told = subprocess.run([otp_service, command, "--help"], capture_output=True, text=True)

    assert told.returncode == 0
    assert all(option in told.stdout for option in options if option.startswith("--"))


def test_the_example_environment_names_what_the_composition_asks() -> None:
    """Every variable that must be set, in the composition or for the providers, stands in the example environment."""
    composition = set(re.findall(r"\$\{(\w+):\?", (DOCKER / "compose.yaml").read_text()))
    providers = set(re.findall(r"^[^#\n]*\$\{(\w+)\}", (DOCKER / "otp-service.example.toml").read_text(), re.MULTILINE))

    assert composition | providers | {"OTP_MASTER_KEYS", "OTP_PUBLIC_URL"} <= example_environment().keys()


def test_the_example_environment_starts_nothing_by_itself() -> None:
    """The example environment has no secret filled in, so that nobody runs with one that is published."""
    filled = {name for name, value in example_environment().items() if value}

    assert filled == {"OTP_PUBLIC_URL"}


def test_the_example_of_the_providers_is_valid() -> None:
    """The example of otp-service.toml configures providers, the commented ones included, without a complaint."""
    text = (DOCKER / "otp-service.example.toml").read_text()
    uncommented = re.sub(r"^# ?(?=\[\[|\w+ = )", "", text, flags=re.MULTILINE)
    environment = {
        "TWILIO_ACCOUNT_SID": "AC" + "0" * 32,
        "TWILIO_AUTH_TOKEN": "0" * 32,
        "TWILIO_MESSAGING_SERVICE_SID": "MG" + "0" * 32,
        "GATEWAY_TOKEN": os.urandom(8).hex(),
    }

    configured = parse_provider_file(uncommented, environment, examine=examine)

    assert [entry.name for entry in configured.providers] == ["twilio", "gateway"]
