"""What callers are told of factors and users, as a stream and by webhook."""

import asyncio
import json

from otp_service.courier.notifier import Notifier
from otp_service.courier.observe import Unobserved
from otp_service.courier.webhook_client import WebhookClient
from otp_service.domain.factors.delays import ALARM_AT, MOST_FAILURES
from otp_service.domain.public_addresses import Reach
from otp_service.ledger.schema import factor_users
from otp_service.web import events as web
from tests.courier.hooks import sink
from tests.factor_world import FactorWorld
from tests.web.test_events import blocks, last_id, read

TOLD = ["factor.enrolled", "user.locked", "user.disabled", "factor.removed"]


def lived(world: FactorWorld) -> list[str]:
    """A factor that is enrolled, guessed at until it is disabled, and removed; what must never be told of it."""
    made = world.confirmed("u1")
    wrong, right = world.wrong(made), world.app_code(made)
    for failures in (ALARM_AT, MOST_FAILURES):
        with world.core.engine.begin() as connection:
            connection.execute(factor_users.update().values(failures=failures - 1, locked_until=0))
        assert world.check(wrong)["reason"] == "wrong_code"
    assert world.factors.delete(f"/v1/factors/{made['id']}").status_code == 200
    return [made["secret"], made["uri"], right]


def test_a_stream_tells_what_became_of_factors(quick: FactorWorld) -> None:
    """Enrolment, lock, end and removal are told in their order, by the user's name, without secret or code."""
    quick.app.extensions["places"] = web.Places(0)
    reader = quick.caller("reports")
    before = last_id(read(reader))
    unsaid = lived(quick)

    heard = read(reader, before, "?types=factor.*,user.*")

    found = [block for block in blocks(heard) if block.event]
    assert [block.event for block in found] == TOLD
    assert {block.data["data"]["user"] for block in found} == {"u1"}
    assert [block.data["data"].get("failures") for block in found] == [None, ALARM_AT, MOST_FAILURES, None]
    assert not [each for each in unsaid if each in heard]


def test_a_webhook_is_told_what_became_of_factors(quick: FactorWorld) -> None:
    """An endpoint that asked for factors and users gets the same, signed, and nothing that proves anything."""

    async def run() -> None:
        async with sink() as receiver:
            asked = {"application": "shop", "url": f"http://localhost:{receiver.port}/hook"}
            made = quick.admin.post("/v1/admin/webhooks", {**asked, "types": ["factor.*", "user.*"]})
            assert made.status_code == 201
            unsaid = lived(quick)
            client = WebhookClient(Reach(development=True), limit_s=60)
            core = quick.core
            courier = Notifier(
                *(core.engine, core.ring, core.audit_key, client, Unobserved(), core.clock, lambda: 0.5),
            )
            for _ in TOLD:
                for step in (courier.fan_out, courier.deliver, courier.ended, courier.settle):
                    await step()
            await client.aclose()
            told = [json.loads(got.body) for got in receiver.got]
            assert sorted(each["type"] for each in told) == sorted(TOLD)
            assert all("webhook-signature" in got.headers for got in receiver.got)
            assert not [each for each in unsaid for got in receiver.got if each.encode() in got.body]

    asyncio.run(run())
