"""What it means when a vendor doesn't answer."""

import asyncio
from collections.abc import Awaitable, Callable

import httpx
import pytest

from otp_service.courier import vendor_client
from otp_service.courier.vendor import failure_kind

Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


async def request(reader: asyncio.StreamReader) -> None:
    """Reads the whole request: what were left unread would make of a hang-up a reset, which overtakes the answer."""
    await reader.readuntil(b"\r\n\r\n{}")


async def hang_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Reads the request and closes the connection."""
    await request(reader)
    writer.close()


async def babble(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answers with something that isn't HTTP."""
    await request(reader)
    writer.write(b"hello\r\n\r\n")
    writer.close()


async def stall(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Begins an answer and never ends it."""
    writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nabc")
    await reader.read()
    writer.close()


async def cut(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Ends an answer before its length."""
    await request(reader)
    writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nabc")
    writer.close()


async def failure(talk: Talk) -> str:
    """How far a request to such a server gets."""
    async with await asyncio.start_server(talk, "127.0.0.1", 0) as server, vendor_client(1) as client:
        port = server.sockets[0].getsockname()[1]
        try:
            await client.send(httpx.Request("POST", f"http://127.0.0.1:{port}/", json={}), 2 if talk is stall else 60)
        except Exception as error:
            return failure_kind(error)
    return "answered"


@pytest.mark.parametrize(
    ("talk", "kind"), [(hang_up, "write"), (babble, "protocol"), (stall, "timeout"), (cut, "protocol")]
)
def test_after_the_connection_stood_a_message_may_have_gone_out(talk: Talk, kind: str) -> None:
    """A hang-up, noise, a stalled or a cut answer are all ambiguous, each with its kind."""
    assert asyncio.run(failure(talk)) == kind


def test_a_refused_connection_sent_nothing() -> None:
    """A connection that never stood is the one failure that is known to have sent nothing."""

    async def story() -> str:
        async with vendor_client(1) as client:
            try:
                await client.send(httpx.Request("POST", "http://127.0.0.1:1/", json={}), 60)
            except Exception as error:
                return failure_kind(error)
        return "answered"

    assert asyncio.run(story()) == "connect"


def test_a_get_is_not_repeated_when_a_kept_connection_breaks() -> None:
    """A gateway that is driven by GET and hangs up after the second request was asked twice, not three times."""
    asked = []

    async def answer_once(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok")
        asked.append(await reader.readuntil(b"\r\n\r\n"))
        writer.close()

    async def story() -> str:
        async with await asyncio.start_server(answer_once, "127.0.0.1", 0) as server, vendor_client(1) as client:
            url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/send"
            assert (await client.send(httpx.Request("GET", url), 60)).content == b"ok"
            try:
                await client.send(httpx.Request("GET", url), 60)
            except Exception as error:
                return failure_kind(error)
        return "answered"

    assert asyncio.run(story()) == "write"
    assert len(asked) == 2


def test_a_redirect_is_an_answer_and_is_not_followed() -> None:
    """A vendor can't lead a message to another address."""

    async def redirect(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await request(reader)
        writer.write(b"HTTP/1.1 307 Go\r\nlocation: /else\r\ncontent-length: 0\r\n\r\n")
        writer.close()

    async def story() -> int:
        async with await asyncio.start_server(redirect, "127.0.0.1", 0) as server, vendor_client(1) as client:
            url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/send"
            return (await client.send(httpx.Request("POST", url, json={}), 60)).status_code

    assert asyncio.run(story()) == 307


def test_a_mounted_host_never_reaches_the_network() -> None:
    """Requests for the simulator's host go to the transport that was mounted for it."""

    async def story() -> int:
        inside = httpx.MockTransport(lambda request: httpx.Response(202))
        async with vendor_client(1, {"all://simulator.invalid": inside}) as client:
            return (await client.send(httpx.Request("POST", "http://simulator.invalid/messages"), 1)).status_code

    assert asyncio.run(story()) == 202
