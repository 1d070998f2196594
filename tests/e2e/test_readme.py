"""Every command of README.md, run as it stands there; one that no test runs is a failure."""

import contextlib
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.e2e.processes import STARTS_WITHIN_S
from tests.e2e.production import REDIS_OPTIONS
from tests.e2e.terminal import ROOT, Dev, code_of, shell, surroundings, typed
from tests.e2e.vendor import Vendor, vendor
from tests.ledger.postgres import postgres
from tests.servers import RedisServer, free_port, redis_server, wait_until

README = (ROOT / "README.md").read_text()
NUMBER = "+41791234567"


def in_blocks(language: str) -> list[str]:
    """What stands in the blocks of a language."""
    return re.findall(rf"^```{language}\n(.*?)^```", README, re.DOTALL | re.MULTILINE)


def commands() -> list[str]:
    """Every command: the lines of the blocks, continued ones as one, and what the prose names between backticks."""
    lines = [line for block in in_blocks("sh") for line in re.split(r"(?<!\\)\n", block) if line]
    prose = re.sub(r"^```.*?^```", "", README, flags=re.DOTALL | re.MULTILINE)
    return lines + re.findall(r"`((?:make|otp-service|apps|keys|worker) [^`]+)`", prose)


def the(beginning: str) -> str:
    """The one command that begins so."""
    found = {command for command in commands() if command.startswith(beginning)}
    assert len(found) == 1, f"README.md has {sorted(found)} for {beginning!r}"
    return found.pop()


# The suite runs `make test`, CI both, and test_bench.py the last.
NOT_RUN_HERE = {"make test", "make check", "make bench"}
DEV, DEMO, HELP, SPEC = (f"make {target}" for target in ("dev", "demo", "help", "spec"))
START, CHECK = "curl -s $URL/v1/verifications -H", "curl -s $URL/v1/verifications/check -H"
SETTINGS = "export OTP_"
KEYS, DOCTOR = "otp-service keys create", "otp-service doctor --production"
ONCE = ("otp-service migrate", "otp-service apps create", KEYS, DOCTOR)
SERVE, WORKER = "otp-service serve", "otp-service worker"
LATER = ("apps show Shop", "apps set Shop ")
GATEWAY = ("otp-service route explain", "otp-service reports route", "otp-service senders plan")
RUN_HERE = (DEV, DEMO, HELP, SPEC, START, CHECK, SETTINGS, *ONCE, SERVE, WORKER, *LATER, *GATEWAY)


def test_every_command_is_run_by_a_test() -> None:
    """README.md has no command that these tests do not run."""
    unknown = [each for each in commands() if each not in NOT_RUN_HERE and not each.startswith(RUN_HERE)]

    assert unknown == []
    assert set(re.findall(r"^```(.+)$", README, re.MULTILINE)) == {"sh", "python"}


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Dev]:
    """What `make dev` starts, on a port, in a data directory and on a Redis of the test's own."""
    arguments = f'ARGS="--json --port 0 --data-dir {tmp_path_factory.mktemp("readme")}/data"'
    with (
        redis_server() as redis,
        typed(f"{the(DEV)} {arguments}", surroundings(OTP_SETUP_APT="no", OTP_REDIS_URL=redis.url)) as running,
    ):
        yield Dev(running.popen, running.out, running.err)


def pasted(command: str, url: str, key: str, **more: str) -> Any:
    """The answer to a curl command of README.md, pasted into a shell in which URL and KEY are set."""
    told = shell(command, surroundings(URL=url, KEY=key, **more))
    assert told.returncode == 0, told.stderr
    return json.loads(told.stdout)


def test_make_dev_and_the_two_lines_play_a_login(service: Dev) -> None:
    """`make dev`, then the two curl lines with the code of the phone, is a login."""
    started = pasted(the(START), service.url, service.key)
    shown = service.get(f"/dev/messages?to=%2B{started['to'][1:]}&wait=30").json()["messages"]
    code = re.search(r"\d{6}", shown[-1]["text"])
    assert code
    checked = pasted(the(CHECK).replace("CODE", code[0]), service.url, service.key)

    assert (started["status"], started["to"]) == ("pending", NUMBER)
    assert (checked["valid"], checked["id"]) == (True, started["id"])


class Person(dict[str, Any]):
    """What the Python example takes for granted; the code is typed when it is asked for, once it has arrived."""

    def __missing__(self, name: str) -> Any:
        if name != "typed":
            raise KeyError(name)
        return code_of(self["otp"], self["verification"])


def test_the_python_example_logs_a_person_in(service: Dev) -> None:
    """The Python example starts a verification and comes to where the person has the phone."""
    (example,) = in_blocks("python")
    assert example.count("...") == 1
    names = Person(api_key=service.key)

    exec(example.replace("http://127.0.0.1:8000", service.url).replace("...", "went_in = True"), {}, names)

    assert names["went_in"] is True


def test_make_demo_ends_well(redis: RedisServer) -> None:
    """`make demo` plays one login and ends well."""
    told = shell(the(DEMO), surroundings(OTP_SETUP_APT="no", OTP_REDIS_URL=redis.url))

    assert told.returncode == 0, told.stdout + told.stderr
    assert "That is a login." in told.stdout


@pytest.mark.parametrize(("command", "words"), [(HELP, "start the service"), (SPEC, "sentences.")])
def test_what_make_prints(command: str, words: str) -> None:
    """`make help` says what can be made, `make spec` what the service does."""
    told = shell(the(command), surroundings(OTP_SETUP_APT="no"))

    assert told.returncode == 0, told.stderr
    assert words in told.stdout


def exported(**values: str) -> dict[str, str]:
    """The settings that README.md exports, with values of the test's own; the ring is made as it says."""
    lines = [command for command in commands() if command.startswith(SETTINGS)]
    names = {line.removeprefix("export ").partition("=")[0] for line in lines}
    assert names == {"OTP_MASTER_KEYS", *values}
    ring = shell(f"{the('export OTP_MASTER_KEYS')}\nprintf %s $OTP_MASTER_KEYS", surroundings())
    return {"OTP_MASTER_KEYS": ring.stdout, **values}


@pytest.fixture
def sms() -> Iterator[Vendor]:
    with vendor() as made:
        yield made


@pytest.fixture
def environment(sms: Vendor, tmp_path: Path) -> Iterator[dict[str, str]]:
    """A shell on a host with Redis, PostgreSQL and a provider, after the exports of README.md."""
    (tmp_path / "otp-service.toml").write_text(sms.configuration)
    with redis_server(*REDIS_OPTIONS) as redis, postgres() as database:
        yield surroundings(
            **exported(
                OTP_REDIS_URL=redis.url,
                OTP_DATABASE_URL=database.format(name="postgres"),
                OTP_PUBLIC_URL="https://otp.example.com",
                OTP_CONFIG="otp-service.toml",
            )
        )


@contextlib.contextmanager
def running(environment: dict[str, str], folder: Path) -> Iterator[str]:
    """`serve` and `worker` as README.md starts them, on a port of the test's own; the URL."""
    port, serve = free_port(), the(SERVE)
    assert "--port 8000" in serve
    with (
        typed(serve.replace("--port 8000", f"--port {port}"), environment, folder),
        typed(the(WORKER), environment, folder),
    ):
        url = f"http://127.0.0.1:{port}"
        wait_until(lambda: is_ready(url), STARTS_WITHIN_S, 0.1)
        yield url


def is_ready(url: str) -> bool:
    with contextlib.suppress(httpx.HTTPError):
        return httpx.get(f"{url}/readyz", timeout=60).status_code == 200
    return False


def said(command: str, environment: dict[str, str], folder: Path) -> str:
    """What a command says that goes well."""
    told = shell(command, environment, folder)
    assert told.returncode == 0, f"{command}: {told.stdout}{told.stderr}"
    return told.stdout


def test_production_is_set_up_and_plays_a_login(environment: dict[str, str], sms: Vendor, tmp_path: Path) -> None:
    """The commands of "In production" set up a service without blockers, on which the two curl lines are a login."""
    answers = {each: said(the(each), environment, tmp_path) for each in ONCE}
    key = re.search(r"otp_live_\w+", answers[KEYS])
    assert key

    with running(environment, tmp_path) as url:
        started = pasted(the(START), url, key[0])
        wait_until(lambda: bool(sms.sent_to(NUMBER)), 60)
        checked = pasted(the(CHECK).replace("CODE", sms.sent_to(NUMBER)[0].code), url, key[0])
        wait_until(lambda: "vendor/CH" in said(the(GATEWAY[1]), environment, tmp_path), 60, 0.5)
    shown, changed = (said(f"otp-service {the(each)}", environment, tmp_path) for each in LATER)
    explained, _, planned = (said(the(each), environment, tmp_path) for each in GATEWAY)

    assert "0 blockers for production." in answers[DOCTOR]
    assert (checked["valid"], checked["id"]) == (True, started["id"])
    assert re.search(r"^most_per_hour_micros +[1-9]\d*$", shown, re.MULTILINE)
    assert re.search(r"^policy\.ttl_s +300$", changed, re.MULTILINE)
    assert re.search(r"^1 +vendor ", explained, re.MULTILINE)
    assert all(country in planned for country in ("US", "IN"))
