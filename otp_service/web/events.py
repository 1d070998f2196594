"""Server-sent events: what happens, as it happens.

A stream that is held open takes a thread of this process with it, so only a few are, and not for long. Whoever finds no
place is told what there is and to come back; with `Last-Event-ID` nothing is missed either way.
"""

import threading
import time
from collections.abc import Iterator, Sequence
from typing import Annotated, cast

from flask import Blueprint, Flask, Response, current_app, request
from prometheus_client import Gauge
from pydantic import BaseModel, ConfigDict, Field

from otp_service.domain.errors import Refusal
from otp_service.domain.events import payload
from otp_service.ledger.events import Told
from otp_service.service import events
from otp_service.service.callers import Caller
from otp_service.service.core import Core
from otp_service.service.events import Batch
from otp_service.web.context import caller, core
from otp_service.web.parsing import query

HOLD_S = 15  # less than a server that stops waits for its threads
LOOK_S = 0.5
HEARTBEAT_S = 5.0  # also how soon it shows that the reader has gone
COME_BACK_MS = 2000
MOST_BATCHES = 10  # of an answer that isn't held; the rest is for the next one, at once
SCOPE = "reports"

HELD = Gauge("otp_event_streams", "Streams of events that are held open.", multiprocess_mode="livesum")
blueprint = Blueprint("events", __name__)


class EventsQuery(BaseModel):
    """The query of GET /v1/events."""

    model_config = ConfigDict(extra="forbid")

    after: Annotated[str | None, Field(min_length=1, max_length=64)] = None
    types: Annotated[str, Field(max_length=1000)] = ""
    wait: Annotated[int, Field(ge=0, le=HOLD_S)] = HOLD_S


class Places:
    """How many streams this process holds open at most."""

    def __init__(self, most: int) -> None:
        self._free = threading.Semaphore(most)

    def take(self) -> bool:
        """True if there was a place; it is the caller's until give_back()."""
        taken = self._free.acquire(blocking=False)
        if taken:
            HELD.inc()
        return taken

    def give_back(self) -> None:
        """Frees a place that was taken."""
        HELD.dec()
        self._free.release()


def install(app: Flask, most_streams: int) -> None:
    """Gives the application its places for streams."""
    app.extensions["places"] = Places(most_streams)
    app.register_blueprint(blueprint)


@blueprint.get("/v1/events")
def get_events() -> Response:
    who = caller(SCOPE)
    wanted = query(EventsQuery)
    types = events.read_types(wanted.types)
    first = events.after(core(), who, _place(wanted.after), types)
    places = cast(Places, current_app.extensions["places"])
    response = Response(
        _stream(core(), who, types, first, places, wanted.wait), content_type="text/event-stream; charset=utf-8"
    )
    response.headers["X-Accel-Buffering"] = "no"  # nginx would keep events until there are enough
    return response


def _place(after: str | None) -> int | None:
    """Where the reader left off; the header is newer than the address, which a browser repeats as it was."""
    last = request.headers.get("Last-Event-ID")
    if last:
        return events.read_place("Last-Event-ID", last)
    return events.read_place("after", after) if after else None


def _stream(core: Core, who: Caller, types: Sequence[str], batch: Batch, places: Places, wait_s: int) -> Iterator[str]:
    # A reader who hears nothing else still learns where it is.
    yield f"retry: {COME_BACK_MS}\nid: {events.write_place(batch.place)}\n\n" if not batch.events else _hello()
    is_held = wait_s > 0 and places.take()
    try:
        for heard in _held(core, who, types, batch, wait_s) if is_held else _at_once(core, who, types, batch):
            yield from map(_rendered, heard.events)
            yield f"id: {events.write_place(heard.place)}\n\n" if heard.events or not is_held else ": still here\n\n"
    except Refusal:
        return  # the ledger is away: the reader comes back, and is told so
    finally:
        if is_held:
            places.give_back()


def _hello() -> str:
    return f"retry: {COME_BACK_MS}\n\n"


def _at_once(core: Core, who: Caller, types: Sequence[str], batch: Batch) -> Iterator[Batch]:
    """What there is by now."""
    yield batch
    for _ in range(MOST_BATCHES - 1):
        if not batch.has_more:
            return
        batch = events.after(core, who, batch.place, types)
        yield batch


def _held(core: Core, who: Caller, types: Sequence[str], batch: Batch, wait_s: int) -> Iterator[Batch]:
    """What there is and what comes, for a while; an empty batch now and then is a heartbeat."""
    end = time.monotonic() + wait_s
    spoke = 0.0
    while True:
        now = time.monotonic()
        if batch.events or now - spoke >= HEARTBEAT_S:
            spoke = now
            yield batch
        if now >= end or not events.is_welcome(core, who):
            return
        if not batch.has_more:
            time.sleep(LOOK_S)
        batch = events.after(core, who, batch.place, types)


def _rendered(event: Told) -> str:
    data = payload(event.type, event.at, event.data).decode()
    return f'id: {events.write_place(event.seq)}\nevent: {event.type}\ndata: {{"id":"{event.id}",{data[1:]}\n\n'
