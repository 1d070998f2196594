"""Codes of authenticator apps and tokens, by the standards' own vectors."""

import base64

import pytest

from otp_service.domain.factors.codes import ALGORITHMS, Generator, step_of, steps

# RFC 4226, appendix D; RFC 6238, appendix B, whose secrets are as long as their hash.
SECRET = base64.b32encode(b"12345678901234567890").decode()
COUNTERS = ["755224", "287082", "359152", "969429", "338314", "254676", "287922", "162583", "399871", "520489"]
SEEDS = {name: base64.b32encode((b"1234567890" * 7)[:size]).decode() for name, (_, size) in ALGORITHMS.items()}
TIMES = {
    59: ("94287082", "46119246", "90693936"),
    1111111109: ("07081804", "68084774", "25091201"),
    1111111111: ("14050471", "67062674", "99943326"),
    1234567890: ("89005924", "91819424", "93441116"),
    2000000000: ("69279037", "90698825", "38618901"),
    20000000000: ("65353130", "77737706", "47863826"),
}
VECTORS = [(at_s, name, code) for at_s, row in TIMES.items() for name, code in zip(ALGORITHMS, row, strict=True)]


@pytest.mark.parametrize(("counter", "code"), list(enumerate(COUNTERS)))
def test_counters_give_the_codes_of_rfc_4226(counter: int, code: str) -> None:
    """Each counter of appendix D gives its code."""
    assert Generator(SECRET).code(counter) == code


@pytest.mark.parametrize(("at_s", "algorithm", "code"), VECTORS)
def test_times_give_the_codes_of_rfc_6238(at_s: int, algorithm: str, code: str) -> None:
    """Each time of appendix B gives its code, with each of the three hashes."""
    assert Generator(SEEDS[algorithm], algorithm, 8).code(step_of(at_s * 1000, 30)) == code


def test_every_count_that_gives_a_code_is_found() -> None:
    """A code is looked for at every count, in order; counts before the first have none."""
    assert Generator(SECRET).matching(range(-3, 10), COUNTERS[7]) == [7]
    assert Generator(SECRET).matching(range(5), COUNTERS[7]) == []


@pytest.mark.parametrize(
    ("drift", "back", "taken"),
    [
        (0, 1, [99, 100]),
        (0, 0, [100]),
        (-1, 1, [98, 99, 100]),
        (3, 1, [99, 100, 102, 103]),
        (-4, 0, [96, 100]),
    ],
)
def test_steps_of_both_clocks_are_taken(drift: int, back: int, taken: list[int]) -> None:
    """This step and the ones before it count by the service's clock, and by the device's as it is remembered."""
    assert steps(100, drift, back) == taken
