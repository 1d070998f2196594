"""A courier beside a test, as `dev` has one beside its web server."""

import asyncio
import contextlib
import threading
from collections.abc import Iterator

from otp_service.wiring import Parts
from otp_service.wiring.courier import run_courier


@contextlib.contextmanager
def running_courier(parts: Parts) -> Iterator[None]:
    """Works in a thread of its own for as long as the block runs; what went wrong there is raised here."""
    loop, stop = asyncio.new_event_loop(), asyncio.Event()
    failed: list[BaseException] = []

    def work() -> None:
        try:
            loop.run_until_complete(run_courier(parts, stop, 20))
        except BaseException as error:
            failed.append(error)
        finally:
            loop.close()

    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield
    finally:
        with contextlib.suppress(RuntimeError):  # its loop has ended by itself
            loop.call_soon_threadsafe(stop.set)
        thread.join(60)
    if failed:
        raise failed[0]
    assert not thread.is_alive()
