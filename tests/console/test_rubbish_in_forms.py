"""Rubbish in every form of the console: refused, never a bug, and never a change, on both databases."""

from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import quote_plus, unquote_plus

import httpx
import pytest
from argon2 import PasswordHasher
from pydantic import SecretStr

from otp_service import wiring
from otp_service.ledger import migrate
from otp_service.ledger.engine import make_engine
from otp_service.service.console import passwords
from otp_service.settings import Settings
from otp_service.web.console.registry import Route
from tests.console.conftest import serving
from tests.console.filled import ACTS, ARGUMENT, Filled, filled, ledger
from tests.console.traffic import configured
from tests.ledger.databases import DATABASES
from tests.ledger.postgres import postgres_server
from tests.world import World

FORM = {"Content-Type": "application/x-www-form-urlencoded"}
# As it is sent: percent-encoded, for what stands in no string.
RUBBISH = {
    "a null character": "a%00b",
    "a lone surrogate": "%ED%A0%80",
    "bytes of another encoding": "%FF%FE%E9",
    "10 kB": "x" * 10_000,
    "10 kB of digits": "9" * 10_000,
    "beyond bigint": "9223372036854775808",
    "below bigint": "-9223372036854775809",
    "a number of another script": quote_plus("٣٦٠٠"),
    "not a number": "NaN",
    "an unknown id": "ver_0000000000000000000000",
    "nothing but marks": quote_plus("​‮́"),
    "a path": quote_plus("../../etc/passwd"),
    "markup": quote_plus("<script>alert(1)</script>{{7*7}}'\"--"),
}
USUAL = ["id", "reason", "value", "of", "application", "token", "act", "note", "credential", "name"]
DEEP = {"beyond bigint", "10 kB"}
MULTIPART = "multipart/form-data; boundary=b"
SHAPES = (
    ("no body", "", b""),
    ("json", "application/json", b'{"csrf": "CSRF"}'),
    ("utf-16", "application/x-www-form-urlencoded; charset=utf-16", "csrf=CSRF".encode("utf-16")),
    ("no end", MULTIPART, b'--b\r\nContent-Disposition: form-data; name="csrf"\r\n\r\nCSR'),
    ("no boundary", "multipart/form-data", b"csrf=CSRF"),
    ("too large", FORM["Content-Type"], b"csrf=CSRF&reason=" + b"x" * 1_100_000),
    ("a thousand fields", FORM["Content-Type"], b"csrf=x&" + b"&".join(b"f%d=1" % each for each in range(2000))),
)


@pytest.fixture(params=DATABASES)
def everything(
    request: pytest.FixtureRequest, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Filled]:
    """A console with something of everything, on each database; its passwords are hashed in no time."""
    monkeypatch.setattr(passwords, "HASHER", PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
    wanted = configured(settings, tmp_path)
    with ExitStack() as stack:
        if request.param == "postgresql":
            url = stack.enter_context(postgres_server()).url.format(name="postgres")
            engine = make_engine(url)
            migrate.to_head(engine)
            engine.dispose()
            wanted = wanted.model_copy(update={"database_url": SecretStr(url)})
        world = World(wiring.build(wanted, development_server=True))
        stack.callback(world.core.engine.dispose)
        yield filled(stack.enter_context(serving(world)))


def test_no_rubbish_is_a_bug_or_a_change(everything: Filled) -> None:
    """Whatever stands in a field of an otherwise good form, or in its path: no 5xx, and what is refused is not done."""
    wrong = []
    with everything.console.http("admin") as client:
        csrf = everything.console.csrf(client)
        for route in (each for each in ACTS if each.rule != "/sign-out"):
            for what, path, body in sent(everything, route):
                before = len(ledger(everything.console))
                answer = client.post(path, content=f"csrf={csrf}&{body}", headers=FORM)
                is_changed = answer.status_code >= 400 and len(ledger(everything.console)) != before
                if answer.status_code >= 500 or is_changed or _is_unescaped(answer):
                    wrong.append((route.rule, what, answer.status_code))
    assert wrong == []


def test_no_odd_body_is_a_bug_or_a_change(everything: Filled) -> None:
    """A body in another shape than a form's is refused by every act, and changes nothing."""
    with everything.console.http("admin") as client:
        csrf = everything.console.csrf(client)
        before = ledger(everything.console)
        for route in ACTS:
            for what, kind, body in SHAPES:
                content = body.replace(b"CSRF", csrf.encode())
                answer = client.post(everything.path(route), content=content, headers={"Content-Type": kind})
                assert 400 <= answer.status_code < 500, (route.rule, what)
        assert ledger(everything.console) == before


def sent(everything: Filled, route: Route) -> Iterator[tuple[str, str, str]]:
    """What is wrong, where it goes, and the body: each kind in one field or another, the deep ones in each field."""
    good = {name: quote_plus(str(value)) for name, value in everything.form(route).items()}
    names, path = list(good) or USUAL, everything.path(route)
    for place, (what, value) in enumerate(RUBBISH.items()):
        for name in names if what in DEEP else [names[place % len(names)]]:
            yield f"{name}: {what}", path, urlencode_as_is({**good, name: value})
        if place < 2:
            yield f"twice: {what}", path, urlencode_as_is(good) + "&" + urlencode_as_is(dict.fromkeys(names, value))
    for what, value in RUBBISH.items() if "<" in route.rule else ():
        if "/" not in unquote_plus(value) and len(value) < 1000:
            yield f"path: {what}", "/console" + ARGUMENT.sub(value, route.rule), urlencode_as_is(good)


def urlencode_as_is(values: Mapping[str, str]) -> str:
    """The values as a body; they are encoded already."""
    return "&".join(f"{name}={value}" for name, value in values.items())


def _is_unescaped(answer: httpx.Response) -> bool:
    return "html" in answer.headers.get("Content-Type", "") and "<script>alert" in answer.text
