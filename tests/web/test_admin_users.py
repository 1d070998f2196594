"""Users with factors, for admins: seeing them, lifting, removing, forgetting."""

from typing import Any
from urllib.parse import urlencode

import pytest
from sqlalchemy import select

from otp_service.domain.factors.delays import MOST_FAILURES
from otp_service.domain.factors.names import masked
from otp_service.ledger.engine import reading
from otp_service.ledger.facts import apply_facts
from otp_service.ledger.schema import METADATA, events, factor_users
from otp_service.service import limits
from otp_service.service.callers import authenticate
from tests.factor_world import FactorWorld
from tests.ledger.telling import started
from tests.web.test_admin_audit import acts, entries

PATH = "/v1/admin/users"
NAME = "anabel@example.com"


def path(**query: Any) -> str:
    """The users of `shop` that this query asks for."""
    return f"{PATH}?{urlencode({'application': 'shop', **query})}"


def items(world: FactorWorld, **query: Any) -> list[dict[str, Any]]:
    """A page of users."""
    found: list[dict[str, Any]] = world.admin.get(path(**query)).get_json()["items"]
    return found


def id_of(world: FactorWorld, name: str = NAME) -> str:
    """By what admins name a user."""
    return str(items(world, user=name)[0]["id"])


def disable(world: FactorWorld, made: dict[str, Any], name: str = NAME) -> None:
    """So many wrong codes in a row that it ends."""
    wrong = world.wrong(made)
    with world.core.engine.begin() as connection:
        connection.execute(factor_users.update().values(failures=MOST_FAILURES - 1))
    assert world.verdict(wrong, name) == "wrong_code"


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("anabel@example.com", "an•••@example.com"),
        ("ana@example.com", "•••@example.com"),
        ("user-4711", "us•••"),
        ("u1", "•••"),
        ("@", "•••"),
        ("@x", "•••"),
    ],
)
def test_a_name_is_masked(name: str, shown: str) -> None:
    """Of a name its first two characters are shown, of a short one none; where an address is at is no secret."""
    assert masked(name) == shown


def test_users_are_listed_newest_first(quick: FactorWorld) -> None:
    """A list tells who has which factors, by masked names, and leads on page by page."""
    quick.confirmed("user-1")
    quick.clock.pass_(1000)
    quick.enrolled("user-2")
    quick.enrolled("user-2", "recovery_codes")
    quick.enrolled("tester", by=quick.caller("factors", test=True))
    told = items(quick)
    assert [(each["user"], each["types"]) for each in told] == [("us•••", ["recovery_codes"]), ("us•••", ["totp"])]
    first = quick.admin.get(path(limit=1)).get_json()
    second = quick.admin.get(path(limit=1, cursor=first["next_cursor"])).get_json()
    assert [*first["items"], *second["items"]] == told
    assert [each["user"] for each in items(quick, test="true")] == ["te•••"]


def test_a_user_is_found_by_their_name(quick: FactorWorld) -> None:
    """The exact name finds one user, by its index; no other name finds anybody."""
    quick.enrolled(NAME)
    quick.enrolled("other")
    assert [each["user"] for each in items(quick, user=NAME)] == ["an•••@example.com"]
    assert items(quick, user="anabel") == items(quick, user=NAME, test="true") == []


def test_one_user_is_shown_with_what_happened(quick: FactorWorld) -> None:
    """A user's factors, their devices and their history are told, without secret and with masked names."""
    made = quick.confirmed(NAME)
    quick.verdict(quick.wrong(made), NAME)
    told = quick.admin.get(f"{PATH}/{id_of(quick)}").get_json()
    assert [(each["id"], each["label"]) for each in told["factors"]] == [(made["id"], "an•••@example.com")]
    assert [each["event"] for each in told["history"]][:1] == ["failed"]
    assert {each["event"] for each in told["history"]} == {"failed", "confirmed", "checked", "enrolled"}
    assert (told["failures"], told["attempts_left"]) == (1, MOST_FAILURES - 1)
    assert made["secret"] not in str(told)
    assert "anabel" not in str(told)


def test_who_reads_a_name_in_full_is_audited(quick: FactorWorld) -> None:
    """Names in full take a reason, which the audit has; it names the user by an index."""
    quick.enrolled(NAME)
    there = f"{PATH}/{id_of(quick)}"
    assert quick.admin.get(f"{there}?names=full").status_code == 422
    told = quick.admin.get(f"{there}?names=full&reason=on+the+phone").get_json()
    assert (told["user"], told["factors"][0]["label"]) == (NAME, NAME)
    newest, *_ = entries(quick)
    assert (newest["act"], newest["target"], newest["after"]) == ("user.look", told["id"], {"reason": "on the phone"})


def test_a_disabled_user_is_enabled_by_lifting(quick: FactorWorld) -> None:
    """Whom 100 wrong codes disabled is listed as such; lifting lets them in again, and is audited and written down."""
    made = quick.confirmed(NAME)
    quick.enrolled("other")
    disable(quick, made)
    assert quick.verdict(quick.app_code(made), NAME) == "user_disabled"
    assert [each["user"] for each in items(quick, disabled="true")] == ["an•••@example.com"]
    quick.clock.pass_(1)
    told = quick.admin.delete(f"{PATH}/{id_of(quick)}/lock?reason=called+back").get_json()
    assert (told["failures"], told["disabled_at"], told["history"][0]["event"]) == (0, None, "lifted")
    assert quick.verdict(quick.app_code(made), NAME) == "valid"
    newest, *_ = entries(quick)
    assert newest["before"] == {"failures": MOST_FAILURES, "disabled": True}
    assert newest["after"] == {"reason": "called back"}
    assert items(quick, disabled="true") == []


def test_lifting_nothing_is_not_audited(quick: FactorWorld) -> None:
    """Of a user nobody failed for there is nothing to lift."""
    quick.enrolled(NAME)
    before = acts(quick)
    assert quick.admin.delete(f"{PATH}/{id_of(quick)}/lock").status_code == 200
    assert acts(quick) == before


def test_a_lost_phone_is_removed(quick: FactorWorld) -> None:
    """One factor of a user goes, its code counts no more, the others stay, and the application is told."""
    lost, kept = quick.confirmed(NAME), quick.confirmed(NAME)
    told = quick.admin.delete(f"{PATH}/{id_of(quick)}/factors/{lost['id']}?reason=lost").get_json()
    assert [each["id"] for each in told["factors"]] == [kept["id"]]
    assert (quick.verdict(quick.app_code(lost), NAME), quick.verdict(quick.app_code(kept), NAME)) == (
        "wrong_code",
        "valid",
    )
    newest, *_ = entries(quick)
    assert (newest["act"], newest["target"]) == ("factor.remove", lost["id"])
    assert newest["before"] == {"user": told["id"], "type": "totp", "status": "active"}
    with reading(quick.core.engine) as connection:
        news = connection.scalars(select(events.c.subject).where(events.c.type == "factor.removed")).all()
    assert news == [lost["id"]]


def test_a_factor_of_somebody_else_is_not_removed(quick: FactorWorld) -> None:
    """A factor goes only by its own user; for any other it does not exist."""
    theirs = quick.confirmed("other")
    quick.enrolled(NAME)
    assert quick.admin.delete(f"{PATH}/{id_of(quick)}/factors/{theirs['id']}").status_code == 404
    assert quick.verdict(quick.app_code(theirs), "other") == "valid"


def test_nothing_is_left_of_a_user_who_was_forgotten(quick: FactorWorld) -> None:
    """Neither factors nor history nor events nor the name are kept; the audit has an index, and others stay."""
    made, other = quick.confirmed(NAME), quick.confirmed("other")
    quick.enrolled(NAME, "recovery_codes")
    id = id_of(quick)
    caller = authenticate(quick.core, f"Bearer {quick.factors.key}", "127.0.0.1", "factors")
    counted = limits.index(quick.core, caller, "user", NAME)  # as a start keeps whom it was for
    apply_facts(quick.core.engine, [started("ver_1", quick.shop, client={"user": counted})])
    told = quick.admin.delete(f"{PATH}/{id}").get_json()
    assert told["erased"]["factors"] == 2
    assert told["erased"]["events"] == 2
    with reading(quick.core.engine) as connection:
        rows = {
            table.name: str(connection.execute(select(table)).all())
            for table in METADATA.sorted_tables
            if table.name != "audit"
        }
    assert counted not in rows["verifications"]
    assert [name for name, text in rows.items() if id in text or made["id"] in text or NAME in text] == []
    assert (quick.admin.get(f"{PATH}/{id}").status_code, quick.verdict(quick.app_code(other), "other")) == (
        404,
        "valid",
    )
    assert NAME not in str(entries(quick))
    assert quick.confirmed(NAME)["id"] != made["id"]


@pytest.mark.parametrize("there", ["", "/lock", "/factors/fac_1"])
@pytest.mark.parametrize("id", ["nobody", "%00"])
def test_a_user_that_nobody_knows_is_not_found(quick: FactorWorld, there: str, id: str) -> None:
    """Whatever is asked of a user without factors, there is no such user."""
    assert quick.admin.delete(f"{PATH}/{id}{there}").status_code == 404
