"""Two admins at one policy or text: neither undoes unseen what the other did, and no rule is judged by what is past."""

import re
from collections.abc import Iterator
from html import unescape
from typing import Any

import httpx
import pytest

from otp_service.domain.errors import Refusal
from otp_service.domain.policy import Policy
from otp_service.service.admin import applications, templates
from otp_service.service.admin.templates import Draft
from otp_service.service.console import policing
from tests.console.conftest import Console, serving
from tests.world import World

PAGE = "/console/policies"
VALUE = re.compile(r'<input(?: type="hidden")?(?: id="[^"]*")? name="([a-z_.]+)" value="([^"]*)"')
CHOSEN = re.compile(r'<select id="[^"]*" name="([a-z_.]+)".*?<option value="([^"]*)" selected>', re.DOTALL)
TEXT = re.compile(r'<textarea id="[^"]*" name="([a-z_.]+)"[^>]*>\n(.*?)</textarea>', re.DOTALL)


@pytest.fixture
def console(world: World) -> Iterator[Console]:
    """A running console over real HTTP; nobody here looks at it with a browser."""
    with serving(world) as running:
        yield running


def form(answer: httpx.Response) -> dict[str, str]:
    """What the form on a page holds, as a browser would send it."""
    found = (VALUE.findall(answer.text), CHOSEN.findall(answer.text), TEXT.findall(answer.text))
    return {name: unescape(value) for each in found for name, value in each}


def in_force(console: Console) -> Policy:
    return applications.get(console.world.core, "shop").policy


def typed(client: httpx.Client, page: dict[str, str], **fields: str) -> httpx.Response:
    """The review of a page's form after some of its fields were typed over."""
    return client.post(f"{PAGE}/review", data={**page, **{f"policy.{name}": text for name, text in fields.items()}})


def test_a_form_that_was_left_open_undoes_nothing(console: Console) -> None:
    """Whoever changes one field of an old form changes that field alone, whatever others have changed since."""
    with console.http() as client:
        page = form(client.get(PAGE))
        console.world.policy(max_attempts=3, countries=["CH"])
        review = typed(client, page, ttl_s="300")
        assert 'name="policy.ttl_s" value="300"' in review.text
        assert 'name="policy.max_attempts"' not in review.text
        assert client.post(f"{PAGE}/save", data=form(review)).status_code == 303
    assert (in_force(console).ttl_s, in_force(console).max_attempts, in_force(console).countries) == (300, 3, ["CH"])


@pytest.mark.parametrize("late", ["before the review", "after the review"])
def test_whom_somebody_forestalled_is_told(console: Console, late: str) -> None:
    """A field that somebody else has changed since is not overwritten unseen: what they made of it is told first."""
    with console.http() as client:
        page = form(client.get(PAGE))
        if late == "after the review":
            page = form(typed(client, page, ttl_s="300"))
        console.world.policy(ttl_s=120, max_attempts=3)
        path = "save" if late == "after the review" else "review"
        told = client.post(f"{PAGE}/{path}", data={**page, "policy.ttl_s": "300"})
        assert told.status_code == 422
        assert "somebody else has made this 120 meanwhile" in told.text
        assert in_force(console).ttl_s == 120
        again = form(told)
        assert (again["policy.ttl_s"], again["policy.max_attempts"]) == ("300", "3")
        review = typed(client, again)
        assert client.post(f"{PAGE}/save", data=form(review)).status_code == 303
    assert (in_force(console).ttl_s, in_force(console).max_attempts) == (300, 3)


def test_a_change_is_judged_by_the_policy_it_changes(console: Console) -> None:
    """A ceiling that is lowered between the look and the change is not raised again by who gave no fresh proof."""
    core = console.world.core
    console.world.policy(spend_per_day_micros=100_000_000)
    asked = policing.change(core, "shop", {"policy.spend_per_day_micros": "50"})
    assert not asked.loosens_spend
    console.world.policy(spend_per_day_micros=10_000_000)
    with pytest.raises(Refusal, match="somebody else has changed this policy") as refused:
        policing.save(core, "admin:Ana", asked, role="admin", proven=False)
    assert refused.value.code == "conflict"
    assert in_force(console).spend_per_day_micros == 10_000_000


@pytest.mark.parametrize(("text", "left"), [("DE 0.05", {"DE": 50_000}), ("", {})])
def test_a_price_that_is_struck_out_is_gone(console: Console, text: str, left: dict[str, Any]) -> None:
    """A line that is deleted from the prices takes its price away, and is not merged back in."""
    console.world.policy(price_micros={"CH": 45_000, "DE": 50_000}, spend_per_day_micros=None)
    with console.http() as client:
        review = typed(client, form(client.get(PAGE)), price_micros=text)
        assert client.post(f"{PAGE}/raise", data=form(review)).status_code == 303
    assert in_force(console).price_micros == left


@pytest.mark.parametrize("known", [True, False], ids=["of a known name", "of a new name"])
@pytest.mark.parametrize("previewed", [True, False], ids=["previewed", "at once"])
def test_no_text_takes_the_place_of_one_that_was_not_seen(console: Console, *, known: bool, previewed: bool) -> None:
    """Whoever saves over a version that came after theirs is told of it, and saves theirs once they have seen it."""
    core, text = console.world.core, "{code} opens {app}"
    if known:
        templates.save(core, "tests", "shop", Draft("default", "en", f"1 {text}"))
    with console.http() as client:
        asked = {"application": console.world.shop, "name": "default", "locale": "en"}
        page = form(client.get("/console/templates/edit", params=asked)) | {"name": "default", "locale": "en"}
        templates.save(core, "tests", "shop", Draft("default", "en", f"theirs {text}"))
        mine = {**page, "body": f"mine {text}"}
        if previewed:
            mine = form(client.post("/console/templates/preview", data=mine))
        told = client.post("/console/templates/save", data=mine)
        assert told.status_code == 409
        assert "was saved meanwhile" in told.text
        assert f"theirs {text}" in told.text
        assert _texts(console) == [f"theirs {text}"]
        assert client.post("/console/templates/save", data=form(told)).status_code == 303
    assert _texts(console) == [f"mine {text}"]


def _texts(console: Console) -> list[str]:
    return [each.body for each in templates.page(console.world.core, "shop", 10).items]
