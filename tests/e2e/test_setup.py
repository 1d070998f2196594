"""What a newcomer's first commands do; every run from a fresh clone proves the set-up of the machine itself."""

import ast
import contextlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from packaging.requirements import Requirement

from tests.servers import RedisServer

ROOT = Path(__file__).parents[2]
NEEDED_BY_THE_SET_UP = ("basename", "cat", "cksum", "dirname", "grep", "id", "ls", "sh", "tail", "tr")
# Without what an outer make hands down: its messages would stand among those of the inner one.
TYPED = {name: value for name, value in os.environ.items() if name not in ("ARGS", "MAKEFLAGS", "MAKELEVEL", "MFLAGS")}
LOCKS = ("runtime", "build", "dev")


def make(*arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
    """make, as somebody types it; stdin is closed, as in CI."""
    return subprocess.run(
        ["make", *arguments],
        cwd=ROOT,
        env=TYPED | settings,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
    )


def script(path: Path, text: str) -> None:
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)


@pytest.fixture
def machine(tmp_path: Path) -> Path:
    """A fresh clone's set-up on a machine that has a shell but no Python; PATH is its folder `bin`."""
    (tmp_path / "bin").mkdir()
    shutil.copytree(ROOT / "scripts", tmp_path / "scripts")
    shutil.copytree(ROOT / "requirements", tmp_path / "requirements")
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    for name in NEEDED_BY_THE_SET_UP:
        found = shutil.which(name)
        assert found is not None
        (tmp_path / "bin" / name).symlink_to(found)
    return tmp_path


def set_up(machine: Path, what: str = "dev", **environment: str) -> subprocess.CompletedProcess[str]:
    command = [str(machine / "scripts/setup.sh"), what]
    return subprocess.run(command, env={"PATH": str(machine / "bin"), **environment}, capture_output=True, text=True)


def python_named(machine: Path, name: str, *, usable: bool, has_venv: bool = True) -> None:
    """Puts an interpreter on PATH that is new enough or not, and stops when it is to make .venv."""
    answers = f'case "$2" in *version_info*11*) exit {0 if usable else 1};; *version_info*) echo {name}-venv; exit 0;; '
    ensurepip = f"*ensurepip*) exit {0 if has_venv else 1};; esac"
    script(machine / "bin" / name, f'{answers}{ensurepip}\necho "Python of {name}"; [ "$1" != -m ]')


def test_help_names_every_target() -> None:
    """`make` alone says in one line each what can be made."""
    targets = re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE)

    told = make()

    assert told.returncode == 0
    assert {line.split()[0] for line in told.stdout.splitlines()[1:]} == set(targets)
    assert {"dev", "demo", "test", "lint", "check", "spec", "bench", "help"} <= set(targets)


def test_the_newest_python_is_taken(machine: Path) -> None:
    """Of several Pythons on PATH the set-up takes the newest that it knows to work."""
    for name in ("python3.11", "python3.13", "python3"):
        python_named(machine, name, usable=True)

    told = set_up(machine)

    assert f"({machine}/bin/python3.13)" in told.stderr


def test_a_name_that_leads_nowhere_is_passed_over(machine: Path) -> None:
    """A Python that is on PATH but does not run, as version switchers leave them, is not taken."""
    script(machine / "bin/python3.13", "echo 'python3.13: command not found' >&2; exit 127")
    python_named(machine, "python3.12", usable=True)

    told = set_up(machine)

    assert f"({machine}/bin/python3.12)" in told.stderr


def test_an_old_python_is_refused_with_the_way_out(machine: Path) -> None:
    """With an older Python only, the set-up says which one is needed, which is there and what to run."""
    python_named(machine, "python3", usable=False)

    told = set_up(machine, OTP_SETUP_APT="no")

    assert told.returncode == 1
    assert "Python 3.11 or later is needed" in told.stderr
    assert "Python of python3" in told.stderr
    assert "sudo apt-get install -y python3 python3-venv" in told.stderr
    assert not (machine / ".venv").exists()


def test_a_missing_venv_module_is_named(machine: Path) -> None:
    """Where Debian's venv package is missing and may not be installed, the set-up says what to run."""
    python_named(machine, "python3.11", usable=True, has_venv=False)

    told = set_up(machine, OTP_SETUP_APT="no")

    assert told.returncode == 1
    assert "sudo apt-get install -y python3.11-venv" in told.stderr


def test_a_failed_set_up_is_tried_again(machine: Path) -> None:
    """A set-up that failed leaves no stamp, so that the next one starts over."""
    python_named(machine, "python3.11", usable=True)

    first, second = set_up(machine), set_up(machine)

    assert first.returncode == second.returncode != 0
    assert "Making .venv" in second.stderr


def test_a_second_set_up_does_nothing() -> None:
    """What is set up stays set up: a second run says nothing and installs nothing."""
    written = [ROOT / ".venv" / name for name in (".done-dev", "setup.log", "pyvenv.cfg")]
    before = [path.stat().st_mtime_ns for path in written]

    told = make("dev", "ARGS=--help")

    assert (told.returncode, told.stderr) == (0, "")
    assert "Usage: otp-service dev" in told.stdout
    assert [path.stat().st_mtime_ns for path in written] == before


@pytest.fixture
def service(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """`make dev` of a newcomer, on a port of its own choice."""
    arguments = f"ARGS=--json --port 0 --data-dir {tmp_path / 'data'}"
    command = ["make", "dev", arguments]
    with subprocess.Popen(
        command, cwd=ROOT, env=TYPED, stdout=subprocess.PIPE, text=True, start_new_session=True
    ) as process:
        try:
            yield process
            os.killpg(process.pid, signal.SIGTERM)
            process.wait(60)
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)  # leaving the block waits for its end


def test_make_dev_starts_the_service(service: subprocess.Popen[str]) -> None:
    """`make dev` starts the service and says where it answers."""
    assert service.stdout is not None

    ready = json.loads(service.stdout.readline())

    assert httpx.get(f"{ready['url']}/livez", timeout=60).status_code == 200
    assert {"url", "api_key", "admin_key", "phone_url"} <= ready.keys()


def test_make_demo_plays_a_login(redis: RedisServer) -> None:
    """`make demo` plays one login from the request to the right code and ends well."""
    told = make("demo", OTP_REDIS_URL=redis.url)

    assert told.returncode == 0, told.stdout + told.stderr


def test_spec_prints_every_sentence() -> None:
    """`make spec` prints the sentence of every test, and there is no test without one."""
    files = list((ROOT / "tests").rglob("test_*.py"))
    names = [
        line for path in files for line in path.read_text().splitlines() if re.match(r" *(async )?def test_", line)
    ]

    told = make("spec")

    assert (told.returncode, told.stderr) == (0, "")
    assert "    - `make spec` prints the sentence of every test, and there is no test without one." in told.stdout
    assert f"\n{len(names)} sentences." in told.stdout


def test_spec_names_a_test_without_a_sentence(tmp_path: Path) -> None:
    """A test without a sentence makes `make spec` fail, and it is named."""
    (tmp_path / "test_mute.py").write_text("def test_nothing(): pass\n")

    command = [sys.executable, str(ROOT / "scripts/spec.py"), str(tmp_path)]
    told = subprocess.run(command, capture_output=True, text=True)

    assert told.returncode == 1
    assert "test_mute.py::test_nothing" in told.stderr


def pins(lock: str) -> dict[str, set[str]]:
    """The pinned versions by name; one of several holds, depending on the platform."""
    found: dict[str, set[str]] = {}
    for name, version in re.findall(
        r"^([a-z0-9_.-]+)==([^ ;]+)", (ROOT / f"requirements/{lock}.lock").read_text(), re.MULTILINE
    ):
        found.setdefault(name, set()).add(version)
    return found


def asked(lock: str) -> list[Requirement]:
    """What pyproject.toml asks for, of the kind that the lock answers."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    kinds = {
        "runtime": project["project"]["dependencies"],
        "build": project["build-system"]["requires"],
        "dev": project["project"]["dependencies"] + project["dependency-groups"]["dev"],
    }
    return [Requirement(text) for text in kinds[lock]]


@pytest.mark.parametrize("lock", LOCKS)
def test_every_dependency_is_pinned_within_its_range(lock: str) -> None:
    """Everything that pyproject.toml asks for is pinned, at a version that it allows."""
    pinned = pins(lock)

    wrong = [
        str(requirement)
        for requirement in asked(lock)
        if not any(requirement.specifier.contains(version) for version in pinned.get(requirement.name.lower(), ()))
    ]

    assert not wrong, "run `make lock`"


@pytest.mark.parametrize("lock", LOCKS)
def test_every_pin_has_its_hashes_and_no_index(lock: str) -> None:
    """A lock holds hashes for every pin and the address of no package index."""
    text = (ROOT / f"requirements/{lock}.lock").read_text()

    blocks = re.split(r"\n(?=[a-z0-9])", text)[1:]

    assert blocks
    assert all("--hash=sha256:" in block for block in blocks)
    assert "://" not in text


def test_ci_runs_the_tests_and_the_lint() -> None:
    """What CI runs is what a developer runs: the tests, then the lint, and the first failure ends it."""
    commands = [line for line in (ROOT / ".ci/run").read_text().splitlines() if line and not line.startswith("#")]

    assert os.access(ROOT / ".ci/run", os.X_OK)
    assert commands[0] == "set -eu"
    assert commands[-2:] == ["make test", "make lint"]


def test_the_specification_script_reads_without_running() -> None:
    """The specification is read from the source: no test module is imported for it."""
    tree = ast.parse((ROOT / "scripts/spec.py").read_text())

    imported = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}

    assert imported == {"ast", "sys"}
