"""An application's own templates."""

from typing import Any
from urllib.parse import urlencode

import pytest

from tests.web.test_admin_applications import fields
from tests.web.test_admin_audit import acts, entries
from tests.world import World

PATH = "/v1/admin/templates"
BODY = "{code} is your code for {app}."


def save(world: World, **body: Any) -> Any:
    """The answer to the saving of a template of `shop`."""
    return world.admin.post(PATH, {"application": "shop", "name": "hello", "locale": "en", "body": BODY, **body})


def delete(world: World, **query: str) -> Any:
    """The answer to the deletion of a template of `shop`."""
    named = {"application": "shop", "name": "hello", "locale": "en", **query}
    return world.admin.delete(f"{PATH}?{urlencode(named)}")


def listed(world: World) -> list[dict[str, Any]]:
    """The templates of `shop` in force."""
    found: list[dict[str, Any]] = world.admin.get(f"{PATH}?application=shop").get_json()["items"]
    return found


def test_a_save_is_the_next_version(world: World) -> None:
    """Each save is a version of its own, and the newest is the one that is listed."""
    assert [save(world).get_json()["version"] for _ in range(2)] == [1, 2]
    saved = save(world, body="New: {code}").get_json()
    assert saved["version"] == 3
    assert listed(world) == [{name: value for name, value in saved.items() if name != "findings"}]


def test_a_saved_template_can_be_sent(world: World) -> None:
    """A start may name a template as soon as it is saved."""
    assert world.api.start(template="hello").status_code == 422
    save(world)
    assert world.api.start(template="hello").status_code == 201


def test_a_locale_is_stored_in_its_usual_spelling(world: World) -> None:
    """A template for de_ch is found, listed and deleted as de-CH."""
    save(world, locale="de_ch")
    assert [template["locale"] for template in listed(world)] == ["de-CH"]
    assert delete(world, locale="DE-ch").get_json()["locale"] == "de-CH"


def test_a_lint_tells_what_it_costs(world: World) -> None:
    """A save answers how many segments the text takes and in which encoding."""
    found = save(world, body="{code} 漢字" + "x" * 80).get_json()["findings"]
    assert {finding["code"] for finding in found} >= {"encoding", "segments"}
    assert "warning" in {finding["severity"] for finding in found}


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"body": "no code"}, "body"),
        ({"body": "{code} https://example.com"}, "body"),
        ({"body": ""}, "body"),
        ({"name": "Hello"}, "name"),
        ({"name": ""}, "name"),
        ({"locale": "english, please"}, "locale"),
        ({"application": None}, "application"),
    ],
)
def test_what_makes_no_sense_is_refused_by_name(world: World, body: dict[str, Any], field: str) -> None:
    """A template that can't be used is refused with the field's name, and is not audited."""
    before = acts(world)
    assert fields(save(world, **body)) == [field]
    assert acts(world) == before


def test_a_deleted_template_is_out_of_force(world: World) -> None:
    """A deleted template is answered once more, is in no list, and can't be sent."""
    save(world)
    saved = listed(world)[0]
    assert delete(world).get_json() == saved
    assert listed(world) == []
    assert world.api.start(template="hello").status_code == 422
    assert delete(world).status_code == 404


def test_a_version_is_never_used_again(world: World) -> None:
    """A template that is saved after its deletion gets a version that nothing had before."""
    save(world)
    delete(world)
    assert save(world).get_json()["version"] == 3


def test_saving_and_deleting_are_audited(world: World) -> None:
    """The audit holds the text that was saved and the one that was deleted."""
    save(world)
    delete(world)
    removed, added = entries(world)[:2]
    assert (removed["act"], added["act"]) == ("template.remove", "template.add")
    assert removed["before"]["body"] == added["after"]["body"] == BODY
    assert removed["target"] == added["target"] == "hello/en"


def test_an_unknown_template_is_not_found(world: World) -> None:
    """A template that was never saved can't be deleted, a built-in one neither."""
    assert delete(world, name="default").status_code == 404
    assert delete(world, application="bank").status_code == 404
