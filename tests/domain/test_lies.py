"""Whose receipts lie: delivered, and never typed in."""

import random

from otp_service.domain.lies import Told, out_of_line


def test_who_is_never_believed_by_the_phones_is_out_of_line() -> None:
    """A provider whose delivered codes nobody types in differs from the others in the same country."""
    told = [Told("honest", "CH", 500, 430), Told("other", "CH", 400, 350), Told("liar", "CH", 200, 6)]
    assert out_of_line(told) == {"liar"}


def test_providers_are_compared_within_a_country() -> None:
    """Who works where people type less is no liar: there the others do no better."""
    told = [Told("a", "CH", 900, 810), Told("b", "CH", 900, 810), Told("b", "IN", 900, 270), Told("c", "IN", 900, 270)]
    assert out_of_line(told) == set()


def test_a_lie_in_one_country_of_many_shows() -> None:
    """Each country counts by its own."""
    told = [Told("a", "CH", 900, 810), Told("b", "CH", 900, 800), Told("a", "IN", 900, 600), Told("b", "IN", 900, 5)]
    assert out_of_line(told) == {"b"}


def test_few_messages_prove_nothing() -> None:
    """Under thirty on either side may be chance, and who is alone in a country is compared with nobody."""
    assert out_of_line([Told("a", "CH", 29, 0), Told("b", "CH", 900, 800)]) == set()
    assert out_of_line([Told("a", "CH", 900, 0), Told("b", "CH", 29, 29)]) == set()
    assert out_of_line([Told("a", "CH", 900, 0)]) == set()


def test_a_small_shortfall_of_many_messages_is_nobodys_lie() -> None:
    """A million messages prove a difference of one in a hundred, which means nothing."""
    assert out_of_line([Told("a", "CH", 1_000_000, 880_000), Told("b", "CH", 1_000_000, 870_000)]) == set()


def test_honest_providers_are_hardly_ever_accused() -> None:
    """Four that are alike, over and over: chance alone makes none of them a liar."""
    chance = random.Random(3)
    accused = 0
    for _ in range(200):
        told = [Told(name, "CH", 200, sum(chance.random() < 0.8 for _ in range(200))) for name in "abcd"]
        accused += len(out_of_line(told))
    assert accused == 0
