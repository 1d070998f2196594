"""A whole service of the tests' own: real Redis, real SQL, the real application, and the eyes of its operator."""

import secrets
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from otp_service.domain import apikeys, codes
from otp_service.domain.ids import address_of
from otp_service.domain.policy import Policy
from otp_service.ledger import applications, keys
from otp_service.ledger.changes import Change, change
from otp_service.service.core import now_ms, random_bytes
from otp_service.settings import Settings
from otp_service.store import verifications as store
from otp_service.wiring import Parts
from tests.contract.spec import validate_response

NUMBER = "+41791234567"
OTHER_NUMBER = "+41791234568"
MASTER_KEYS = "k1:" + "QUFB" * 10 + "QUE="
PATIENT: dict[str, Any] = {"resend_after_s": 0, "fraud": "shadow"}
START = ("verifications:start", "verifications:check")


@dataclass
class Api:
    """A caller with one API key; every answer it gets is held against openapi.yaml."""

    client: FlaskClient
    key: str

    def call(
        self, method: str, path: str, json: Any = None, headers: Mapping[str, str] | None = None, **more: Any
    ) -> TestResponse:
        sent = {"Authorization": f"Bearer {self.key}", **(headers or {})}
        response = self.client.open(path, method=method, json=json, headers=sent, **more)
        validate_response(method, path.partition("?")[0], response.status_code, response.headers, response.get_data())
        return response

    def start(self, to: str = NUMBER, headers: Mapping[str, str] | None = None, **body: Any) -> TestResponse:
        return self.call("POST", "/v1/verifications", {"to": to, **body}, headers)

    def check(self, code: Any, headers: Mapping[str, str] | None = None, **body: Any) -> TestResponse:
        if "id" not in body:
            body.setdefault("to", NUMBER)
        return self.call("POST", "/v1/verifications/check", {"code": code, **body}, headers)

    def get(self, path: str) -> TestResponse:
        return self.call("GET", path)

    def post(self, path: str, json: Any = None, headers: Mapping[str, str] | None = None) -> TestResponse:
        return self.call("POST", path, json, headers)

    def delete(self, path: str) -> TestResponse:
        return self.call("DELETE", path)


def development(redis_url: str, migrated: Path, folder: Path, **more: Any) -> Settings:
    """Settings of a development service on this Redis and on an empty ledger in this folder."""
    shutil.copy(migrated, folder / "otp.db")
    return Settings(
        _env_file=None,
        env="development",
        redis_url=redis_url,
        database_url=f"sqlite:///{folder}/otp.db",
        master_keys=MASTER_KEYS,
        public_url="https://otp.example",
        log_level="error",
        **more,
    )


class World:
    """One application `shop` with its keys."""

    def __init__(self, parts: Parts) -> None:
        self.parts, self.core = parts, parts.core
        self.app = parts.web()
        with self._change() as opened:
            self.shop = applications.create(opened, "shop", Policy(**PATIENT)).id
            of_api, of_admin = (_key(opened, self.shop, scopes) for scopes in (START, apikeys.SCOPES))
        self.parts.truths.refresh()
        self.api, self.admin = (Api(self.app.test_client(), key) for key in (of_api, of_admin))

    def application(self, name: str, policy: Policy) -> str:
        with self._change() as opened:
            id_ = applications.create(opened, name, policy).id
        self.parts.truths.refresh()
        return id_

    def policy(self, **fields: Any) -> None:
        """Puts a policy with these fields in force; unless told otherwise two codes may follow each other at once, and
        the brake, which most tests would look like fraud to, only notes what it thinks."""
        with self._change() as opened:
            applications.set_policy(opened, self.shop, Policy(**{**PATIENT, **fields}))
        self.parts.truths.refresh()

    def caller(self, *scopes: str, application: str | None = None, **more: Any) -> Api:
        """A caller with a fresh key."""
        with self._change() as opened:
            text = _key(opened, application or self.shop, scopes, **more)
        self.parts.truths.refresh()
        return Api(self.app.test_client(), text)

    def started(self, to: str = NUMBER, **body: Any) -> str:
        """The id of a verification; under load an answer may come late, and the key makes a second try the same one."""
        key = {"Idempotency-Key": secrets.token_hex(8)}
        answers = (self.api.start(to, key, **body) for _ in range(5))
        id_: str = next(answer.json["id"] for answer in answers if answer.status_code in (200, 201))
        return id_

    def code(self, id_: str) -> str:
        """The code that goes out for this verification, as only the holder of the keys can know it."""
        record = store.read(self.core.link, self.core.cells, address_of(id_))[1]
        alphabet, _, length = record["sh"].partition(":")
        return codes.code_of(self.core.ring, record["kid"], id_, alphabet, int(length))

    def wrong(self, id_: str) -> str:
        """A code that is not this verification's."""
        right = self.code(id_)
        return ("1" if right[0] != "1" else "2") + right[1:]

    def record(self, id_: str) -> dict[str, str]:
        return store.read(self.core.link, self.core.cells, address_of(id_))[1]

    def _change(self) -> Any:
        return change(self.core.engine, self.core.audit_key, "tests", now_ms())


def _key(opened: Change, application: str, scopes: Sequence[str], **more: Any) -> str:
    """A fresh key, as its caller presents it."""
    id_, text = apikeys.make(bool(more.get("test")), random_bytes(16), random_bytes(32))
    presented = apikeys.read(text)
    assert presented
    keys.create(opened, id_, application, "of a test", apikeys.hashed(presented.secret), scopes, **more)
    return text
