"""No secret, recovery code or code of a factor at rest, in logs, events or metrics, whatever is done with it."""

import base64
import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import select

from otp_service.ledger import factor_history
from otp_service.ledger.engine import reading
from otp_service.ledger.schema import METADATA
from otp_service.service.factors.exporting import export_factors
from tests.factor_world import STEP, Answer, FactorWorld
from tests.logged import logged
from tests.security.test_no_code_anywhere import OPTIONS, at_rest
from tests.servers import RedisServer, redis_server
from tests.store.monitor import monitored
from tests.web.test_admin_audit import entries

USER, PASSPHRASE = "anabel@example.com", "a passphrase of an operator"
WRONG = "73519428"


@pytest.fixture
def redis() -> Iterator[RedisServer]:
    """A Redis that keeps all it is told."""
    with redis_server(*OPTIONS) as server:
        yield server


def spellings(raw: bytes) -> list[bytes]:
    """A secret in every way in which somebody could have written it down."""
    base32 = base64.b32encode(raw).decode().rstrip("=")
    texts = [base32, base32.lower(), raw.hex(), raw.hex().upper()]
    texts += [each(raw).decode().rstrip("=") for each in (base64.b64encode, base64.urlsafe_b64encode)]
    return [raw, *(text.encode() for text in texts)]


def grouped(code: str) -> list[bytes]:
    """A recovery code as it is shown and typed, beside its other spellings."""
    plain = code.replace("-", "")
    return [code.encode(), code.lower().encode(), *spellings(base64.b32decode(plain))]


class Story:
    """A user's year: factors of each type enrolled twice over, confirmed, mistyped, used up, listed and removed."""

    def __init__(self, world: FactorWorld) -> None:
        self.world, self.secrets, self.answers = world, list[bytes](), list[Answer]()
        world.policy(proof=True)

    def play(self) -> None:
        """Everything that a caller and an admin can do with them."""
        app, token = (self._enrolled(type) for type in ("totp", "hotp"))
        codes = self._enrolled("recovery_codes")["codes"]
        for made in (app, token):
            self._typed(f"/v1/factors/{made['id']}/confirm", code=self.world.app_code(made))
        self.world.clock.pass_(STEP)
        right = self.world.app_code(app), self.world.app_code(token, counter=1), codes[0]
        device = {"device_id": "laptop", "label": "Ana's laptop"}
        for code in (*right, *right, WRONG, codes[1].lower()):
            self._typed("/v1/factors/check", user=USER, code=code, remember=device)
        self.world.clock.pass_(STEP)
        two = [self.world.app_code(app, steps) for steps in (3, 4)]
        self.secrets += [each.encode() for each in two]
        self._heard(self.world.factors.post(f"/v1/factors/{app['id']}/resync", {"codes": two}).json)
        self._heard(self.world.factors.get(f"/v1/users/{USER}/factors").json)
        self._exported()
        self._administered(token["id"])

    def _enrolled(self, type: str) -> Answer:
        asked = {"user": USER, "type": type} | ({"digits": 8} if type != "recovery_codes" else {})
        key = {"Idempotency-Key": f"enrol-{type}"}
        first, again = (self.world.factors.post("/v1/factors", asked, key).json for _ in range(2))
        assert first == again  # what is remembered of it holds the secret
        if "secret" in first:
            raw = base64.b32decode(first["secret"] + "=" * (-len(first["secret"]) % 8))
            self.secrets += [*spellings(raw), first["uri"].encode()]
        self.secrets += [each for code in first.get("codes", ()) for each in grouped(code)]
        made: Answer = first
        return made

    def _typed(self, path: str, **body: Any) -> None:
        self.secrets.append(body["code"].encode())
        for key in ({}, {"Idempotency-Key": f"typed-{len(self.answers)}"}):
            heard = self.world.factors.post(path, body, key).json
            self._heard(heard)
            self.secrets += [heard[name].encode() for name in ("proof", "trust_token") if heard.get(name)]

    @property
    def accepted(self) -> set[str]:
        """The types whose codes were right."""
        return {each["type"] for each in self.answers if each.get("valid")}

    def _exported(self) -> None:
        for format in ("sealed", "csv"):
            plain = format == "csv"
            pieces = export_factors(self.world.core, "tests", "shop", format, "" if plain else PASSPHRASE, plain=plain)
            assert b"".join(pieces)
        self.secrets.append(PASSPHRASE.encode())

    def _administered(self, factor: str) -> None:
        (user,) = self.world.admin.get("/v1/admin/users?application=shop").json["items"]
        there = f"/v1/admin/users/{user['id']}"
        self._heard(self.world.admin.get(f"{there}?names=full&reason=asked").json)
        for each in (self.world.admin.delete(f"{there}/factors/{factor}"), self.world.admin.delete(f"{there}/lock")):
            self._heard(each.json)

    def _heard(self, answer: Answer) -> None:
        self.answers.append(answer)


def is_in(secret: bytes, value: bytes) -> bool:
    """Whether it stands there; of a code, by itself: eight digits in a time are no code."""
    if not secret.isdigit():
        return secret in value
    return re.search(rb"(?<!\d)" + secret + rb"(?!\d)", value) is not None


def rows(world: FactorWorld) -> bytes:
    """Everything that the ledger holds, as text."""
    with reading(world.core.engine) as connection:
        found = {table.name: connection.execute(select(table)).all() for table in METADATA.sorted_tables}
    return repr(found).encode()


def test_no_secret_is_anywhere(quick: FactorWorld, redis: RedisServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """No store, file, log line, command, event, metric or audit holds a secret, however it is written, or any code."""
    story = Story(quick)
    with monitored(redis) as monitor, logged(monkeypatch) as lines:
        story.play()
        told = json.dumps([command.words for command in monitor.commands()]).encode()
    kept = {
        **at_rest(quick, redis),
        "rows": rows(quick),
        "logs": lines.getvalue().encode(),
        "commands": told,
        "metrics": quick.app.test_client().get("/metrics").get_data(),
        "audit": json.dumps(entries(quick)).encode(),
        "answers": json.dumps([without(each, "proof", "trust_token") for each in story.answers]).encode(),
    }
    assert any(name.endswith(".rdb") for name in kept)
    assert any("appendonly" in name and value for name, value in kept.items())
    assert any(name.endswith("otp.db") for name in kept)
    assert b"factor.enrolled" in kept["rows"]
    assert b"factor_history" in kept["rows"]
    assert story.accepted == {"totp", "hotp", "recovery_codes"}
    assert [(name, secret) for name, value in kept.items() for secret in story.secrets if is_in(secret, value)] == []


def test_this_would_find_a_secret(quick: FactorWorld) -> None:
    """A secret that somebody writes into the history is found, however it is spelt."""
    made = quick.enrolled(USER)
    raw = base64.b32decode(made["secret"])
    for spelt in (made["secret"].lower(), raw.hex(), base64.b64encode(raw).decode(), "73519428"):
        with quick.core.engine.begin() as connection:
            factor_history.record(connection, quick.shop, "u", "checked", 1, None, told=spelt)
    assert sum(is_in(each, rows(quick)) for each in [*spellings(raw), WRONG.encode()]) >= 4


def test_the_name_of_a_user_is_sealed(quick: FactorWorld, redis: RedisServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """The name of a user is in clear in events alone, which their application reads."""
    with logged(monkeypatch) as lines:
        Story(quick).play()
    with reading(quick.core.engine) as connection:
        found = [
            table.name for table in METADATA.sorted_tables if USER in repr(connection.execute(select(table)).all())
        ]
    assert found == ["events"]
    assert USER not in lines.getvalue()
    assert USER.encode() not in b"".join(value for name, value in at_rest(quick, redis).items() if ".db" not in name)


def without(answer: Answer, *names: str) -> Answer:
    """An answer without what it is there to hand over."""
    return {name: value for name, value in answer.items() if name not in names}
