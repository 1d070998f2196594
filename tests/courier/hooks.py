"""A webhook's receiver on this host, over TLS or not, that counts who connects; and the certificates it shows."""

import asyncio
import contextlib
import datetime
import ipaddress
import ssl
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

HOST = "hooks.example"
DAY = datetime.timedelta(days=1)


@dataclass(frozen=True)
class Delivered:
    """One request as the receiver got it; names of headers in lower case."""

    line: str
    headers: dict[str, str]
    body: bytes


Answer = Callable[[Delivered], bytes | None]  # None: none, ever


def status(code: int, *headers: str) -> bytes:
    """An answer without a body."""
    return "\r\n".join([f"HTTP/1.1 {code} X", "Content-Length: 0", *headers, "", ""]).encode()


@dataclass
class Sink:
    """The receiver: what it was sent, and what it answers."""

    port: int = 0
    connections: int = 0
    open: int = 0
    most_open: int = 0
    names: list[str | None] = field(default_factory=list)  # that clients said they want (SNI)
    got: list[Delivered] = field(default_factory=list)
    answer: Answer = lambda _: status(204)
    free: asyncio.Event = field(default_factory=asyncio.Event)  # while it is not set, nobody is answered

    def __post_init__(self) -> None:
        self.free.set()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self.open += 1
        self.most_open = max(self.most_open, self.open)
        try:
            with contextlib.suppress(OSError, asyncio.IncompleteReadError):
                await self._answer(reader, writer)
        finally:
            self.open -= 1
            writer.close()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in head[1:] if line)}
        got = Delivered(head[0], headers, await reader.readexactly(int(headers.get("content-length", 0))))
        self.got.append(got)
        await self.free.wait()
        answer = self.answer(got)
        if answer is None:
            await asyncio.sleep(60)
        else:
            writer.write(answer)
            await writer.drain()


@contextlib.asynccontextmanager
async def sink(tls: ssl.SSLContext | None = None) -> AsyncIterator[Sink]:
    """A receiver on a free port of 127.0.0.1."""
    made = Sink()
    if tls:
        tls.sni_callback = lambda _, name, __: made.names.append(name)
    server = await asyncio.start_server(made.serve, "127.0.0.1", 0, ssl=tls)
    made.port = server.sockets[0].getsockname()[1]
    try:
        yield made
    finally:
        server.close()


def certificate(folder: Path, name: str = HOST) -> Path:
    """A file with a key and a certificate of this name that vouches for itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - DAY)
        .not_valid_after(now + DAY)
        .add_extension(x509.SubjectAlternativeName([_general(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    plain = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    path = folder / f"{name}.pem"
    path.write_bytes(key.private_bytes(*plain) + made.public_bytes(serialization.Encoding.PEM))
    return path


def server_side(path: Path) -> ssl.SSLContext:
    """TLS as a server with this certificate speaks it."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)
    return context


def client_side(path: Path) -> ssl.SSLContext:
    """TLS as a client speaks it who trusts this certificate alone."""
    return ssl.create_default_context(cafile=str(path))


def _general(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)
