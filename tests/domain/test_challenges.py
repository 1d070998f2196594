"""Proof of work in ALTCHA's format: who may solve what, once, and until when."""

import base64
import json
import subprocess
import time
from pathlib import Path
from typing import Any

import altcha
import pytest
from hypothesis import given
from hypothesis import strategies as st

from otp_service.client import solve
from otp_service.domain.challenges import RANDOM_BYTES, Bound, mint, solved

MODULES = Path(__file__).parents[2] / ".venv" / "node"
SECRET = b"s" * 32
ANA = Bound("app_1", "ana", "203.0.113.0/24", "phone")
KEY = ANA.key(SECRET)
MOST = 500
NOW_S = int(time.time())
ENDS_S = NOW_S + 86_400  # other libraries ask the clock, and this module may be loaded long before its turn

NPM = """
import { solveChallenge, verifySolution, createChallenge } from "altcha-lib/v1";
import { readFileSync } from "node:fs";
const { made, key, ends } = JSON.parse(readFileSync(0));
const { number } = await solveChallenge(made.challenge, made.salt, made.algorithm, made.maxnumber).promise;
const payload = btoa(JSON.stringify({ ...made, number, took: 1 }));
const theirs = await createChallenge({ hmacKey: key, maxnumber: 500, expires: new Date(ends * 1000) });
const found = await solveChallenge(theirs.challenge, theirs.salt, theirs.algorithm, theirs.maxnumber).promise;
const other = btoa(JSON.stringify({ ...theirs, number: found.number, took: found.took }));
console.log(JSON.stringify({ payload, verified: await verifySolution(payload, key), other }));
"""


def made(key: bytes = KEY, ends_s: int = ENDS_S, random: bytes = bytes(range(RANDOM_BYTES))) -> dict[str, Any]:
    """A challenge of ours."""
    return mint(key, ends_s, MOST, random)


def told(**fields: Any) -> str:
    """A payload as widgets make it, of a solved challenge with these fields changed."""
    body = json.loads(base64.b64decode(solve(made())))
    return base64.b64encode(json.dumps({**body, "took": 7, **fields}).encode()).decode()


def test_a_solution_opens_until_it_ends() -> None:
    """A solution counts up to the second in which its challenge ends, and tells when that is."""
    payload = solve(made())
    found = solved([KEY], payload, ENDS_S - 1)
    assert found
    assert found.ends_s == ENDS_S
    assert solved([KEY], payload, ENDS_S) is None


def test_a_challenge_has_one_name_however_it_is_told() -> None:
    """The name under which a solution is used up depends on the challenge alone: no spelling makes a second one."""
    found = {solved([KEY], payload, NOW_S) for payload in (solve(made()), told(), told(took=1, more="x"))}
    assert len(found) == 1
    assert solved([KEY], solve(made(random=b"r" * RANDOM_BYTES)), NOW_S) not in found


@pytest.mark.parametrize(
    "other",
    [
        Bound("app_2", "ana", "203.0.113.0/24", "phone"),
        Bound("app_1", "bob", "203.0.113.0/24", "phone"),
        Bound("app_1", "ana", "198.51.100.0/24", "phone"),
        Bound("app_1", "ana", "203.0.113.0/24", "tablet"),
        Bound("app_1", "ana", "203.0.113.0/24"),
        Bound("app_1", "ana", None, "phone"),
        Bound("app_1", "ana203.0.113.0/24", None, "phone"),
        Bound("app_1", "ana", "203.0.113.0/24phone", ""),
    ],
)
def test_a_solution_opens_nothing_for_anybody_else(other: Bound) -> None:
    """A solution is good for the application, number, network and device that it was made for, and for no other."""
    assert solved([other.key(SECRET)], solve(made()), NOW_S) is None


@given(st.lists(st.one_of(st.none(), st.text(max_size=4)), min_size=4, max_size=4, unique=False), st.data())
def test_no_two_bindings_share_a_key(parts: list[str | None], data: st.DataObject) -> None:
    """However its parts are cut, another binding has another key."""
    other = data.draw(st.permutations(parts))
    one, two = (Bound(p[0] or "", p[1] or "", p[2], p[3]) for p in (parts, other))
    assert (one.key(SECRET) == two.key(SECRET)) == (one == two)


def test_an_older_key_of_the_ring_still_opens() -> None:
    """While keys are changed, a challenge of the key before still counts."""
    newer = ANA.key(b"n" * 32)
    assert solved([newer, KEY], solve(made()), NOW_S)
    assert solved([newer], solve(made()), NOW_S) is None


def test_digits_can_not_move_between_salt_and_number() -> None:
    """What CVE-2025-68113 does, moving digits of the number into the expiry for a later end, is refused."""
    body = json.loads(base64.b64decode(solve(made(random=b"\x07" * RANDOM_BYTES))))
    digits = str(body["number"])
    assert len(digits) > 1
    for cut in range(1, len(digits)):
        for salt in (
            body["salt"] + digits[:cut],
            body["salt"][:-1] + digits[:cut],
            body["salt"][:-1] + digits[:cut] + "&",
        ):
            spliced = base64.b64encode(
                json.dumps({**body, "salt": salt, "number": int(digits[cut:])}).encode()
            ).decode()
            assert solved([KEY], spliced, NOW_S) is None


@pytest.mark.parametrize(
    "payload",
    [
        "",
        "!",
        "bnVsbA==",
        base64.b64encode(b"[" * 1500).decode(),
        base64.b64encode(b"\xff").decode(),
        "A" * 4096,
        told(algorithm="SHA-1"),
        told(algorithm=None),
        told(number=-1),
        told(number=True),
        told(number=1.0),
        told(number="7"),
        told(number=10**30),
        told(signature="0" * 64),
        told(signature="ü"),
        told(signature=None),
        told(salt=None),
        told(salt=made()["salt"] + "expires=9999999999&"),
        told(salt=made()["salt"].replace("?", "?expires=9999999999&")),
        told(salt=made()["salt"].upper()),
        told(salt=made()["salt"] + "\n"),
    ],
)
def test_rubbish_solves_nothing(payload: str) -> None:
    """Whatever is malformed, forged or changed is no solution, and no crash."""
    assert solved([KEY], payload, NOW_S) is None


def test_a_wrong_number_solves_nothing() -> None:
    """Every number but the right one is refused."""
    right = json.loads(base64.b64decode(solve(made())))["number"]
    assert [n for n in range(MOST + 1) if solved([KEY], told(number=n), NOW_S)] == [right]


def test_the_number_is_at_most_what_was_said() -> None:
    """The number of a challenge lies between nothing and its maxnumber, both included."""
    numbers = {
        json.loads(base64.b64decode(solve(mint(KEY, ENDS_S, 2, bytes([i]) * RANDOM_BYTES))))["number"]
        for i in range(40)
    }
    assert numbers == {0, 1, 2}


def test_the_python_library_of_altcha_solves_and_verifies_ours() -> None:
    """The library `altcha` finds our number, and accepts our challenge with the binding's key."""
    ours = made()
    fields = (ours["algorithm"], ours["challenge"], ours["maxnumber"], ours["salt"], ours["signature"])
    found = altcha.solve_challenge_v1(altcha.ChallengeV1(*fields))
    assert found
    payload = altcha.PayloadV1(*fields[:2], found.number, *fields[3:]).to_base64()
    assert solved([KEY], payload, NOW_S)
    assert altcha.verify_solution_v1(solve(ours), KEY) == (True, None)


def test_a_challenge_of_the_python_library_is_solved_and_taken_here() -> None:
    """A challenge that the library `altcha` mints with the binding's key is as good as our own."""
    ends = altcha.v1.datetime.datetime.fromtimestamp(ENDS_S, altcha.v1.datetime.UTC)
    options = altcha.ChallengeOptionsV1(hmac_key=KEY, max_number=MOST, expires=ends)
    theirs = altcha.create_challenge_v1(options)
    payload = solve({"maxnumber": theirs.max_number, **vars(theirs)})
    found = solved([KEY], payload, NOW_S)
    assert found
    assert found.ends_s == ENDS_S


def test_the_npm_library_of_altcha_agrees_both_ways() -> None:
    """npm's `altcha-lib` solves and verifies ours, and what it mints with the binding's key is taken here."""
    assert (MODULES / "node_modules/altcha-lib").exists(), "this test needs scripts/setup.sh test"
    asked = json.dumps({"made": made(), "key": KEY.decode(), "ends": ENDS_S})
    command = ("node", "--input-type=module", "-e", NPM)
    done = subprocess.run(command, input=asked, cwd=MODULES, capture_output=True, text=True, check=True)
    said = json.loads(done.stdout)
    assert said["verified"]
    assert solved([KEY], said["payload"], NOW_S)
    assert solved([KEY], said["other"], NOW_S)
