"""docs/api.md and docs/messages.md, with every curl command in them pasted into a shell, in their order."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from tests.e2e.terminal import ROOT, Dev, shell, surroundings, unhurried_dev
from tests.servers import wait_until

WRITTEN_WITHIN_S = 60
# What the answers name -> the variable under which the guides use it.
NAMES = {"ver": "ID", "app": "APP", "key": "KEY_ID"}
# What somebody has to be told once it is in the ledger, which a message is some seconds later.
OF_THE_LEDGER = ("/v1/messages/$",)


def commands(page: str) -> list[str]:
    """The curl commands of a guide, each as one; a remark behind one is none of it."""
    blocks = re.findall(r"^```sh\n(.*?)^```", (ROOT / "docs" / page).read_text(), re.DOTALL | re.MULTILINE)
    found = re.findall(r"^curl .*?(?=^curl |^export |^$|\Z)", "\n".join(blocks), re.DOTALL | re.MULTILINE)
    assert len(found) > 8
    return [command.strip() for command in found]


@dataclass
class Reader:
    """Somebody who pastes what a guide says; the answers' ids are what the next commands need."""

    service: Dev
    variables: dict[str, str] = field(default_factory=dict)

    def pastes(self, command: str) -> tuple[int, Any]:
        """The status and body of an answer; times of the guide are moved ahead of now, and a stream is left again."""
        hour = datetime.now(UTC) + timedelta(hours=1)
        command = re.sub(r'("send_at": )"[^"]+"', rf'\1"{hour:%Y-%m-%dT%H:%M:%SZ}"', command)
        left = "--max-time 10" if " -N " in command else ""
        watched = command.replace("curl ", f"curl -w '\\n%{{http_code}}' {left} ", 1)
        told = shell(f"set +e\n{watched}\ntrue", surroundings(**self.variables))
        body, _, status = told.stdout.rpartition("\n")
        assert status.isdigit(), f"{command}: {told.stderr}"
        return int(status), json.loads(body) if body.startswith("{") else body

    def follows(self, command: str) -> int:
        """The status of a command; what it asks for is given the time that the guide speaks of to be written down, and
        a busy machine that answers 503 is asked again."""
        awaited = {404, 503} if any(place in command for place in OF_THE_LEDGER) else {503}
        answers: list[tuple[int, Any]] = []

        def told() -> bool:
            answers.append(self.pastes(command))
            return answers[-1][0] not in awaited

        wait_until(told, WRITTEN_WITHIN_S, 0.5)
        status, body = answers[-1]
        self.remembers(body)
        return status

    def remembers(self, body: Any) -> None:
        """Keeps the ids of an answer under their names."""
        if not isinstance(body, dict):
            return
        id_ = str(body.get("id", ""))
        if name := NAMES.get(id_.partition("_")[0]):
            self.variables[name] = id_
        message = body.get("message_id") or (id_ if id_.startswith("msg_") else None)
        if message:
            self.variables["MESSAGE_ID"] = message


@pytest.fixture
def reader(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Reader]:
    """A reader with a development service, whose admin key has every scope, and who may send again at once."""
    with unhurried_dev(tmp_path_factory.mktemp("guides") / "data") as service:
        key = service.ready["admin_key"]
        admin = {"Authorization": f"Bearer {key}"}
        (app,) = httpx.get(f"{service.url}/v1/admin/applications", headers=admin, timeout=60).json()["items"]
        patient = {"policy": {"resend_after_s": 0, "limits": {"to": "", "ip": ""}, "max_sends": 20}}
        at = f"{service.url}/v1/admin/applications/{app['id']}"
        httpx.patch(at, headers=admin, json=patient, timeout=60).raise_for_status()
        template = {"application": "dev", "name": "reminder", "locale": "en", "kind": "message", "body": "Hi {name}"}
        httpx.post(f"{service.url}/v1/admin/templates", headers=admin, json=template, timeout=60).raise_for_status()
        variables = {"URL": service.url, "KEY": key, "ADMIN": f"Authorization: Bearer {key}"}
        yield Reader(service, {**variables, "JSON": "Content-Type: application/json"})


def test_every_command_of_the_tour_does_what_it_says(reader: Reader) -> None:
    """Pasted in their order, all commands of docs/api.md are answered with 2xx."""
    answers = [(command, reader.follows(command)) for command in commands("api.md")]

    assert [(command, status) for command, status in answers if not 200 <= status < 300] == []


def test_every_command_about_messages_does_what_it_says(reader: Reader) -> None:
    """Pasted in their order, all commands of docs/messages.md are answered with 2xx."""
    answers = []
    for command in commands("messages.md"):
        reader.variables["ID"] = reader.variables.get("MESSAGE_ID", "")
        answers.append((command, reader.follows(command)))

    assert [(command, status) for command, status in answers if not 200 <= status < 300] == []
