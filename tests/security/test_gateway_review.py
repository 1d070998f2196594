"""What a hostile review of the sending side found, held for good."""

import asyncio
import gzip
import threading
from collections.abc import Awaitable, Callable
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import pytest
from aiohttp import web

from otp_service import wiring
from otp_service.courier import vendor_client
from otp_service.courier.asking import discreet
from otp_service.courier.pacing import AHEAD_MS, MESSAGES_AHEAD_MS, Pacing
from otp_service.courier.vendor import MOST_ANSWER, failure_kind
from otp_service.domain.config_file.price_files import read_prices
from otp_service.domain.health import sign_of
from otp_service.domain.messages import Message, Outcome, Verdict
from otp_service.domain.routes.decide import Choice
from otp_service.domain.times import rfc3339
from otp_service.service.core import now_ms
from otp_service.service.senders import taken_out
from otp_service.settings import Settings
from otp_service.store.connect import connect_courier
from tests.courier import world as courier
from tests.courier.test_own_messages import TEXT, put_message
from tests.couriers import running_courier
from tests.servers import RedisServer, wait_until
from tests.web.vonage import NAME, SECRET, served, vendor
from tests.world import NUMBER, World

PATH = "/v1/messages"
Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]


@pytest.mark.parametrize("smart", [None, True, False])
@pytest.mark.parametrize(
    "line",
    [
        "@a.example #123456",
        "@a.example\u00a0#123456",
        "@a.example\u3000#1",
        "@a.example \u200b#1",
        "@a.example\u2009#1",
    ],
    ids=["plain", "no-break space", "ideographic space", "zero width", "thin space"],
)
def test_no_text_becomes_a_code_bound_to_an_origin(world: World, line: str, smart: bool | None) -> None:
    """What smart encoding, the service's or a vendor's, would make a browser's line is refused as that line is."""
    api = world.caller("messages")
    sent = {"to": NUMBER, "text": f"Your parcel is here\n{line}", "smart_encoding": smart}
    answer = api.post(PATH, {name: value for name, value in sent.items() if value is not None})
    assert (answer.status_code, answer.get_json()["errors"][0]["field"]) == (422, "text")


async def bomb(request: web.Request) -> web.StreamResponse:
    """A few kilobytes that unpack to a lot."""
    packed = gzip.compress(bytes(40 * MOST_ANSWER))
    return web.Response(body=packed, headers={"Content-Encoding": "gzip"})


async def packed_twice(request: web.Request) -> web.StreamResponse:
    """What nobody asked for."""
    packed = gzip.compress(gzip.compress(b"{}"))
    return web.Response(body=packed, headers={"Content-Encoding": "gzip, gzip"})


async def flood(request: web.Request) -> web.StreamResponse:
    """An answer without end."""
    response = web.StreamResponse()
    await response.prepare(request)
    while True:
        await response.write(bytes(MOST_ANSWER))


async def honest(request: web.Request) -> web.StreamResponse:
    """A usual answer, packed as it was asked for."""
    response = web.json_response({"id": "1"})
    response.enable_compression(web.ContentCoding.gzip)
    return response


async def asked(answer: Answer) -> httpx.Response:
    """What a courier hears of a vendor that answers so."""
    app = web.Application()
    app.router.add_post("/", answer)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        async with vendor_client(1) as client:
            return await client.send(httpx.Request("POST", f"http://127.0.0.1:{runner.addresses[0][1]}/"), 60)
    finally:
        await runner.cleanup()


def test_an_answer_is_unpacked_within_bounds() -> None:
    """What a vendor's few kilobytes unpack to fills no memory; an honest answer is read as ever."""
    assert len(asyncio.run(asked(bomb)).content) == MOST_ANSWER
    assert asyncio.run(asked(honest)).json() == {"id": "1"}


@pytest.mark.parametrize("answer", [packed_twice, flood])
def test_an_answer_that_is_none_leaves_it_open_whether_the_message_went_out(answer: Answer) -> None:
    """An answer without end, or packed in layers, is dropped as one that can't be read: the message may have gone."""
    with pytest.raises(ValueError, match="answer") as raised:
        asyncio.run(asked(answer))
    assert failure_kind(raised.value) == "protocol"


def test_a_code_finds_a_token_however_many_messages_wait(redis: RedisServer) -> None:
    """Messages of their own leave the far half of what a rate admits within a second to codes."""

    async def story() -> float:
        client = connect_courier(redis.url)
        pacing, busy = Pacing(client), Choice("a", max_per_s=4)
        try:
            while await pacing.take(busy, MESSAGES_AHEAD_MS) <= MESSAGES_AHEAD_MS:
                """Another message has a token."""
            return await pacing.take(busy)
        finally:
            await client.aclose()

    assert asyncio.run(story()) <= AHEAD_MS


def test_a_code_finds_a_place_however_many_messages_are_under_way(redis: RedisServer) -> None:
    """A vendor that never answers for messages of their own keeps no code waiting: some places are theirs."""

    async def story(sending: courier.World) -> None:
        async def answer(sent: dict[str, Any]) -> web.StreamResponse:
            return await (courier.forever(sent) if sent["text"] == TEXT else courier.accept(sent))

        sending.sink.answers["a"] = answer
        for _ in range(20):
            await put_message(sending)
        async with sending.running(concurrency=8, timing=replace(courier.QUICK, stop_s=0.1)):
            await courier.eventually(lambda: _given(sending), 6)
            await sending.ends(await sending.put(), "3|accepted|a|")
            assert await _given(sending) <= 8

    courier.play(story, redis.url)


async def _given(sending: courier.World) -> int:
    """How many messages of their own the vendor was given."""
    return [sent["text"] for sent in sending.sink.got].count(TEXT)


@pytest.mark.parametrize("reason", ["opted_out", "blocked"])
def test_what_waits_is_not_sent_to_whoever_wants_it_no_more(world: World, reason: str) -> None:
    """Who opts out, or is blocked, after a message was scheduled does not get it; a code is sent all the same."""
    api = world.caller("messages")
    sent = api.post(PATH, {"to": NUMBER, "text": "Hello", "send_at": rfc3339(now_ms() + 3000)}).get_json()["id"]
    if reason == "opted_out":
        api.call("PUT", f"/v1/opt-outs/{NUMBER}", {"scope": "all"})
        world.api.start()
    else:
        world.admin.post("/v1/admin/blocks", {"kind": "number", "value": NUMBER, "reason": "abuse"})
    world.parts.truths.refresh()
    with running_courier(world.parts):
        wait_until(lambda: api.get(f"{PATH}/{sent}").get_json()["status"] == "failed", 60)
        if reason == "opted_out":
            wait_until(lambda: bool(world.parts.phone and world.parts.phone.messages()), 60)
    assert api.get(f"{PATH}/{sent}").get_json()["reason"] == reason
    assert world.parts.phone
    assert "Hello" not in [shown.text for shown in world.parts.phone.messages()]


@pytest.mark.parametrize("is_signed", [True, False])
def test_a_url_that_leaked_takes_no_sender_out(settings: Settings, tmp_path: Path, is_signed: bool) -> None:
    """A report that calls a sender unregistered takes it out if it is signed, and else changes that message alone."""
    with vendor() as vonage:
        signed = f'signature_secret = "{SECRET}"\n' if is_signed else ""
        options = f'kind = "vonage_sms"\nsender = "Shop"\napi_key = "a1b2c3d4"\napi_secret = "s3cr3t"\n{signed}'
        (tmp_path / "otp-service.toml").write_text(
            f'[[providers]]\nname = "{NAME}"\n{options}base_url = "{vonage.url}"\n'
        )
        stand = World(
            wiring.build(settings.model_copy(update={"config": tmp_path / "otp-service.toml"}), development_server=True)
        )
        with served(stand, vonage), running_courier(stand.parts):
            id_ = stand.api.start().get_json()["id"]
            wait_until(lambda: _message(stand, id_)["status"] == "accepted", 60)
            rejected: dict[str, Any] = {"err-code": "51"}
            assert vonage.report(vonage.ids(1)[0], "rejected", **rejected) == 204
            path = f"/v1/messages/{_message(stand, id_)['id']}"
            wait_until(lambda: bool(stand.api.get(path).get_json().get("receipts")), 60)
            if is_signed:
                wait_until(lambda: bool(taken_out(stand.core)), 60)
        # What the ledger got was heeded by the time that the courier has ended.
        assert [out.sender for out in taken_out(stand.core)] == (["Shop"] if is_signed else [])
        stand.core.engine.dispose()


def _message(stand: World, id_: str) -> dict[str, Any]:
    """The one message of a verification."""
    found: dict[str, Any] = stand.api.get(f"/v1/verifications/{id_}").get_json()["messages"][0]
    return found


def test_a_price_file_in_millionths_is_refused() -> None:
    """A price that nobody asks for is a mistake in the file, and told by its line."""
    prices, wrong = read_prices("country,price,currency\nCH,72500,USD\nDE,0.07,USD\n", {"USD": Decimal(1)})
    assert prices.countries == {}
    assert wrong == ["line 2: price is above 1000 USD for a segment; is it in whole units of its currency?"]


def test_a_forbidden_number_does_not_shut_a_provider_to_all_others() -> None:
    """A 403 without a word of the vendor's may be about one number: it counts as one failure."""
    of_status = Outcome(Verdict.MISCONFIGURED, "bad_credentials", raw="http 403")
    in_words = Outcome(Verdict.MISCONFIGURED, "bad_credentials", raw="20003")
    assert [sign_of(of_status), sign_of(in_words)] == ["failed", "shut"]


@pytest.mark.parametrize(
    ("echoed", "kept"),
    [("+41791234567", None), ("OK:41791234567", None), ("735622", None), ("735622 is your code", None), ("a-7", "a-7")],
    ids=["the number", "the number in words", "the code", "the text", "an id"],
)
def test_nothing_that_a_vendor_repeats_of_a_message_is_kept(echoed: str, kept: str | None) -> None:
    """A vendor whose id or word is the number, the code or the text puts none of them into the ledger or a log."""
    sent = Message("msg_1", NUMBER, "735622 is your code", "CH", None)
    told = discreet(Outcome(Verdict.ACCEPTED, None, echoed, echoed, parts=(echoed,)), sent)
    assert (told.provider_message_id, told.raw, told.parts) == (kept, kept, (kept,) if kept else ())
    word = Outcome(Verdict.TRY_ANOTHER, "bad_response", None, "http 400")
    assert discreet(word, sent) == word


async def _told(sending: courier.World) -> int:
    return len(sending.taken_out)


class Stuck(list[Any]):
    """A ledger that takes its time: it ends once it is told to."""

    ends = threading.Event()

    def append(self, told: Any) -> None:
        super().append(told)
        self.ends.wait(60)


def test_a_slow_ledger_hears_once_of_a_sender_that_is_not_registered(redis: RedisServer) -> None:
    """However many messages are refused for one sender meanwhile, one thread waits for the ledger."""

    async def story(sending: courier.World) -> None:
        sending.sink.answers["a"], sending.taken_out = courier.refuse(403), Stuck()
        try:
            async with sending.running(providers=("a", "b")):
                for _ in range(10):
                    await sending.ends(await sending.put(), "3|accepted|b|")
                await courier.eventually(lambda: _told(sending), 1)
            assert len(sending.taken_out) == 1
        finally:
            Stuck.ends.set()

    courier.play(story, redis.url)
