"""After a rekey an older key may leave: codes of factors still work, and seals stay bound to their rows."""

from dataclasses import replace

from sqlalchemy import select, update

from otp_service.domain.keys import NONCE_BYTES, KeyRing, parse_ring
from otp_service.ledger.engine import reading
from otp_service.ledger.kids import missing_kids
from otp_service.ledger.rekey import rekey
from otp_service.ledger.schema import factor_users, factors
from otp_service.service.core import random_bytes
from otp_service.web.app import make_app
from tests.factor_world import STEP, FactorWorld
from tests.world import MASTER_KEYS, Api

NEW_KEY = "k2:" + "QkJC" * 10 + "QkI="


def rekeyed(owner: FactorWorld) -> Api:
    """A caller of a service whose ring has the new key alone, after everything was sealed again."""
    ring = parse_ring(f"{NEW_KEY},{MASTER_KEYS}")

    def reseal(sealed: str, bound_to: str) -> str:
        return ring.seal(ring.open(sealed, bound_to), bound_to, random_bytes(NONCE_BYTES))

    rekey(owner.core.engine, ring.current, reseal)
    return under(owner, parse_ring(NEW_KEY))


def under(owner: FactorWorld, ring: KeyRing) -> Api:
    """A caller of a service with this ring."""
    app = make_app(replace(owner.core, ring=ring), owner.parts.truths)
    return Api(app.test_client(), owner.factors.key)


def test_codes_work_after_a_rekey_without_the_old_key(owner: FactorWorld) -> None:
    """Apps, tokens, recovery codes and trusted devices outlive the key that they were sealed under."""
    app, token = owner.confirmed("app"), owner.confirmed("token", "hotp")
    codes = owner.enrolled("codes", "recovery_codes")["codes"]
    device = {"device_id": "laptop-1", "label": "laptop"}
    assert owner.ask("/v1/factors/check", user="app", code=owner.app_code(app), remember=device)["trust_token"]
    owner.clock.pass_(STEP)

    caller = rekeyed(owner)

    with reading(owner.core.engine) as connection:
        assert missing_kids(connection, ["k2"]) == []
    assert owner.check(owner.app_code(app), "app", caller)["valid"]
    assert owner.check(owner.app_code(token, counter=1), "token", caller)["valid"]
    assert owner.check(codes[0], "codes", caller)["valid"]
    assert caller.get("/v1/users/app/devices").json["items"][0]["label"] == "laptop"
    assert caller.get("/v1/users/app/factors").json["items"][0]["label"] == "app"


def test_without_a_rekey_a_factor_that_does_not_open_is_no_factor(owner: FactorWorld) -> None:
    """A service that lacks the key under which a secret is sealed takes no code of it."""
    app = owner.confirmed("app")
    heard = owner.check(owner.app_code(app), "app", under(owner, parse_ring(NEW_KEY)))
    assert not heard.get("valid")


def test_swapped_seals_open_nothing_after_a_rekey_either(owner: FactorWorld) -> None:
    """Two secrets, or two names, that changed places in SQL open nothing, whatever key sealed them last."""
    apps = {user: owner.confirmed(user) for user in ("u1", "u2")}
    caller = rekeyed(owner)
    with owner.core.engine.begin() as connection:
        for column in (factors.c.sealed, factor_users.c.user_sealed):
            key = next(iter(column.table.primary_key))
            (one, its), (other, theirs) = connection.execute(select(key, column)).all()
            for place, seal in ((one, theirs), (other, its)):
                connection.execute(update(column.table).where(key == place).values({column.name: seal}))
    for user in apps:
        for made in apps.values():
            assert not owner.check(owner.app_code(made), user, caller).get("valid")
