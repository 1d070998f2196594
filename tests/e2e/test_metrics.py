"""What production processes tell about themselves: metrics, and one request followed through every log."""

import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import select

from otp_service.ledger.engine import reading
from otp_service.ledger.schema import verification_history
from tests.e2e.processes import Courier, Process, Server
from tests.e2e.production import installation
from tests.e2e.shop import numbers, operator
from tests.servers import wait_until
from tests.world import Api, World

LOGINS = 12
REQUEST_ID = "req-of-a-person-1"


@dataclass(frozen=True)
class Told:
    """A shop after some logins, and what its processes told of them."""

    world: World
    server: Server
    courier: Courier
    exposed: dict[str, str]  # by the process that told it
    secrets: set[str]


def figure(exposition: str, name: str, **labels: str) -> float:
    """The sum of a metric's samples with these labels."""
    families = text_string_to_metric_families(exposition)
    samples = [sample for family in families for sample in family.samples if sample.name == name]
    return sum(sample.value for sample in samples if labels.items() <= sample.labels.items())


def scraped(port: int) -> str:
    return httpx.get(f"http://127.0.0.1:{port}/metrics", timeout=60).text


@pytest.fixture(scope="module")
def told(migrated: Path) -> Iterator[Told]:
    """Two web workers and a courier; each login is a start, a wrong guess and the right one."""
    with installation() as made:
        shutil.copy(migrated, made.folder / "otp.db")
        world = operator(made)
        world.policy(code_length=10)  # no shorter one: any six digits stand in some time stamp
        made.serve(workers=2)
        made.work()
        made.ready()
        web, courier = made.servers[0].metrics_port, made.couriers[0].metrics_port
        api = made.api(world.api.key)
        called = numbers(LOGINS)
        started = [api.start(to, {"X-Request-Id": REQUEST_ID}).get_json()["id"] for to in called]
        made.settles()  # a code that is checked before it is sent is not sent any more
        secrets = {api.key, *called} | {log_in(world, api, id_) for id_ in started}
        made.settles()
        # A fact leaves the stream when it is in the ledger; the courier counts it right after.
        wait_until(lambda: figure(scraped(courier), "otp_facts_drained_total") >= LOGINS * 5, 60)
        exposed = {"web": scraped(web), "courier": scraped(courier)}
        yield Told(world, made.servers[0], made.couriers[0], exposed, secrets)


def log_in(world: World, api: Api, id_: str) -> str:
    """A wrong guess and the right one, each over a connection of its own; the code."""
    code = world.code(id_)
    assert api.check(world.wrong(id_), id=id_).get_json()["reason"] == "wrong_code"
    assert api.check(code, id=id_).get_json()["valid"]
    return code


def test_the_figures_of_all_workers_add_up(told: Told) -> None:
    """The metrics of a web process are the sums over its workers, whichever of them answered what."""
    web = told.exposed["web"]

    assert len(told.server.workers()) == 2
    assert figure(web, "otp_requests_total", route="/v1/verifications", status="201") == LOGINS
    assert figure(web, "otp_requests_total", route="/v1/verifications/check", status="200") == LOGINS * 2
    assert figure(web, "otp_request_seconds_count", route="/v1/verifications") == LOGINS
    assert figure(web, "otp_verifications_started_total", country="CH", kind="new") == LOGINS
    assert figure(web, "otp_checks_total", result="wrong_code") == LOGINS
    assert figure(web, "otp_checks_total", result="approved") == LOGINS
    assert figure(web, "otp_ledger_up") >= 1


def test_a_courier_counts_what_it_sent(told: Told) -> None:
    """The metrics of a courier count tries by provider, messages by their end, and the facts that the ledger took."""
    courier = told.exposed["courier"]

    assert figure(courier, "otp_attempts_total", provider="vendor", verdict="accepted") == LOGINS
    assert figure(courier, "otp_messages_total") == LOGINS
    assert figure(courier, "otp_message_wait_seconds_count") == LOGINS
    assert figure(courier, "otp_dead_letters_total") == 0


def test_metrics_are_not_on_the_public_port(told: Told) -> None:
    """In production /metrics is on a port of its own and answers 404 on the public one."""
    assert httpx.get(f"{told.server.url}/metrics").status_code == 404


def test_nothing_secret_is_told(told: Told) -> None:
    """No number, code or key that went through the service stands in a metric or in a log line."""
    everything = {**told.exposed, "web log": told.server.logged, "courier log": told.courier.logged}

    assert not [(place, secret) for place, text in everything.items() for secret in told.secrets if secret in text]


def events(process: Process) -> set[str]:
    """The kinds of log lines that carry the request's id."""
    lines = [json.loads(line) for line in process.logged.splitlines() if line.startswith("{")]
    return {line["event"] for line in lines if line.get("request_id") == REQUEST_ID}


def test_a_request_can_be_followed(told: Told) -> None:
    """The X-Request-Id of a start stands in the web's log, in the courier's, and in the verification's history."""
    with reading(told.world.core.engine) as connection:
        history = connection.execute(select(verification_history.c.event, verification_history.c.data)).all()

    assert events(told.server) == {"request"}
    assert events(told.courier) == {"message_accepted"}
    assert {event for event, data in history if data.get("request") == REQUEST_ID} == {"started"}
