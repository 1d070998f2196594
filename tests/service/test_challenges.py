"""What a start has to solve: offered, taken, refused, in the words of the policy."""

import base64
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from otp_service import wiring
from otp_service.client import solve
from otp_service.domain.errors import Refusal
from otp_service.domain.requests import Client, StartRequest
from otp_service.service import challenges
from otp_service.service.callers import Caller, authenticate
from otp_service.service.challenges import Solved
from otp_service.service.core import now_ms
from otp_service.service.destination import admit
from otp_service.settings import Settings
from tests.captchas import HOST, SECRET, SITE_KEY, CaptchaVendor, captcha_vendor, configuration
from tests.world import NUMBER, OTHER_NUMBER, START, World

EASY = {"fraud": "enforce", "challenge_difficulty": 1000}
ANA = Client(ip="203.0.113.7", device_id="phone")


@pytest.fixture
def vendor(monkeypatch: pytest.MonkeyPatch) -> Iterator[CaptchaVendor]:
    monkeypatch.setenv("CAPTCHA_SECRET", SECRET)
    with captcha_vendor() as vendor:
        yield vendor


@pytest.fixture
def guarded(settings: Settings, tmp_path: Path, vendor: CaptchaVendor) -> Iterator[World]:
    """A service with Turnstile, which its policy asks for."""
    path = tmp_path / "otp-service.toml"
    path.write_text(configuration(vendor))
    parts = wiring.build(settings.model_copy(update={"config": path}), development_server=True)
    world = World(parts)
    world.policy(fraud="enforce", challenge="turnstile")
    yield world
    parts.core.engine.dispose()


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


def refused(world: World, challenge: str, **more: Any) -> Refusal:
    with pytest.raises(Refusal) as refused:
        asked(world, challenges.solved, challenge=challenge, **more)
    return refused.value


def test_an_offer_is_solved(world: World) -> None:
    """A challenge of the policy's difficulty is offered, with the page that solves it; its solution is taken."""
    world.policy(**EASY)
    offer = offered(world)
    link, fragment = offer["page"].split("#")
    assert link == "https://otp.example/challenge"
    assert json.loads(base64.urlsafe_b64decode(fragment + "==")) == offer["altcha"]
    assert offer["altcha"]["maxnumber"] == 1000
    found: Solved = asked(world, challenges.solved, challenge=solve(offer))
    assert 300_000 < found.ends_ms - now_ms() <= 360_000
    assert asked(world, challenges.solved, challenge=solve(offer)) == found


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
def test_a_solution_of_others_is_refused_with_a_fresh_challenge(world: World, more: dict[str, Any]) -> None:
    """For another number, network or device a solution is refused, and the refusal brings the challenge that fits."""
    world.policy(**EASY)
    refusal = refused(world, solve(offered(world)), **more)
    assert refusal.code == "challenge_required"
    assert asked(world, challenges.solved, challenge=solve(refusal.members["challenge"]), **more)


def test_a_phone_may_move_within_its_network(world: World) -> None:
    """An address of the same /24, or of the same /48, is the same client."""
    world.policy(**EASY)
    for one, two in (("203.0.113.7", "203.0.113.99"), ("2001:db8:7::1", "2001:db8:7:ffff::2")):
        solution = solve(offered(world, client=Client(ip=one)))
        assert asked(world, challenges.solved, challenge=solution, client=Client(ip=two))


def test_a_test_key_solves_nothing_for_live_keys(world: World) -> None:
    """What an application's test keys do stays apart: their challenge opens nothing for its live keys."""
    world.policy(**EASY)
    caller = caller_of(world, world.caller(*START, test=True).key)
    request = StartRequest(to=NUMBER, client=ANA)
    offer = challenges.offer(world.core, caller, admit(world.core, caller, request), request)
    assert refused(world, solve(offer)).code == "challenge_required"


@pytest.mark.parametrize("fraud", ["off", "shadow"])
def test_nobody_is_refused_over_a_solution_where_nothing_is_enforced(world: World, fraud: str) -> None:
    """With the brake off, and in shadow mode, a wrong solution is as good as none."""
    world.policy(**{**EASY, "fraud": fraud})
    assert asked(world, challenges.solved, challenge="wrong") is None


def test_a_start_without_a_solution_has_none(world: World) -> None:
    """Whoever brings no solution has solved nothing, and is refused nothing by that alone."""
    assert asked(world, challenges.solved) is None


def test_a_refusal_repeats_no_solution(world: World) -> None:
    """The refusal of a wrong solution does not tell it again."""
    world.policy(**EASY)
    refusal = refused(world, "c29sdXRpb24")
    assert "c29sdXRpb24" not in refusal.detail + json.dumps(refusal.members)


def test_a_captcha_is_offered_by_its_site_key(guarded: World) -> None:
    """Where the policy asks for a configured CAPTCHA, its site key is offered and never its secret."""
    assert offered(guarded) == {
        "kind": "turnstile",
        "site_key": SITE_KEY,
        "page": "https://otp.example/challenge?kind=turnstile",
    }


def test_a_token_counts_for_whom_it_was_brought(guarded: World, vendor: CaptchaVendor) -> None:
    """A token is taken for one number and client; a repeat by the same one passes without asking the vendor again."""
    found = asked(guarded, challenges.solved, challenge="good-1")
    assert asked(guarded, challenges.solved, challenge="good-1").id == found.id
    assert [form["remoteip"] for form in vendor.asked] == ["203.0.113.7"]
    assert refused(guarded, "good-1", to=OTHER_NUMBER).code == "challenge_required"
    assert refused(guarded, "good-1", client=Client(ip="198.51.100.7")).code == "challenge_required"


def test_a_bad_token_is_refused_with_the_site_key(guarded: World) -> None:
    """A token that the vendor does not know is refused as a wrong solution is; proof of work does not do instead."""
    refusal = refused(guarded, "forged")
    assert (refusal.code, refusal.members["challenge"]["site_key"]) == ("challenge_required", SITE_KEY)
    guarded.policy(**EASY)
    solution = solve(offered(guarded))
    guarded.policy(**EASY, challenge="turnstile")
    assert refused(guarded, solution).code == "challenge_required"


def test_a_vendor_that_is_away_lets_nobody_pass(guarded: World, vendor: CaptchaVendor) -> None:
    """While the vendor can't answer, a start is unavailable; the same token passes once it can."""
    vendor.status = 500
    assert refused(guarded, "good-1").code == "unavailable"
    vendor.status, vendor.used = 200, set()
    assert asked(guarded, challenges.solved, challenge="good-1")


def test_in_shadow_mode_a_vendor_that_is_away_stops_nobody(guarded: World, vendor: CaptchaVendor) -> None:
    """In shadow mode a start goes on, whatever its token is worth."""
    vendor.status = 500
    guarded.policy(fraud="shadow", challenge="turnstile")
    assert asked(guarded, challenges.solved, challenge="good-1") is None


def test_a_captcha_that_is_not_configured_is_made_up_for_by_work(world: World) -> None:
    """A policy that asks for a CAPTCHA without keys asks for proof of work: nobody could solve the other."""
    world.policy(**EASY, challenge="hcaptcha")
    assert asked(world, challenges.solved, challenge=solve(offered(world)))


def test_tokens_are_nowhere_in_redis(guarded: World) -> None:
    """What Redis remembers of a token names neither the token nor the number."""
    asked(guarded, challenges.solved, challenge="good-1")
    keys = guarded.core.link.command("KEYS", "{t:*")
    assert len(keys) == 1
    assert "good" not in keys[0]
    assert NUMBER[1:] not in keys[0]
    assert 0 < guarded.core.link.command("PTTL", keys[0]) <= 300_000


def test_our_own_page_is_one_of_the_captchas(guarded: World, vendor: CaptchaVendor) -> None:
    """A CAPTCHA may be solved on this service's own page, and on those that are configured, and nowhere else."""
    captcha = guarded.core.provider_file.captchas["turnstile"]
    assert challenges.hostnames(guarded.core, captcha) == {HOST, "otp.example"}
    vendor.more = {"hostname": "otp.example"}
    assert asked(guarded, challenges.solved, challenge="good-2")
