"""The client's way with second factors, against the real service."""

from collections.abc import Iterator
from urllib.parse import parse_qs, urlsplit

import httpx
import pyotp
import pytest

from otp_service.client import Client, NotFound, RateLimited
from tests.factor_world import NOON, FactorWorld
from tests.web.pages import BACK, Person, allow
from tests.world import World


@pytest.fixture
def client(quick: FactorWorld) -> Iterator[Client]:
    """A client whose transport is the application itself, in which no time passes."""
    key = quick.caller("factors").key
    with Client("http://otp.example", key, transport=httpx.WSGITransport(app=quick.app)) as made:
        yield made


def confirmed(client: Client) -> str:
    """The first code of an app that counts, which is used up."""
    made = client.factors.enrol("ana/1", issuer="Shop")
    code = pyotp.TOTP(made.secret or "").at(NOON // 1000)
    assert client.factors.confirm(made.id, code)
    return code


def test_an_app_is_enrolled_confirmed_listed_and_removed(client: Client) -> None:
    """The client takes a user through the life of a factor; what is secret is not in its words."""
    code = confirmed(client)
    [factor] = client.factors.of("ana/1")
    assert (factor.type, factor.status, factor.issuer) == ("totp", "active", "Shop")
    used = client.factors.check(code, user="ana/1")
    assert not used
    assert used.reason == "already_used"
    assert client.factors.get(factor.id).confirmed_at is not None
    assert client.factors.remove(factor.id).id == factor.id
    with pytest.raises(NotFound):
        client.factors.check("123456", factor=factor.id)


def test_recovery_codes_are_told_once(client: Client) -> None:
    """A new set comes as ten codes, and each check says how many are left."""
    made = client.factors.enrol("ana/1", "recovery_codes")
    assert len(made.codes) == 10
    assert made.codes[0] not in repr(made)
    assert client.factors.check(made.codes[0], user="ana/1").codes_left == 9


def test_a_device_is_remembered_and_forgotten(client: Client) -> None:
    """A device that passed a factor is trusted until it is forgotten."""
    made = client.factors.enrol("ana/1", "hotp")
    token = pyotp.HOTP(made.secret or "")
    assert client.factors.confirm(made.id, token.at(0))
    passed = client.factors.check(token.at(1), user="ana/1", remember={"device_id": "d1"})
    assert client.factors.trusts("ana/1", "d1", passed.trust_token or "")
    assert not client.factors.trusts("ana/1", "d2", passed.trust_token or "")
    client.factors.forget_devices("ana/1")
    assert not client.factors.trusts("ana/1", "d1", passed.trust_token or "")


def test_a_device_is_remembered_by_a_proof_listed_and_forgotten(world: World) -> None:
    """A proof of a check does it too; the token is told once, and not in words."""
    world.policy(proof=True)
    key = world.caller("factors").key
    with Client("http://otp.example", key, transport=httpx.WSGITransport(app=world.app)) as client:
        made = client.factors.enrol("ana/1", "hotp")
        token = pyotp.HOTP(made.secret or "")
        client.factors.confirm(made.id, token.at(0))
        proof = client.factors.check(token.at(1), user="ana/1").proof or ""
        device = client.factors.remember("ana/1", "d1", proof, "Ana’s phone")
        assert client.factors.trusts("ana/1", "d1", device.trust_token or "")
        assert (device.trust_token or "") not in repr(device)
        assert [(each.id, each.label) for each in client.factors.devices("ana/1")] == [(device.id, "Ana’s phone")]
        client.factors.forget_device("ana/1", device.id)
        assert client.factors.devices("ana/1") == ()


def test_a_device_is_remembered_by_the_result_of_a_page(world: World) -> None:
    """What the person brought back from a page gets the token; a call with a proof as well is no call."""
    allow(world)
    key = world.caller("factors").key
    with Client("http://otp.example", key, transport=httpx.WSGITransport(app=world.app)) as client:
        made = client.factors.enrol("ana/1", "hotp")
        token = pyotp.HOTP(made.secret or "")
        client.factors.confirm(made.id, token.at(0))
        page = client.page("check", BACK, user="ana/1", remember={"device_id": "d1", "label": "Ana’s phone"})
        person = Person(world, urlsplit(page.url).path)
        person.open()
        back = person.send("check", code=token.at(1), remember="yes")
        result = parse_qs(urlsplit(back.location).query)["result"][0]
        device = client.factors.remember("ana/1", "d1", result=result)
        assert client.factors.trusts("ana/1", "d1", device.trust_token or "")
        assert device.label == "Ana’s phone"
        for both in ({}, {"proof": "x", "result": result}):
            with pytest.raises(ValueError, match="either"):
                client.factors.remember("ana/1", "d1", **both)


def test_a_token_that_ran_away_is_found(client: Client) -> None:
    """Two codes in a row find it."""
    made = client.factors.enrol("ana/1", "hotp")
    token = pyotp.HOTP(made.secret or "")
    assert client.factors.confirm(made.id, token.at(0))
    assert client.factors.resync(made.id, token.at(100), token.at(101))


def test_a_locked_user_has_to_wait(client: Client) -> None:
    """After five wrong codes the error says for how long."""
    confirmed(client)
    for _ in range(5):
        client.factors.check("12345678", user="ana/1")
    with pytest.raises(RateLimited) as refused:
        client.factors.check("12345678", user="ana/1")
    assert (refused.value.code, refused.value.retry_after_s) == ("user_locked", 5)


def test_whose_factor_is_meant_must_be_said_once(client: Client) -> None:
    """Neither or both of user and factor is a fault of the program."""
    with pytest.raises(ValueError, match="either"):
        client.factors.check("123456")
