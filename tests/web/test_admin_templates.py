"""An application's own templates."""

from typing import Any
from urllib.parse import urlencode

import pytest

from otp_service.service.sealed import envelope_of
from tests.keyspace import outbox
from tests.web.test_admin_applications import fields
from tests.web.test_admin_audit import acts, entries
from tests.world import NUMBER, World

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


DLT = {"dlt_entity_id": "1201159100000000001", "dlt_template_id": "1207161800000000001"}


def preview(world: World, **body: Any) -> Any:
    """The answer to the preview of a text of `shop`."""
    return world.admin.post(f"{PATH}/preview", {"application": "shop", **body})


def test_what_a_template_is_beside_its_text_is_kept(world: World) -> None:
    """Kind, smart encoding and vendor ids are saved with the version, listed and audited."""
    chosen = {"kind": "message", "smart_encoding": False, "vendor_ids": DLT}
    saved = save(world, body="Hi {name}", **chosen).get_json()
    assert {name: saved[name] for name in chosen} == chosen
    assert {name: listed(world)[0][name] for name in chosen} == chosen
    assert {name: entries(world)[0]["after"][name] for name in chosen} == chosen


def test_unless_told_a_template_is_for_verifications_and_smart(world: World) -> None:
    """A save without them has the kind verification, smart encoding on, and no vendor ids."""
    saved = save(world).get_json()
    assert (saved["kind"], saved["smart_encoding"], saved["vendor_ids"]) == ("verification", True, None)


def test_a_template_keeps_its_kind(world: World) -> None:
    """A name and locale that codes use can't become a message's under them; after a removal it can."""
    save(world)
    assert fields(save(world, kind="message", body="Hi")) == ["kind"]
    delete(world)
    assert save(world, kind="message", body="Hi").status_code == 201


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"kind": "letter"}, "kind"),
        ({"kind": "message"}, "body"),
        ({"smart_encoding": "yes"}, "smart_encoding"),
        ({"vendor_ids": {"dlt_entity_id": "1"}}, "vendor_ids.dlt_template_id"),
        ({"vendor_ids": {**DLT, "dlt_entity_id": "x"}}, "vendor_ids.dlt_entity_id"),
        ({"body": "{code} {when:day}"}, "body"),
        ({"country": "ch"}, "country"),
    ],
)
def test_what_makes_no_sense_beside_the_text_is_refused_by_name(world: World, body: dict[str, Any], field: str) -> None:
    """An unknown kind, a type that is none or half of a pair of ids is refused with the field's name."""
    assert fields(save(world, **body)) == [field]


def test_a_lint_tells_the_cost_for_a_country(world: World) -> None:
    """A save answers what the text costs to a country, by the application's prices."""
    world.policy(price_micros={"CH": 70_000})
    findings = save(world, country="CH").get_json()["findings"]
    assert [each["detail"] for each in findings if each["code"] == "cost"] == ["0.07 USD to CH: 1 times 0.07 USD"]


def test_a_lint_shows_the_character_to_blame(world: World) -> None:
    """A character that makes the text dearer is told with its place in the body and what to write instead."""
    findings = save(world, body="{code} para São Paulo").get_json()["findings"]
    (found,) = [each for each in findings if each["code"] == "character"]
    assert found["position"] == 13
    assert "LATIN SMALL LETTER A WITH TILDE" in found["detail"]
    assert found["detail"].endswith("write a instead")


def test_versions_stay_readable(world: World) -> None:
    """Every version can be read again, newest first, also after the template was removed."""
    for number in range(3):
        save(world, body=f"{{code}} {number}")
    delete(world)
    where = f"{PATH}/versions?application=shop&name=hello&locale=en"
    first = world.admin.get(f"{where}&limit=2").get_json()
    rest = world.admin.get(f"{where}&limit=2&cursor={first['next_cursor']}").get_json()
    assert [each["body"] for each in [*first["items"], *rest["items"]]] == ["{code} 2", "{code} 1", "{code} 0"]
    assert rest["next_cursor"] is None


def test_a_draft_is_previewed(world: World) -> None:
    """A body that was never saved is shown filled in, with its encoding, segments and price, and nothing is saved."""
    world.policy(price_micros={"CH": 70_000}, webotp_host="login.example.com")
    shown = preview(world, body="{code} pays {sum:amount}", variables={"sum": "12.50 CHF"}, country="CH").get_json()
    assert shown["text"] == "123456 pays 12.50 CHF\n@login.example.com #123456"
    assert (shown["encoding"], shown["segments"], shown["price_micros"]) == ("gsm7", [shown["text"]], 70_000)
    assert listed(world) == []


def test_a_long_preview_shows_where_it_is_cut(world: World) -> None:
    """The segments of a preview are the text, cut as it is sent and paid for."""
    shown = preview(world, kind="message", body="é" * 200 + "漢" + "x" * 100, country="CH").get_json()
    assert (shown["encoding"], len(shown["segments"])) == ("ucs2", 5)
    assert "".join(shown["segments"]) == shown["text"]
    assert shown["price_micros"] == 5 * preview(world, country="CH").get_json()["price_micros"]


def test_what_would_be_sent_is_previewed(world: World) -> None:
    """Without a body it is the template that a start in this locale would take; a version may be asked for."""
    save(world, body="one {code}")
    save(world, body="two {code}")
    assert preview(world, name="hello", locale="de-CH").get_json()["text"] == "two 123456"
    assert preview(world, name="hello", version=1).get_json()["text"] == "one 123456"
    assert preview(world, version=0).get_json()["version"] == 0
    assert preview(world, name="hello", version=3).status_code == 404
    delete(world)
    assert preview(world, name="hello", version=3).status_code == 404


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"body": "{code} {name}"}, "variables"),
        ({"body": "{code} {sum:amount}", "variables": {"sum": "a lot"}}, "variables"),
        ({"body": "{code} {name}", "variables": {"name": "evil.com"}}, "variables"),
        ({"body": "no code"}, "body"),
        ({"name": "nope"}, "template"),
    ],
)
def test_a_preview_is_as_strict_as_a_start(world: World, body: dict[str, Any], field: str) -> None:
    """Missing values, values that do not fit and bodies that could not be saved are refused."""
    assert fields(preview(world, **body)) == [field]


def test_a_message_is_previewed_without_a_code(world: World) -> None:
    """A message's preview has no code and no last line, and keeps its author's link."""
    world.policy(webotp_host="login.example.com")
    shown = preview(world, kind="message", body="{app}: see https://shop.example/o/{n:digits}", variables={"n": "7"})
    assert shown.get_json()["text"] == "shop: see https://shop.example/o/7"


def test_a_start_holds_values_to_their_types(world: World) -> None:
    """A start whose variable is not what the slot's type wants is refused, and told which slot wants what."""
    save(world, body="{code} for {sum:amount}")
    refused = world.api.start(template="hello", variables={"sum": "a lot"})
    assert refused.status_code == 422
    assert refused.get_json()["errors"] == [
        {
            "field": "variables",
            "code": "slot_type",
            "detail": "sum must be an amount with its currency, such as 12.50 CHF or €12.50",
        }
    ]
    assert world.api.start(template="hello", variables={"sum": "12.50 CHF"}).status_code == 201


def test_a_message_template_sends_no_code(world: World) -> None:
    """A start can't name a template for messages."""
    save(world, kind="message", body="Hi")
    assert world.api.start(template="hello").status_code == 422


def test_a_code_to_india_carries_its_registered_ids(world: World) -> None:
    """The ids of the template and locale that is sent go to the courier for India, and nowhere else."""
    save(world, vendor_ids=DLT)
    save(world, locale="hi", body="{code} आपका कोड है")
    asked = [("+919876543210", "en"), ("+919876543211", "hi"), (NUMBER, "en")]
    for to, locale in asked:
        assert world.api.start(to, template="hello", locale=locale).status_code == 201
    entries_by_number = {sealed["to"]: sealed["dlt"] for sealed in [opened(world, each) for each in outbox(world)]}
    assert entries_by_number == {
        "+919876543210": {"entity_id": DLT["dlt_entity_id"], "template_id": DLT["dlt_template_id"]},
        "+919876543211": None,
        NUMBER: None,
    }


def opened(world: World, entry: dict[bytes, bytes]) -> dict[str, Any]:
    """What stands in the envelope of a message that waits for a courier."""
    found = envelope_of(world.core, entry[b"e"].decode(), entry[b"m"].decode())
    assert found
    return found
