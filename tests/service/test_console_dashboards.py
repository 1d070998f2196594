"""What the dashboards are told with: answers that viewers share, counted refusals, and alarms in words."""

import threading

import pytest

from otp_service.domain.events import TYPES
from otp_service.ledger.dashboards.news import ALARMS, News
from otp_service.service.console.headlines import WORDS, alarm, alarms, headline
from otp_service.service.console.kept import Kept
from otp_service.service.console.now import Watch, refused
from otp_service.service.console.refused import Refusals
from otp_service.service.console.spans import RANGES
from otp_service.service.core import now_ms
from tests.web.test_admin_locks import disable
from tests.world import NUMBER, World


class Clock:
    """A clock that stands still until it is moved."""

    now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


def test_an_answer_is_asked_for_once_while_it_is_fresh() -> None:
    """Within its time an answer is given again, after it it is asked for anew."""
    clock, asked = Clock(), iter(range(10))
    kept = Kept(clock)
    assert [kept.get("a", 5, lambda: next(asked)) for _ in range(3)] == [0, 0, 0]
    clock.now_s = 5
    assert kept.get("a", 5, lambda: next(asked)) == 1


def test_while_one_asks_the_others_read_the_old_answer() -> None:
    """Who comes while an answer is asked for anew does not wait for it."""
    clock, begun, go_on = Clock(), threading.Event(), threading.Event()
    kept = Kept(clock)
    kept.get("a", 5, lambda: "old")
    clock.now_s = 6

    def slowly() -> str:
        begun.set()
        assert go_on.wait(30)
        return "new"

    asking = threading.Thread(target=kept.get, args=("a", 5, slowly))
    asking.start()
    assert begun.wait(30)
    assert kept.get("a", 5, lambda: "never") == "old"
    go_on.set()
    asking.join()
    assert kept.get("a", 5, lambda: "never") == "new"


def test_a_failure_is_kept_for_nobody() -> None:
    """What could not be asked is asked for again at once."""
    kept = Kept(Clock())
    with pytest.raises(ZeroDivisionError):
        kept.get("a", 5, lambda: 1 // 0)
    assert kept.get("a", 5, lambda: 1) == 1


def test_only_so_many_answers_are_kept() -> None:
    """Of more answers than fit, those go that nobody has asked for the longest."""
    kept, asked = Kept(Clock(), most=2), iter(range(10))
    for key in ("a", "b", "a", "c", "b"):
        kept.get(key, 5, lambda: next(asked))
    assert kept.get("c", 5, lambda: next(asked)) == 2
    assert kept.get("b", 5, lambda: next(asked)) == 3


def test_refusals_are_counted_once_however_often_one_looks(world: World) -> None:
    """The log is read on from where it was left, by code, application and country; test keys' stay out."""
    world.policy(countries=["DE"])
    tester = world.caller("verifications:start", test=True)
    log = Refusals()
    for count in (1, 2):
        assert world.api.start(NUMBER).status_code == 403
        assert tester.start(NUMBER).status_code == 403
        log.look(world.core)
        log.look(world.core)
        assert log.count(0) == {("country_not_allowed", world.shop, "CH", "enforce"): count}
    assert log.of_blocks(0) == {"+4179123": 2}
    assert log.by_slot(now_ms() - 3_600_000, 7_200_000).total() == 2


def test_checks_are_not_counted_among_what_was_refused_to_be_sent(world: World) -> None:
    """A check of a locked number asks for nothing to be sent, so no dashboard counts it."""
    world.started()
    disable(world)
    assert world.api.check("123456").status_code == 403
    log = Refusals()
    log.look(world.core)
    assert not log.count(0)


def test_refusals_of_another_application_stay_out(world: World) -> None:
    """A page that is narrowed to an application counts its refusals alone."""
    world.policy(countries=["DE"])
    assert world.api.start(NUMBER).status_code == 403
    found = refused(world.core, Watch(), RANGES["24h"], "app_other")
    assert (found.total, found.codes, found.before) == (0, [], None)
    assert refused(world.core, Watch(), RANGES["1h"], world.shop).total == 1


@pytest.mark.parametrize(
    ("type", "data", "title"),
    [
        (
            "fraud.alarm",
            {"kind": "quarantine", "prefix": "+99890", "country": "UZ"},
            "Codes of shop to +99890 Uzbekistan are not typed in",
        ),
        ("spend.alarm", {"share": 80, "country": None}, "shop spent 80 % of a day's money"),
        ("spend.alarm", {"share": 100, "country": "CH"}, "shop spent 100 % of a day's money to Switzerland"),
        (
            "sender.suspended",
            {"provider": "swift", "sender": "Shop", "country": None},
            "swift no longer takes the sender Shop",
        ),
        ("webhook.disabled", {}, "A webhook of shop was disabled"),
        (
            "destination.locked",
            {"failures": 100, "disabled": True},
            "A number of shop is disabled after 100 wrong codes",
        ),
        (
            "destination.locked",
            {"failures": 50, "disabled": False},
            "Somebody typed 50 wrong codes in a row for a number of shop",
        ),
    ],
)
def test_an_alarm_is_told_in_a_sentence(type: str, data: dict[str, object], title: str) -> None:
    """Each alarm says what happened, and what to do about it."""
    told = alarm(News(1, "evt_1", "app_1", type, now_ms(), data), "shop")
    assert told.title == title
    assert told.advice.endswith(".")


def test_many_alarms_of_one_matter_are_one() -> None:
    """Whoever guesses at a hundred numbers buries no other alarm, and a budget is told as it was last."""
    locked = [News(n, f"evt_{n}", "app_1", "destination.locked", n, {"failures": 50}) for n in range(100, 0, -1)]
    spent = [News(n, f"evt_{n}", "app_1", "spend.alarm", n, {"share": n, "country": "CH"}) for n in (100, 80, 50)]
    pumped = News(1, "evt_1", "app_1", "fraud.alarm", 1, {"prefix": "+99890", "until": "2026-11-22T15:21:46.000Z"})
    told = alarms([*locked, *spent, pumped], lambda _: "shop")
    assert [(each.at, each.times) for each in told] == [(100, 100), (100, 3), (1, 1)]
    assert told[1].title == "shop spent 100 % of a day's money to Switzerland"
    assert "quarantine until 15:21 UTC, unless" in told[2].advice


def test_every_event_has_words() -> None:
    """Each type of event is told in words of its own, and each alarm is one of them."""
    assert set(TYPES) == WORDS.keys()
    assert set(ALARMS) < WORDS.keys()


def test_an_event_that_this_release_does_not_know_keeps_its_name() -> None:
    """The tail shows what a later release tells, by its own name."""
    told = headline(News(1, "evt_1", "app_1", "person.moved", 0, {"country": "CH"}))
    assert (told.words, told.tone, told.about) == ("person.moved", "", "CH")
