"""The brake, for admins."""

from typing import Any
from urllib.parse import urlencode

import pytest

from otp_service.domain.fraud.scopes import operator_prefix
from otp_service.domain.policy import Policy
from otp_service.domain.times import milliseconds
from otp_service.service.core import now_ms
from otp_service.store import fraud
from otp_service.store.fraud import quarantines_key
from tests.web.test_admin_applications import fields
from tests.web.test_admin_audit import acts, entries
from tests.web.test_admin_blocks import allow, block
from tests.world import NUMBER, World

PATH = "/v1/admin/fraud"
IP = "203.0.113.7"
PREFIX = operator_prefix(NUMBER)
LONG = 4_102_444_800_000  # the year 2100


def braked(world: World, **query: str) -> dict[str, Any]:
    """What the brake of `shop` holds."""
    found: dict[str, Any] = world.admin.get(f"{PATH}?{urlencode({'application': 'shop', **query})}").get_json()
    return found


def quarantine(world: World, prefix: str = PREFIX, country: str = "CH") -> None:
    """Puts a prefix of `shop` in quarantine."""
    world.core.link.command("ZADD", quarantines_key(world.shop), LONG, f"{prefix} {country}")


def scopes(found: dict[str, Any]) -> set[str]:
    return {state["scope"] for state in found["states"]}


def test_a_send_is_owed_until_somebody_types_its_code(world: World) -> None:
    """Every scope of a send owes its price, and the answer says how many sends each may owe."""
    assert braked(world, to=NUMBER)["states"] == []
    world.api.start(client={"ip": IP})
    found = braked(world, to=NUMBER, ip=IP)
    assert scopes(found) == {"number", "block", "prefix", "country", "application", "network"}
    assert all(state["owed_micros"] > 0 for state in found["states"])
    number = next(state for state in found["states"] if state["scope"] == "number")
    assert (number["weak_sends"], number["strong_sends"]) == (
        found["thresholds"]["number_weak"],
        found["thresholds"]["number_strong"],
    )
    assert (found["to"], found["network"], found["country"]) == ("+4179•••4567", "203.0.113.0/24", "CH")


def test_a_scope_can_be_asked_for_by_itself(world: World) -> None:
    """A network or a country is shown without a number."""
    world.api.start(client={"ip": IP})
    assert scopes(braked(world, ip=IP)) == {"network", "application"}
    assert scopes(braked(world, country="CH")) == {"country", "application"}
    assert scopes(braked(world)) == {"application"}


def test_debts_are_told_as_they_count_now(world: World) -> None:
    """What was owed long ago is told less what time has forgiven, at the price of a send there, and as of when."""
    world.policy(price_micros={"CH": 80_000}, thresholds={"number_refill_per_day": 2, "block_refill_per_day": 0})
    policy = world.core.snapshot().applications[world.shop].policy
    charged_ms = now_ms() - 6 * 3_600_000
    brake = fraud.brake(world.core.index_key, world.shop, NUMBER, "CH", None, policy.thresholds, 80_000, 0.9)
    fraud.decide(world.core.link, brake, now=str(charged_ms))
    found = braked(world, to=NUMBER)
    assert milliseconds(found["as_of"]) >= charged_ms + 6 * 3_600_000
    told = {state["scope"]: (state["owed_micros"], milliseconds(state["at"])) for state in found["states"]}
    elapsed_ms = milliseconds(found["as_of"]) - charged_ms
    assert told["number"] == (pytest.approx(80_000 - 160_000 * elapsed_ms / 86_400_000, abs=2), charged_ms)
    assert told["block"] == (80_000, charged_ms)


def test_it_shows_the_mode_and_the_thresholds_in_force(world: World) -> None:
    """What the policy says of the brake stands beside its state, and shadow mode is a change of the policy."""
    path = "/v1/admin/applications"
    world.admin.call("PATCH", f"{path}/{world.shop}", {"policy": {"fraud": "shadow", "thresholds": {"alarm": 20}}})
    found = braked(world)
    assert (found["mode"], found["thresholds"]["alarm"]) == ("shadow", 20)
    assert found["thresholds"]["answer_s"] == Policy().thresholds.answer_s
    assert entries(world)[0]["act"].startswith("application.")


def test_it_says_what_blocks_and_allows_meet(world: World) -> None:
    """Blocks and allows that meet what is asked for are named by their kinds."""
    block(world, kind="network", value="203.0.113.0/24")
    allow(world)
    found = braked(world, to=NUMBER, ip=IP)
    assert (found["blocked_by"], found["allowed_by"]) == (["network"], ["number"])


def test_quarantines_are_listed_and_lifted(world: World) -> None:
    """A prefix in quarantine is listed with its end, and gone once it is lifted, audited by its prefix."""
    quarantine(world)
    [told] = world.admin.get(f"{PATH}/quarantines").get_json()["items"]
    assert told == {"application": world.shop, "prefix": PREFIX, "country": "CH", "until": "2100-01-01T00:00:00.000Z"}
    assert braked(world)["quarantines"] == [told]
    lifted = world.admin.delete(f"{PATH}/quarantines?application=shop&prefix=%2B{PREFIX[1:]}")
    assert lifted.get_json()["items"] == []
    assert world.admin.get(f"{PATH}/quarantines?application=shop").get_json()["items"] == []
    assert (entries(world)[0]["act"], entries(world)[0]["target"]) == ("fraud.lift", PREFIX)


def test_lifting_what_is_in_no_quarantine_changes_nothing(world: World) -> None:
    """A prefix that is in no quarantine is 404, and nothing is audited."""
    quarantine(world)
    before = acts(world)
    assert world.admin.delete(f"{PATH}/quarantines?application=shop&prefix=%2B4178").status_code == 404
    assert acts(world) == before


def test_quarantines_are_of_their_application(world: World) -> None:
    """The quarantines of one application leave the others alone."""
    world.application("bank", Policy())
    quarantine(world)
    assert world.admin.get(f"{PATH}/quarantines?application=bank").get_json()["items"] == []
    assert world.admin.delete(f"{PATH}/quarantines?application=bank&prefix=%2B{PREFIX[1:]}").status_code == 404


@pytest.mark.parametrize(
    ("query", "field"), [({"to": "nobody"}, "to"), ({"ip": "localhost"}, "ip"), ({"country": "XX"}, "country")]
)
def test_a_bad_query_is_refused_by_name(world: World, query: dict[str, str], field: str) -> None:
    """A query that makes no sense is refused with the parameter's name."""
    assert fields(world.admin.get(f"{PATH}?{urlencode({'application': 'shop', **query})}")) == [field]
