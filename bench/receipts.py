"""How many delivery receipts one thread takes in: signed as Twilio signs them, through the whole application.

Every message is reported `sent`, `delivered`, and `delivered` once more, as vendors do. Redis is a process of its own;
there is no server around the application, whose share the other rows tell, and no log line is written.
"""

import base64
import contextlib
import hmac
import io
import tempfile
import time
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from bench.inprocess import answers, environ
from bench.servers import redis_server, socket_of
from otp_service import wiring
from otp_service.domain.ids import address, message_id, verification_id
from otp_service.ledger import migrate
from otp_service.ledger.engine import make_engine
from otp_service.service.receipts import receipts_path
from otp_service.settings import Settings
from otp_service.store.keys import parts_key, subject_keys
from otp_service.wiring import Parts

ROUNDS = 5
MESSAGES = 300  # a round
SAID = ("sent", "delivered", "delivered")
PUBLIC = "https://otp.example"
TOKEN = "a-token-of-the-bench"
FILE = f"""
[[providers]]
name = "twilio"
kind = "twilio"
account_sid = "AC{0:032d}"
auth_token = "{TOKEN}"
sender = "Shop"
"""


@contextlib.contextmanager
def service() -> Iterator[Parts]:
    """A whole service on a Redis and a ledger of its own."""
    with redis_server() as server, tempfile.TemporaryDirectory() as folder:
        ledger, file = f"sqlite:///{folder}/otp.db", Path(folder) / "otp-service.toml"
        engine = make_engine(ledger)
        migrate.to_head(engine)
        engine.dispose()
        file.write_text(FILE)
        settings = Settings(
            _env_file=None,
            env="development",
            redis_url=f"unix://{socket_of(server)}",
            database_url=ledger,
            master_keys="bench:" + base64.b64encode(b"b" * 32).decode(),
            public_url=PUBLIC,
            config=file,
            log_level="error",
        )
        parts = wiring.build(settings)
        yield parts
        parts.core.engine.dispose()


def calls(parts: Parts, numbers: Iterable[int]) -> list[dict[str, Any]]:
    """What Twilio reports of these messages, each of them accepted before."""
    core, found = parts.core, []
    for number in numbers:
        random = number.to_bytes(16, "big")
        at = address(core.index_key, "app_1", f"+4179{number:07d}", "login")
        message, verification = message_id(random), verification_id(core.index_key, "app_1", at, random)
        keys = subject_keys(at, 1)
        core.link.command("HSET", keys.record, "id", verification, f"m:{message}", "3|accepted|twilio||1")
        core.link.command("HSET", parts_key(keys.cell, message), "by", "twilio")
        path = receipts_path(core, "twilio", message, verification)
        found += [call(path, f"SM{number:032d}", said) for said in SAID]
    return found


def call(path: str, sid: str, said: str) -> dict[str, Any]:
    """One signed report, as a server hands it to the application."""
    fields = {"MessageSid": sid, "MessageStatus": said}
    signed = PUBLIC + path + "".join(name + fields[name] for name in sorted(fields))
    signature = base64.b64encode(hmac.digest(TOKEN.encode(), signed.encode(), "sha1")).decode()
    body = urlencode(fields).encode()
    told = environ("POST", path, body, "")
    told |= {"CONTENT_TYPE": "application/x-www-form-urlencoded", "HTTP_X_TWILIO_SIGNATURE": signature}
    return told | {"wsgi.input": io.BytesIO(body)}


def figures() -> dict[str, float]:
    """Receipts a second over one thread, and the CPU time of one in this process; the medians of all rounds."""
    with service() as parts:
        app = parts.web()
        answers(app, calls(parts, range(20)))
        rounds = [_round(app, calls(parts, range(first, first + MESSAGES))) for first in _firsts()]
    middle = len(rounds) // 2
    return {
        "receipts_per_s": sorted(rate for rate, _ in rounds)[middle],
        "receipt_us": sorted(cpu for _, cpu in rounds)[middle],
    }


def _firsts() -> Sequence[int]:
    return range(1000, 1000 + ROUNDS * MESSAGES, MESSAGES)


def _round(app: Any, made: list[dict[str, Any]]) -> tuple[float, float]:
    wall, cpu = time.perf_counter(), time.process_time()
    answers(app, made)
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    return len(made) / wall, cpu / len(made) * 1e6


def main() -> None:
    """Prints the figures."""
    for name, figure in figures().items():
        print(f"{name:20} {figure:10,.1f}")


if __name__ == "__main__":
    main()
