"""docs/challenges.md, pasted into a shell, with the page opened in a real browser between two of its commands."""

import json
import re
from pathlib import Path

from playwright.sync_api import expect

from tests.browser import chromium
from tests.e2e.terminal import ROOT, Dev, shell, surroundings, unhurried_dev
from tests.servers import wait_until

PATIENCE_S = 60
IN_FORCE_WITHIN_S = 45  # a policy that was changed takes effect within seconds

SEE, START, AGAIN = re.findall(
    r"^```sh\n((?:APP|curl).*?)^```", (ROOT / "docs/challenges.md").read_text(), re.DOTALL | re.MULTILINE
)


def solution(page: str) -> str:
    """What the page shows to whoever opens its link."""
    with chromium() as browser:
        opened = browser.new_page()
        opened.goto(page)
        expect(opened.get_by_role("status")).to_have_text("Done.", timeout=60_000)
        return opened.get_by_label("The solution").input_value()


def pasted(service: Dev, commands: str, **more: str) -> dict[str, object]:
    """The answer to the last of these commands; a busy machine that answers 503 is asked again."""
    keys = {"URL": service.url, "KEY": service.ready["api_key"], "ADMIN_KEY": service.ready["admin_key"]}
    answers: list[dict[str, object]] = []

    def answered() -> bool:
        answers.append(json.loads(shell(commands, surroundings(**keys, **more)).stdout))
        return answers[-1].get("code") != "unavailable"

    wait_until(answered, PATIENCE_S, 0.5)
    return answers[-1]


def test_the_story_of_the_guide(tmp_path: Path) -> None:
    """Pasted as they stand, the commands meet a challenge, its page solves it, and the solution sends the code."""
    with unhurried_dev(tmp_path / "data") as service:
        pasted(service, SEE)
        others = (START.replace("+41791234567", f"+417912300{i:02}") for i in range(100))
        wait_until(lambda: pasted(service, next(others)).get("code") == "challenge_required", IN_FORCE_WITHIN_S, 0.5)
        refused = pasted(service, START)
        assert refused["code"] == "challenge_required"
        challenge = refused["challenge"]
        assert isinstance(challenge, dict)
        wrong = pasted(service, AGAIN, SOLUTION="d3Jvbmc=")
        assert wrong["code"] == "challenge_required"
        started = pasted(service, AGAIN, SOLUTION=solution(challenge["page"]))
        assert started["status"] == "pending"
