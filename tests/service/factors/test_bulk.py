"""Bulk enrolment: a secret for each of many users."""

import pyotp
import pytest
from sqlalchemy import select

from otp_service.domain.errors import Refusal
from otp_service.ledger import audit
from otp_service.ledger.schema import factors as table
from otp_service.service.factors import bulk
from otp_service.service.factors.bulk import How, Person, Planned
from tests.clock import DAY
from tests.factor_world import STEP, FactorWorld

TWO = [Person("u1", "Ana"), Person("u2")]


def enrolled(world: FactorWorld, how: How | None = None, some: list[Person] = TWO) -> Planned:
    """These people, enrolled."""
    how = how or How()
    planned = bulk.plan(world.core, "shop", some, how)
    bulk.enrol(world.core, "cli", planned, again=how.again)
    return planned


def shows(world: FactorWorld, uri: str) -> str:
    """What the app of somebody who scanned this shows."""
    app = pyotp.parse_uri(uri)
    assert isinstance(app, pyotp.TOTP)
    return app.at(world.clock.now // 1000)


def test_a_sheet_is_confirmed_by_its_user(owner: FactorWorld) -> None:
    """A factor that was handed out counts once its user has typed a right code, for which they have two weeks."""
    ana, bea = enrolled(owner).sheets
    assert owner.verdict(shows(owner, ana.uri)) == "not_found"
    owner.clock.pass_(14 * DAY - STEP)
    assert owner.ask(f"/v1/factors/{ana.factor}/confirm", code=shows(owner, ana.uri))["valid"]
    owner.clock.pass_(STEP)
    assert owner.verdict(shows(owner, ana.uri)) == "valid"
    assert owner.ask(f"/v1/factors/{bea.factor}/confirm", code=shows(owner, bea.uri))["code"] == "not_found"


def test_active_ones_count_at_once(owner: FactorWorld) -> None:
    """Asked to, factors count from the moment they are made."""
    ana, _ = enrolled(owner, How(active=True)).sheets
    assert owner.verdict(shows(owner, ana.uri)) == "valid"


def test_who_has_an_app_is_passed_over(owner: FactorWorld) -> None:
    """Told again, nobody is enrolled twice, unless one asks for it."""
    owner.confirmed("u1")
    planned = enrolled(owner)
    assert ([each.user for each in planned.sheets], planned.passed_over) == (["u2"], 1)
    assert enrolled(owner).sheets == []
    assert len(enrolled(owner, How(again=True)).sheets) == 2


def test_what_was_planned_happens_whole_or_not_at_all(owner: FactorWorld) -> None:
    """If somebody got an app between plan and enrolment, nobody is enrolled."""
    planned = bulk.plan(owner.core, "shop", TWO, How())
    owner.confirmed("u2")
    with pytest.raises(Refusal, match="meanwhile"):
        bulk.enrol(owner.core, "cli", planned)
    with owner.core.engine.connect() as connection:
        assert len(connection.execute(select(table.c.id)).all()) == 1


def test_sheets_say_what_apps_need(quick: FactorWorld) -> None:
    """Hash, digits and period are in the URI, and the secret is as long as its hash; the issuer is the application."""
    ana, bea = enrolled(quick, How(algorithm="SHA256", digits=8, period_s=60)).sheets
    assert "/shop:Ana?" in ana.uri
    assert "/shop:u2?" in bea.uri
    assert "algorithm=SHA256&digits=8&period=60" in ana.uri
    assert (len(ana.secret), ana.secret != bea.secret) == (52, True)
    assert enrolled(quick, How(issuer="Staff", again=True)).sheets[0].issuer == "Staff"


def test_enrolment_is_audited_by_its_count(owner: FactorWorld) -> None:
    """The audit tells who enrolled how many, and no name or secret."""
    enrolled(owner, How(active=True))
    with owner.core.engine.connect() as connection:
        told = audit.entries(connection)[0]
    assert (told.actor, told.act, told.after) == ("cli", "factors.enrol", {"factors": 2, "active": True})


def test_people_are_read_by_column() -> None:
    """The users' column is found by name, and each user counts once; other columns are none of its business."""
    lines = b"Name,E-Mail,Label\nAna,ana@x,Phone\nBea,bea@x,\nAna,ana@x,Other\n\n".splitlines(keepends=True)
    assert bulk.people(lines, "e-mail") == [Person("ana@x", "Phone"), Person("bea@x")]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (b"name\nana\n", "line 1: the first line must name the column"),
        (b"user,user\n", "line 1: the first line must name the column"),
        (b"user,label\n,x\n", "line 2: the user must have 1 to 128"),
        (b"user\n" + b"a" * 129, "line 2: the user must have 1 to 128"),
        (b"user\n\xff\n", "line 2: this is not UTF-8"),
    ],
)
def test_a_bad_list_of_people_is_told(text: bytes, why: str) -> None:
    """What is wrong is named by its line."""
    with pytest.raises(Refusal, match=why):
        bulk.people(text.splitlines(keepends=True))


def test_a_list_is_not_endless(monkeypatch: pytest.MonkeyPatch) -> None:
    """More users than fit into one transaction are refused with what to do."""
    monkeypatch.setattr(bulk, "MOST_USERS", 2)
    with pytest.raises(Refusal, match="enrol them in parts"):
        bulk.people([b"user\n", b"a\n", b"b\n", b"c\n"])
