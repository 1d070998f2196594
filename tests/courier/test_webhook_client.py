"""The way to webhooks leads to public addresses only, and to the one that was judged."""

import asyncio
import os
import socket
import threading
from collections.abc import Sequence
from pathlib import Path

import pytest

from otp_service.courier.webhook_client import Resolve, WebhookClient, resolve, word
from otp_service.domain.addresses import networks
from otp_service.domain.public_addresses import Reach
from tests.courier.hooks import HOST, certificate, client_side, server_side, sink, status

INTERNET = Reach()
HERE = Reach(networks(["127.0.0.0/8"]))  # as if 127.0.0.1 were the operator's own network
DEVELOPMENT = Reach(development=True)
NOWHERE = "2001:200::1"  # public, and no way leads there from a test


def told(*answers: Sequence[str]) -> tuple[Resolve, list[str]]:
    """A resolver that gives these answers in turn, and whom it was asked for."""
    asked: list[str] = []

    async def resolve(host: str, _: int) -> Sequence[str]:
        asked.append(host)
        return answers[min(len(asked), len(answers)) - 1]

    return resolve, asked


async def refusal(client: WebhookClient, url: str) -> str:
    """In a word, why the client got no status."""
    try:
        answered = await client.post(url, {}, b"{}")
    except Exception as error:
        return word(error)
    finally:
        await client.aclose()
    return f"answered {answered}"


@pytest.mark.parametrize(
    "host",
    ["127.1", "127.0.0.1", "0x7f.1", "0x7f000001", "2130706433", "0177.0.0.1", "[::1]", "[::ffff:127.0.0.1]", "0"],
)
def test_row_24_no_spelling_of_a_private_address_is_called(host: str) -> None:
    """However a private address is written, nothing connects to it."""

    async def run() -> None:
        async with sink() as local:
            assert await refusal(WebhookClient(INTERNET), f"https://{host}:{local.port}/") == "not_public"
            assert local.connections == 0

    asyncio.run(run())


@pytest.mark.parametrize(
    "addresses",
    [["127.0.0.1"], ["::ffff:127.0.0.1"], ["8.8.8.8", "127.0.0.1"], ["::ffff:169.254.169.254"], ["64:ff9b::7f00:1"]],
)
def test_row_24_no_name_leads_to_a_private_address(addresses: list[str]) -> None:
    """A name with one private address among others is not called at all."""

    async def run() -> None:
        async with sink() as local:
            client = WebhookClient(INTERNET, told(addresses)[0])
            assert await refusal(client, f"https://{HOST}:{local.port}/") == "not_public"
            assert local.connections == 0

    asyncio.run(run())


def test_row_24_a_name_that_changes_its_address_is_not_followed() -> None:
    """A name that is public when judged and private a moment later is asked for once; the private one is not called."""

    async def run() -> None:
        async with sink() as local:
            resolve, asked = told([NOWHERE], ["127.0.0.1"])
            await refusal(WebhookClient(INTERNET, resolve, limit_s=1), f"https://{HOST}:{local.port}/")
            assert asked == [HOST]
            assert local.connections == 0

    asyncio.run(run())


def test_row_24_no_redirect_is_followed(tmp_path: Path) -> None:
    """A redirect is an answer like any other: where it leads nothing connects."""
    path = certificate(tmp_path)

    async def run() -> None:
        async with sink(server_side(path)) as local, sink() as inner:
            local.answer = lambda _: status(302, f"Location: http://127.0.0.1:{inner.port}/latest/meta-data/")
            client = WebhookClient(HERE, told(["127.0.0.1"])[0], client_side(path))
            assert await refusal(client, f"https://{HOST}:{local.port}/") == "answered 302"
            assert inner.connections == 0

    asyncio.run(run())


def test_row_24_no_proxy_of_the_environment_is_used(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Proxies that the environment names see nothing."""
    path = certificate(tmp_path)

    async def run() -> None:
        async with sink(server_side(path)) as local, sink() as proxy:
            for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "HTTP_PROXY", "http_proxy"):
                monkeypatch.setitem(os.environ, name, f"http://127.0.0.1:{proxy.port}")
            client = WebhookClient(HERE, told(["127.0.0.1"])[0], client_side(path))
            assert await refusal(client, f"https://{HOST}:{local.port}/") == "answered 204"
            assert proxy.connections == 0

    asyncio.run(run())


def test_http_is_called_in_development_alone() -> None:
    """Over http nothing connects, unless in development and to this host."""

    async def run() -> None:
        async with sink() as local:
            url = f"http://localhost:{local.port}/"
            resolve = told(["127.0.0.1"])[0]
            assert await refusal(WebhookClient(HERE, resolve), url) == "not_public"
            assert local.connections == 0
            assert await refusal(WebhookClient(DEVELOPMENT, resolve), url) == "answered 204"

    asyncio.run(run())


def test_it_connects_to_the_judged_address_and_names_the_host(tmp_path: Path) -> None:
    """The connection goes to the address, while TLS, its certificate and the Host header are those of the name."""
    path = certificate(tmp_path)

    async def run() -> None:
        async with sink(server_side(path)) as local:
            client = WebhookClient(HERE, told(["127.0.0.1"])[0], client_side(path))
            url = f"https://{HOST}:{local.port}/in?token=x"
            assert await client.post(url, {"webhook-id": "evt_1"}, b'{"a":1}') == 204
            await client.aclose()
            (got,) = local.got
            assert local.names == [HOST]
            assert got.line == "POST /in?token=x HTTP/1.1"
            assert (got.headers["host"], got.headers["webhook-id"]) == (f"{HOST}:{local.port}", "evt_1")
            assert (got.headers["content-type"], got.body) == ("application/json", b'{"a":1}')

    asyncio.run(run())


def test_a_certificate_of_another_name_is_refused(tmp_path: Path) -> None:
    """Who can't prove to be the host gets no event, though his certificate is trusted."""
    path = certificate(tmp_path, "other.example")

    async def run() -> None:
        async with sink(server_side(path)) as local:
            client = WebhookClient(HERE, told(["127.0.0.1"])[0], client_side(path))
            assert await refusal(client, f"https://{HOST}:{local.port}/") == "bad_certificate"
            assert local.got == []

    asyncio.run(run())


def test_a_certificate_that_nobody_vouches_for_is_refused(tmp_path: Path) -> None:
    """A certificate that this machine does not trust is refused."""
    path = certificate(tmp_path)

    async def run() -> None:
        async with sink(server_side(path)) as local:
            client = WebhookClient(HERE, told(["127.0.0.1"])[0])
            assert await refusal(client, f"https://{HOST}:{local.port}/") == "bad_certificate"
            assert local.got == []

    asyncio.run(run())


def test_the_next_address_is_tried() -> None:
    """Where the first address of a host can't be reached, the next one is."""

    async def run() -> None:
        async with sink() as local:
            client = WebhookClient(DEVELOPMENT, told(["127.0.0.2", "127.0.0.1"])[0])
            assert await refusal(client, f"http://localhost:{local.port}/") == "answered 204"

    asyncio.run(run())


def test_an_answer_that_never_comes_is_not_waited_for() -> None:
    """Who takes the request and says nothing is a timeout."""

    async def run() -> None:
        async with sink() as local:
            local.answer = lambda _: None
            client = WebhookClient(DEVELOPMENT, told(["127.0.0.1"])[0], limit_s=0.3)
            assert await refusal(client, f"http://localhost:{local.port}/") == "timeout"

    asyncio.run(run())


def test_an_answer_without_end_is_left(tmp_path: Path) -> None:
    """Of an endless body no more than 64 kB are read; the status counts."""
    head = b"HTTP/1.1 200 X\r\nContent-Encoding: gzip\r\nContent-Length: 1000000000\r\n\r\n"

    async def run() -> None:
        async with sink() as local:
            local.answer = lambda _: head + b"\0" * 300_000
            client = WebhookClient(DEVELOPMENT, told(["127.0.0.1"])[0])
            assert await refusal(client, f"http://localhost:{local.port}/") == "answered 200"

    asyncio.run(run())


def test_what_is_no_http_is_told_in_a_word() -> None:
    """Garbage, a hang-up, a closed port and an unknown name each have their word."""

    async def run() -> None:
        async with sink() as local:
            resolve = told(["127.0.0.1"])[0]
            url = f"http://localhost:{local.port}/"
            local.answer = lambda _: b"SSH-2.0-x\r\n\r\n"
            assert await refusal(WebhookClient(DEVELOPMENT, resolve), url) == "bad_answer"
            local.answer = lambda _: b""
            assert await refusal(WebhookClient(DEVELOPMENT, resolve), url) == "bad_answer"
        # A port that was given back may be somebody else's by now.
        assert await refusal(WebhookClient(DEVELOPMENT, resolve), "http://localhost:1/") == "unreachable"
        # Where no name server answers it is a timeout; a machine without network says so at once.
        assert await refusal(WebhookClient(INTERNET), "https://no-such-host.invalid/") in ("unknown_host", "timeout")

    asyncio.run(run())


def test_names_that_nobody_answers_for_hold_nothing_else_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """While look-ups hang, the threads that write to the ledger go on."""
    answered = threading.Event()

    def hang(*_: object, **__: object) -> list[object]:
        answered.wait(60)
        return []

    async def run() -> str:
        monkeypatch.setattr(socket, "getaddrinfo", hang)
        hanging = [asyncio.create_task(resolve("slow.example", 443)) for _ in range(64)]
        try:
            await asyncio.sleep(0)
            return await asyncio.wait_for(asyncio.to_thread(lambda: "written"), 30)
        finally:
            answered.set()
            await asyncio.gather(*hanging)

    assert asyncio.run(run()) == "written"
