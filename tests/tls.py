"""A TLS-terminating reverse proxy of the tests' own: a certificate made on the spot, headers as nginx sends them."""

import datetime
import http.client
import ipaddress
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.servers import at_work

HOST = "localhost"
CLIENT = "203.0.113.9"  # as whom it announces whoever connects
OWN_HOP = frozenset({"connection", "keep-alive", "transfer-encoding", "content-length", "host", "server", "date"})


class TlsProxy(ThreadingHTTPServer):
    """Carries each request to `upstream`, a port of this host."""

    daemon_threads = True
    upstream = 0

    @property
    def url(self) -> str:
        return f"https://{HOST}:{self.server_port}"


class _Carrying(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: TlsProxy

    def do_GET(self) -> None:
        sent = {name: value for name, value in self.headers.items() if name.lower() not in OWN_HOP}
        # `proxy_set_header Host $host` leaves the port out.
        sent |= {"Host": HOST, "X-Forwarded-For": CLIENT, "X-Forwarded-Proto": "https"}
        body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        upstream = http.client.HTTPConnection("127.0.0.1", self.server.upstream)
        upstream.request(self.command, self.path, body, sent)
        answer = upstream.getresponse()
        told = answer.read()
        self.send_response_only(answer.status)
        for name, value in answer.getheaders():
            if name.lower() not in OWN_HOP:
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(told)))
        self.end_headers()
        self.wfile.write(told)
        upstream.close()

    do_POST = do_GET


@contextmanager
def tls_proxy(folder: Path) -> Iterator[tuple[TlsProxy, Path]]:
    """A proxy that is told its upstream later, and the certificate by which it is known."""
    certificate = _certificate(folder)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    server = TlsProxy(("127.0.0.1", 0), _Carrying)
    server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    with at_work(server):
        yield server, certificate


def _certificate(folder: Path) -> Path:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, HOST)])
    now = datetime.datetime.now(datetime.UTC)
    names = [x509.DNSName(HOST), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=2))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path = folder / "proxy.pem"
    path.write_bytes(private + made.public_bytes(serialization.Encoding.PEM))
    return path
