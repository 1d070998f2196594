"""Starts that have to be solved first: asked, repeated, refused, with nothing used up that was not needed."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from werkzeug.test import TestResponse

from otp_service.client import solve
from otp_service.service import captchas, challenges
from otp_service.settings import Settings
from tests.captchas import SECRET, CaptchaVendor, captcha_vendor, guarded_by
from tests.world import NUMBER, OTHER_NUMBER, START, Api, World

ALWAYS = {"fraud": "enforce", "challenge_difficulty": 1000, "thresholds": {"number_weak": 0}}
NEVER = {"fraud": "enforce", "challenge_difficulty": 1000}
CLIENT = {"ip": "203.0.113.7", "device_id": "phone"}
STRANGER = {"ip": "198.51.100.7", "device_id": "phone"}


def start(world: World, challenge: str | None = None, api: Api | None = None, **more: Any) -> TestResponse:
    body = {"client": CLIENT, **more, **({"challenge": challenge} if challenge else {})}
    return (api or world.api).start(**body)


def asked(response: TestResponse) -> dict[str, Any]:
    """The challenge of a start that was refused for want of a solution."""
    assert response.status_code == 403
    assert response.json["code"] == "challenge_required"
    found: dict[str, Any] = response.json["challenge"]
    return found


def sends(world: World) -> int:
    return int(world.core.link.command("XLEN", "{c0}:out:high"))


def test_a_start_is_repeated_with_the_solution(world: World) -> None:
    """A start that is asked for a challenge passes with its solution."""
    world.policy(**ALWAYS)
    response = start(world, solve(asked(start(world))))
    assert response.status_code == 201
    assert sends(world) == 1


def test_a_solution_is_good_once(world: World) -> None:
    """A used solution is refused with a fresh challenge, and sends nothing."""
    world.policy(**ALWAYS)
    solution = solve(asked(start(world)))
    start(world, solution)
    fresh = asked(start(world, solution))
    assert sends(world) == 1
    assert start(world, solve(fresh)).status_code == 200


@pytest.mark.parametrize(
    "more", [{"to": OTHER_NUMBER}, {"client": STRANGER}, {"challenge": "wrong"}], ids=["number", "client", "wrong"]
)
def test_a_solution_that_does_not_fit_uses_nothing_up(world: World, more: dict[str, Any]) -> None:
    """A wrong or borrowed solution is refused with a challenge that fits, and stays good for its owner."""
    world.policy(**ALWAYS)
    solution = solve(asked(start(world)))
    fresh = asked(start(world, **{"challenge": solution, **more}))
    assert sends(world) == 0
    assert start(world, solution).status_code == 201
    assert start(world, **{**more, "challenge": solve(fresh)}).status_code in (200, 201)


def test_a_solution_that_was_not_needed_stays_good(world: World) -> None:
    """A start that would have passed anyway leaves the solution that it brought for the next one."""
    world.policy(**ALWAYS)
    solution = solve(asked(start(world)))
    world.policy(**NEVER)
    assert start(world, solution).status_code == 201
    world.policy(**ALWAYS)
    assert start(world, solution).status_code == 200


def test_a_start_that_a_limit_refuses_uses_no_solution(world: World) -> None:
    """A limit refuses before the solution is used; it still opens once the limit lets it."""
    world.policy(**ALWAYS)
    solution = solve(asked(start(world)))
    world.policy(**ALWAYS, limits={"to": "1 per hour"})
    assert start(world, solve(asked(start(world)))).status_code == 201
    assert start(world, solution).json["code"] == "rate_limited"
    world.policy(**ALWAYS)
    assert start(world, solution).status_code == 200


def resend(world: World, id_: str, key: dict[str, str] | None = None, **body: Any) -> TestResponse:
    return world.api.post(f"/v1/verifications/{id_}/resend", body or None, key)


def test_a_resend_is_repeated_with_the_solution(world: World) -> None:
    """A resend that is asked for a challenge passes with its solution, bound to the client of the start, and once."""
    world.policy(**NEVER)
    id_ = start(world).json["id"]
    world.policy(**ALWAYS)
    solution = solve(asked(resend(world, id_)))
    answer = resend(world, id_, challenge=solution)
    assert (answer.status_code, answer.json["id"], answer.json["sends"]) == (200, id_, 2)
    fresh = asked(resend(world, id_, challenge=solution))
    assert sends(world) == 2
    assert start(world, solve(fresh)).status_code == 200


def test_a_resend_takes_no_solution_of_another_client(world: World) -> None:
    """A solution that somebody else worked out sends no code again."""
    world.policy(**NEVER)
    id_ = start(world).json["id"]
    world.policy(**ALWAYS)
    borrowed = solve(asked(start(world, client=STRANGER)))
    asked(resend(world, id_, challenge=borrowed))
    assert sends(world) == 1


def test_a_resend_may_keep_its_idempotency_key_while_solving(world: World) -> None:
    """A resend that told nothing at first is the same request with its solution, and later without it."""
    world.policy(**NEVER)
    id_, key = start(world).json["id"], {"Idempotency-Key": "k2"}
    world.policy(**ALWAYS)
    solution = solve(asked(resend(world, id_, key)))
    answer = resend(world, id_, key, challenge=solution)
    assert answer.status_code == 200
    assert resend(world, id_, key).json == answer.json
    assert resend(world, id_, key, channel="sms").json["code"] == "idempotency_mismatch"
    assert sends(world) == 2


def test_an_idempotency_key_may_be_kept_while_solving(world: World) -> None:
    """The repeat with a solution may keep its Idempotency-Key; later repeats hear its answer, whatever they bring."""
    world.policy(**ALWAYS)
    key = {"Idempotency-Key": "k1"}
    first = start(world, headers=key)
    solution, other = solve(asked(first)), solve(asked(start(world)))
    answer = start(world, solution, headers=key)
    assert answer.status_code == 201
    for repeat in (solution, other, "wrong", None):
        again = start(world, repeat, headers=key)
        assert again.status_code in (200, 201)
        assert again.json == answer.json
    assert sends(world) == 1
    assert start(world, other).status_code == 200


def test_an_idempotency_key_still_stands_for_the_rest(world: World) -> None:
    """The same key with another number is a mismatch, solved or not."""
    world.policy(**ALWAYS)
    key = {"Idempotency-Key": "k1"}
    start(world, solve(asked(start(world))), headers=key)
    solution = solve(asked(start(world, to=OTHER_NUMBER)))
    assert start(world, solution, to=OTHER_NUMBER, headers=key).json["code"] == "idempotency_mismatch"


def test_a_refused_resend_is_repeated_as_a_start(world: World) -> None:
    """A resend that is asked for a challenge brings one, and the start with its solution sends the live code again."""
    id_ = start(world).json["id"]
    world.policy(**ALWAYS)
    refused = world.api.post(f"/v1/verifications/{id_}/resend")
    response = start(world, solve(asked(refused)))
    assert (response.status_code, response.json["id"]) == (200, id_)


def test_test_keys_are_never_asked(world: World) -> None:
    """A test key starts without a challenge, and whatever it brings as a solution is not looked at."""
    world.policy(**ALWAYS)
    api = world.caller(*START, test=True)
    assert start(world, api=api).status_code == 201
    assert start(world, "wrong", api=api).status_code == 200


def test_without_a_challenge_weak_evidence_refuses_nobody_for_good(world: World) -> None:
    """With `challenge` none a start is never told to solve anything."""
    world.policy(**{**ALWAYS, "challenge": "none"})
    assert start(world).json.get("code") != "challenge_required"


def test_a_solution_is_not_looked_at_where_none_is_needed(world: World) -> None:
    """Where nothing is asked, a start passes with whatever it brings; a refusal repeats no solution."""
    world.policy(**NEVER)
    assert start(world, "c29sdXRpb24").status_code == 201
    world.policy(**ALWAYS)
    refused = start(world, "c29sdXRpb24")
    assert "the solution is wrong" in refused.json["detail"]
    assert "c29sdXRpb24" not in refused.get_data(as_text=True)


@pytest.mark.parametrize("fraud", ["shadow", "off"])
def test_where_nothing_is_enforced_nobody_is_asked(world: World, fraud: str) -> None:
    """In shadow mode, and with the brake off, a start passes without a solution and with a wrong one."""
    world.policy(**{**ALWAYS, "fraud": fraud})
    assert start(world).status_code == 201
    assert start(world, "wrong").status_code == 200


@pytest.fixture
def vendor(monkeypatch: pytest.MonkeyPatch) -> Iterator[CaptchaVendor]:
    """A vendor that nobody found ill before, and that is waited for as long as a busy machine needs."""
    monkeypatch.setenv("CAPTCHA_SECRET", SECRET)
    monkeypatch.setattr(challenges, "ASKER", captchas.Asker(limit_s=60))
    monkeypatch.setattr(captchas, "STEPS", dict.fromkeys(captchas.STEPS, 60))
    with captcha_vendor() as vendor:
        yield vendor


@pytest.fixture
def guarded(settings: Settings, tmp_path: Path, vendor: CaptchaVendor) -> Iterator[World]:
    """A service with Turnstile that asks everybody."""
    with guarded_by(vendor, settings, tmp_path, **ALWAYS) as world:
        yield world


def test_a_captcha_is_solved(guarded: World) -> None:
    """A start with a good token passes; with the same one again it does not, nor does another number."""
    assert asked(start(guarded))["kind"] == "turnstile"
    assert start(guarded, "good-1").status_code == 201
    asked(start(guarded, "good-1"))
    asked(start(guarded, "good-1", to=OTHER_NUMBER))
    assert sends(guarded) == 1


def test_a_captcha_s_repeat_after_a_lost_answer_passes(guarded: World, vendor: CaptchaVendor) -> None:
    """Where the vendor said yes and the start was refused by a limit, the same token still passes afterwards."""
    guarded.policy(**ALWAYS, challenge="turnstile", limits={"to": "1 per hour"})
    start(guarded, "good-0")
    assert start(guarded, "good-1").json["code"] == "rate_limited"
    guarded.policy(**ALWAYS, challenge="turnstile")
    assert start(guarded, "good-1").status_code == 200
    assert [form["response"] for form in vendor.asked] == ["good-0", "good-1"]


def test_while_the_vendor_is_away_nothing_is_used_up(guarded: World, vendor: CaptchaVendor) -> None:
    """A vendor in trouble makes the start unavailable, which sends nothing; the token passes later."""
    vendor.status = 503
    response = start(guarded, "good-1")
    assert (response.status_code, response.json["code"]) == (503, "unavailable")
    assert sends(guarded) == 0
    vendor.status, vendor.used = 200, set()
    assert start(guarded, "good-1").status_code == 201


def test_a_vendor_that_is_away_does_not_stop_whom_nobody_asks(guarded: World, vendor: CaptchaVendor) -> None:
    """A start that needs no challenge passes with a token, whatever has become of its vendor."""
    guarded.policy(**NEVER, challenge="turnstile")
    vendor.status = 503
    assert start(guarded, "good-1").status_code == 201


def test_a_captcha_s_secret_is_told_nowhere(guarded: World, capfd: pytest.CaptureFixture[str]) -> None:
    """Neither an answer, a page nor the log tells the secret or a token."""
    told = [start(guarded, token).get_data(as_text=True) for token in ("good-1", "good-1", "forged-token")]
    told.append(guarded.api.get("/challenge?kind=turnstile").get_data(as_text=True))
    told += capfd.readouterr()
    assert SECRET not in "".join(told)
    assert "forged-token" not in "".join(told)
    assert "good-1" not in "".join(told)


def test_the_page_allows_nothing_from_elsewhere(api: Api) -> None:
    """The page of proof of work loads nothing but the service's own files, and nobody may embed it unasked."""
    policy = api.get("/challenge").headers["Content-Security-Policy"]
    assert policy == (
        "default-src 'none'; script-src 'self'; style-src 'self'; worker-src 'self'; base-uri 'none'; "
        "form-action 'none'; frame-ancestors 'none'"
    )


def test_the_page_is_embedded_by_the_declared_origin_alone(api: Api) -> None:
    """With an origin the page may be embedded by that one."""
    policy = api.get("/challenge?origin=https://shop.example:8443").headers["Content-Security-Policy"]
    assert policy.endswith("frame-ancestors https://shop.example:8443")


@pytest.mark.parametrize(
    "origin",
    [
        "http://shop.example",
        "https://shop.example/path",
        "https://*",
        "https://shop.example;script-src *",
        "https://shop.example https://evil.example",
        'https://shop.example"><script>',
        "https://shop.example%0a",
        "null",
        "javascript:alert(1)",
    ],
)
def test_what_is_no_origin_is_refused(api: Api, origin: str) -> None:
    """Only the origin of an https page, or of one on this machine, gets into the page's policy."""
    response = api.get(f"/challenge?origin={origin}")
    assert (response.status_code, response.json["errors"][0]["field"]) == (422, "origin")


def test_a_captcha_s_page_names_its_vendor_alone(guarded: World) -> None:
    """The policy of a CAPTCHA's page is widened by that vendor's hosts, and it carries site key and no secret."""
    response = guarded.api.get("/challenge?kind=turnstile&origin=https://shop.example")
    policy = response.headers["Content-Security-Policy"]
    assert "script-src 'self' https://challenges.cloudflare.com; frame-src https://challenges.cloudflare.com;" in policy
    assert "google" not in policy


def test_a_captcha_s_page_answers_its_hostnames_alone(guarded: World) -> None:
    """A page of a host that is not configured can't embed the CAPTCHA: our host would lend it its name."""
    response = guarded.api.get("/challenge?kind=turnstile&origin=https://evil.example")
    assert (response.status_code, response.json["errors"][0]["field"]) == (422, "origin")


def test_a_captcha_that_is_not_configured_has_no_page(api: Api) -> None:
    """The page of a CAPTCHA without keys is not found."""
    assert api.get("/challenge?kind=hcaptcha").status_code == 404


@pytest.mark.parametrize("asset", ["solver.js", "search.js", "worker.js", "words.js", "page.js", "page.css"])
def test_pages_of_products_may_import_the_solver(api: Api, asset: str) -> None:
    """The files of the page may be read by any page, and run under no policy but their own."""
    response = api.get(f"/challenge/{asset}")
    assert response.status_code == 200
    assert response.headers["Access-Control-Allow-Origin"] == "*"
    assert response.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
    assert response.headers["X-Content-Type-Options"] == "nosniff"


def test_no_other_file_is_served(api: Api) -> None:
    """What is not a file of the page is not found, the template among it."""
    for path in ("page.html", "__init__.py", "..%2fapp.py"):
        assert api.client.get(f"/challenge/{path}").status_code == 404


def test_no_answer_tells_where_a_challenge_came_from(world: World) -> None:
    """A challenge names neither number nor client."""
    world.policy(**ALWAYS)
    told = json.dumps(asked(start(world)))
    assert NUMBER[1:] not in told
    assert CLIENT["ip"] not in told
