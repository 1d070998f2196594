"""What a start has to solve: offered, taken, refused, in the words of the policy."""

import base64
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from otp_service.client import solve
from otp_service.domain.requests import Client, StartRequest
from otp_service.service import captchas, challenges
from otp_service.service.callers import Caller, authenticate
from otp_service.service.captchas import Asker
from otp_service.service.challenges import Solved
from otp_service.service.core import now_ms
from otp_service.service.destination import admit
from otp_service.settings import Settings
from tests.captchas import HOST, SECRET, SITE_KEY, CaptchaVendor, captcha_vendor, guarded_by
from tests.world import NUMBER, OTHER_NUMBER, START, World

EASY = {"fraud": "enforce", "challenge_difficulty": 1000}
ANA = Client(ip="203.0.113.7", device_id="phone")


@pytest.fixture
def vendor(monkeypatch: pytest.MonkeyPatch) -> Iterator[CaptchaVendor]:
    """A vendor that a busy machine is waited for, and that no other test has asked."""
    monkeypatch.setenv("CAPTCHA_SECRET", SECRET)
    monkeypatch.setattr(captchas, "STEPS", dict.fromkeys(captchas.STEPS, 60))
    monkeypatch.setattr(challenges, "ASKER", Asker(limit_s=60))
    with captcha_vendor() as vendor:
        yield vendor


@pytest.fixture
def guarded(settings: Settings, tmp_path: Path, vendor: CaptchaVendor) -> Iterator[World]:
    """A service with Turnstile, which its policy asks for."""
    with guarded_by(vendor, settings, tmp_path, fraud="enforce") as world:
        yield world


def caller_of(world: World, key: str = "") -> Caller:
    return authenticate(world.core, f"Bearer {key or world.api.key}", "127.0.0.1", START[0])


def asked(world: World, ask: Any, to: str = NUMBER, client: Client = ANA, challenge: str | None = None) -> Any:
    """What one of the two questions answers for a start."""
    caller = caller_of(world)
    request = StartRequest(to=to, client=client, challenge=challenge)
    return ask(world.core, caller, admit(world.core, caller, request), request)


def offered(world: World, **more: Any) -> dict[str, Any]:
    found: dict[str, Any] = asked(world, challenges.offer, **more)
    return found


def counted(world: World, challenge: str | None, **more: Any) -> Solved | None:
    """The solution that counts of what a start brought along."""
    found: Solved | None = asked(world, challenges.brought, challenge=challenge, **more).solved
    return found


def test_an_offer_is_solved(world: World) -> None:
    """A challenge of the policy's difficulty is offered, with the page that solves it; its solution is taken."""
    world.policy(**EASY)
    offer = offered(world)
    link, fragment = offer["page"].split("#")
    assert link == "https://otp.example/challenge"
    assert json.loads(base64.urlsafe_b64decode(fragment + "==")) == offer["altcha"]
    assert offer["altcha"]["maxnumber"] == 1000
    found = counted(world, solve(offer))
    assert found
    assert 300_000 < found.ends_ms - now_ms() <= 360_000
    assert counted(world, solve(offer)) == found


def test_no_two_offers_are_alike(world: World) -> None:
    """Every offer is another challenge, so that every code costs work of its own."""
    world.policy(**EASY)
    assert len({offered(world)["altcha"]["challenge"] for _ in range(50)}) == 50


@pytest.mark.parametrize(
    "more",
    [
        {"to": OTHER_NUMBER},
        {"client": Client(ip="198.51.100.7", device_id="phone")},
        {"client": Client(ip="203.0.113.7", device_id="tablet")},
        {"client": Client(ip="203.0.113.7")},
        {"client": Client()},
    ],
    ids=["number", "network", "device", "no device", "nobody"],
)
def test_a_solution_of_others_is_none(world: World, more: dict[str, Any]) -> None:
    """For another number, network or device a solution does not count, and there the one that fits does."""
    world.policy(**EASY)
    assert counted(world, solve(offered(world)), **more) is None
    assert counted(world, solve(offered(world, **more)), **more)


def test_a_phone_may_move_within_its_network(world: World) -> None:
    """An address of the same /24, or of the same /48, is the same client."""
    world.policy(**EASY)
    for one, two in (("203.0.113.7", "203.0.113.99"), ("2001:db8:7::1", "2001:db8:7:ffff::2")):
        solution = solve(offered(world, client=Client(ip=one)))
        assert counted(world, solution, client=Client(ip=two))


def test_a_test_key_solves_nothing_for_live_keys(world: World) -> None:
    """What an application's test keys do stays apart: their challenge opens nothing for its live keys."""
    world.policy(**EASY)
    caller = caller_of(world, world.caller(*START, test=True).key)
    request = StartRequest(to=NUMBER, client=ANA)
    offer = challenges.offer(world.core, caller, admit(world.core, caller, request), request)
    assert counted(world, solve(offer)) is None


def test_where_nothing_is_asked_nothing_is_looked_at(world: World) -> None:
    """With the brake off a solution is not even looked at."""
    world.policy(**EASY)
    solution = solve(offered(world))
    world.policy(**{**EASY, "fraud": "off"})
    assert counted(world, solution) is None


def test_a_start_without_a_solution_has_none(world: World) -> None:
    """Whoever brings no solution, or rubbish, has solved nothing."""
    world.policy(**EASY)
    assert counted(world, None) is None
    assert counted(world, "c29sdXRpb24") is None


def test_a_captcha_is_offered_by_its_site_key(guarded: World) -> None:
    """Where the policy asks for a configured CAPTCHA, its site key is offered and never its secret."""
    assert offered(guarded) == {
        "kind": "turnstile",
        "site_key": SITE_KEY,
        "page": "https://otp.example/challenge?kind=turnstile",
    }


def test_a_token_counts_for_whom_it_was_brought(guarded: World, vendor: CaptchaVendor) -> None:
    """A token is taken for one number and client; a repeat by the same one passes without asking the vendor again."""
    found = counted(guarded, "good-1")
    again = counted(guarded, "good-1")
    assert found
    assert again
    assert again.id == found.id
    assert [form["remoteip"] for form in vendor.asked] == ["203.0.113.7"]
    assert counted(guarded, "good-1", to=OTHER_NUMBER) is None
    assert counted(guarded, "good-1", client=Client(ip="198.51.100.7")) is None


def test_a_bad_token_is_none(guarded: World) -> None:
    """A token that the vendor does not know does not count, nor does proof of work instead."""
    assert counted(guarded, "forged") is None
    guarded.policy(**EASY)
    solution = solve(offered(guarded))
    guarded.policy(**EASY, challenge="turnstile")
    assert counted(guarded, solution) is None


def test_a_vendor_that_is_away_says_nothing(guarded: World, vendor: CaptchaVendor) -> None:
    """While the vendor can't answer, whether a token counts is not known; the same one does once it can."""
    vendor.status = 500
    brought = asked(guarded, challenges.brought, challenge="good-1")
    assert (brought.solved, brought.unable.code) == (None, "unavailable")
    vendor.status, vendor.used = 200, set()
    assert counted(guarded, "good-1")


def test_a_captcha_that_is_not_configured_is_made_up_for_by_work(world: World) -> None:
    """A policy that asks for a CAPTCHA without keys asks for proof of work: nobody could solve the other."""
    world.policy(**EASY, challenge="hcaptcha")
    assert counted(world, solve(offered(world)))


def test_tokens_are_nowhere_in_redis(guarded: World) -> None:
    """What Redis remembers of a token names neither the token nor the number."""
    counted(guarded, "good-1")
    keys = guarded.core.link.command("KEYS", "{t:*")
    assert len(keys) == 1
    assert "good-1" not in keys[0]
    assert NUMBER[1:] not in keys[0]
    assert 0 < guarded.core.link.command("PTTL", keys[0]) <= 300_000


def test_our_own_page_is_one_of_the_captchas(guarded: World, vendor: CaptchaVendor) -> None:
    """A CAPTCHA may be solved on this service's own page, and on those that are configured, and nowhere else."""
    captcha = guarded.core.provider_file.captchas["turnstile"]
    assert challenges.hostnames(guarded.core, captcha) == {HOST, "otp.example"}
    vendor.more = {"hostname": "otp.example"}
    assert counted(guarded, "good-2")
