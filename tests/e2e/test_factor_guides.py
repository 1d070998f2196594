"""docs/factors.md and docs/pages.md, with their curl commands pasted into a shell, by somebody who has an app."""

import json
import re
import time
from typing import Any

import pyotp
import pytest

from tests.e2e.terminal import ROOT, shell, surroundings, unhurried_dev

PERIOD_S = 30


def commands(page: str) -> list[str]:
    """The commands of a guide that ask the service something, each with the lines that belong to it."""
    text = (ROOT / "docs" / page).read_text()
    blocks = re.findall(r"^```sh\n(.*?)^```", text, re.DOTALL | re.MULTILINE)
    asked = "\n".join(blocks)
    return re.findall(r"^(?:\w+=\$\()?curl .*?[^\\]$", asked, re.DOTALL | re.MULTILINE)


def pasted(command: str, **variables: str) -> Any:
    """What a command answers."""
    told = shell(command, surroundings(**variables))
    return json.loads(told.stdout)


def test_the_guide_to_factors_is_true(tmp_path_factory: pytest.TempPathFactory) -> None:
    """An app is enrolled, confirmed, checked, found again and removed by the commands of the guide, in their order."""
    enrol, confirm, check, resync, listed, remove = commands("factors.md")
    with unhurried_dev(tmp_path_factory.mktemp("guides") / "data") as service:
        shared = {"URL": service.url, "KEY": service.ready["admin_key"]}
        made = pasted(enrol, **shared)
        shared |= {"FACTOR": made["id"]}
        app = pyotp.TOTP(made["secret"])
        # Of steps that follow each other, so that nobody has to wait for the next; the device is late at first. Each is
        # read just before it is typed: what came before may have taken a step or two.
        assert pasted(confirm, CODE=app.at(int(time.time()) - 3 * PERIOD_S), **shared)["valid"]
        assert pasted(check, CODE=app.at(int(time.time())), **shared)["valid"]
        later = int(time.time()) + 5 * PERIOD_S
        assert pasted(resync, FIRST=app.at(later), SECOND=app.at(later + PERIOD_S), **shared)["valid"]
        assert [each["id"] for each in pasted(listed, **shared)["items"]] == [made["id"]]
        assert pasted(remove, **shared)["id"] == made["id"]
        assert pasted(listed, **shared)["items"] == []


def test_the_guide_to_pages_makes_pages(tmp_path_factory: pytest.TempPathFactory) -> None:
    """The first commands of the guide make a page to type a code on and one to set up an app, which open."""
    start, code, enrol = commands("pages.md")[:3]
    with unhurried_dev(tmp_path_factory.mktemp("guides") / "data") as service:
        shared = {"URL": service.url, "KEY": service.ready["api_key"], "ADMIN_KEY": service.ready["admin_key"]}
        for command in (f"{start}\n{code}", enrol):
            page = pasted(command, **shared)["url"]
            assert "<form" in shell(f"curl -s {page}", surroundings()).stdout
