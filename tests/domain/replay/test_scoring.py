"""Scores: money that attackers were kept from, people who were kept from their code."""

from otp_service.domain.fraud.thresholds import Thresholds
from otp_service.domain.replay.page import report
from otp_service.domain.replay.scoring import Score, Verdict, summary
from otp_service.domain.replay.strictness import stricter
from otp_service.domain.replay.trace import Row


def row(label: str, price: int = 100_000, at_ms: int = 0) -> Row:
    return Row(at_ms, "+41791234567", "", "", "", price, None, False, label)


def test_shares_are_of_money_for_attacks_and_of_requests_for_people() -> None:
    """A dear attack weighs more than a cheap one; each person weighs the same."""
    score = Score()
    score.add(row("attack:a", 300_000), Verdict("deny", False))
    score.add(row("attack:b", 100_000), Verdict("allow", True))
    score.add(row("legit"), Verdict("challenge", True))
    score.add(row("legit"), Verdict("challenge", False, ("number:owed",)))

    found = summary(score, 120)

    assert (found["rows"], found["attack_spend_blocked"], found["legit_lost"]) == (4, 0.75, 0.5)
    assert (found["legit_challenged"], found["p99_decision_us"]) == (1.0, 120)
    assert {name: each["attack_spend_blocked"] for name, each in found["by_family"].items()} == {"a": 1.0, "b": 0.0}
    assert score.reasons == {"number:owed": 1}


def test_nothing_replayed_is_nothing_lost() -> None:
    """An empty trace has a score too."""
    assert summary(Score())["attack_spend_blocked"] == 0.0


def test_twice_as_strict_is_half_the_room() -> None:
    """The factor changes what scopes may owe, and nothing about time."""
    usual = Thresholds()
    strict = stricter(usual, 2)

    assert strict.prefix_weak == usual.prefix_weak / 2
    assert (strict.answer_s, strict.quarantine_s) == (usual.answer_s, usual.quarantine_s)


def test_the_page_needs_nothing_but_itself_and_escapes_names() -> None:
    """The report runs no script, loads nothing, and shows a file's name as text."""
    score = Score()
    score.add(row("attack:<b>", at_ms=600_000), Verdict("allow", True))
    score.add(row("legit"), Verdict("deny", False, ("number:dead",)))
    page = report("<i>.csv", score, [(1.0, score), (2.0, score)])

    assert not any(each in page for each in ("<script", "http://", "https://", "src=", "<i>"))
    assert all(each in page for each in ("&lt;i&gt;.csv", "&lt;b&gt;", "default-src 'none'", "number:dead"))
    assert page.count("<svg") == 3
