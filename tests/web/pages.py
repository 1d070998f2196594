"""What the tests of pages share: making one, opening it, sending its forms, and reading what it leads back with."""

import html
import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlsplit

import jwt
from werkzeug.test import TestResponse

from otp_service.domain import proof
from tests.contract.spec import validate_response
from tests.world import World

BACK = "https://shop.example/back"
HOSTS = ["shop.example"]
FORM = re.compile(r'name="form" value="([^"]+)"')
NOTE = re.compile(r'name="note" value="([^"]+)"')


def allow(world: World, **policy: Any) -> None:
    """Puts a policy with a return host in force."""
    world.policy(**{"return_hosts": HOSTS, **policy})


def make(world: World, kind: str = "code", **body: Any) -> TestResponse:
    """Asks for a page with a key of every scope."""
    return world.admin.post("/v1/pages", {"kind": kind, "return_url": BACK, **body})


def path_of(made: TestResponse) -> str:
    """The path of a page that was made."""
    assert made.status_code == 201, made.json
    return urlsplit(made.json["url"]).path


@dataclass
class Person:
    """Somebody with a browser without scripts."""

    world: World
    path: str
    shown: TestResponse | None = None

    @classmethod
    def at(cls, world: World, made: TestResponse) -> "Person":
        person = cls(world, path_of(made))
        person.open()
        return person

    def open(self, **headers: str) -> TestResponse:
        self.shown = self.world.app.test_client().get(self.path, headers=headers)
        return self._held("GET")

    def send(self, act: str, headers: dict[str, str] | None = None, **fields: str) -> TestResponse:
        """Presses a button of the page as it was shown."""
        told = {"form": self.form, "act": act, **({"note": self.note} if self.note else {}), **fields}
        self.shown = self.world.app.test_client().post(self.path, data=told, headers=headers or {})
        if self.shown.status_code == 303 and not self.shown.location.startswith("http"):
            self._held("POST")
            self.path = f"/pages/{self.shown.location}"
            return self.open()
        return self._held("POST")

    @property
    def form(self) -> str:
        assert self.shown is not None
        found = FORM.search(self.shown.text)
        return found[1] if found else ""

    @property
    def note(self) -> str:
        assert self.shown is not None
        found = NOTE.search(self.shown.text)
        return html.unescape(found[1]) if found else ""

    @property
    def text(self) -> str:
        """What the page says, without its tags."""
        assert self.shown is not None
        body = re.sub(r"(?s)<(style|head).*?</\1>", "", self.shown.text)
        return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", body)).split())

    def _held(self, method: str) -> TestResponse:
        assert self.shown is not None
        path = self.path.partition("?")[0]
        validate_response(method, path, self.shown.status_code, self.shown.headers, self.shown.get_data())
        return self.shown


def person(world: World, **body: Any) -> tuple[Person, str]:
    """Somebody at the page of the code of a fresh verification, and its id."""
    id_ = world.started()
    return Person.at(world, make(world, verification=id_, **body)), id_


def result_of(world: World, response: TestResponse, at: str = BACK) -> dict[str, Any]:
    """What a page leads back with, read by the service's public keys."""
    assert response.status_code == 303
    assert response.location.startswith(at)
    told = parse_qs(urlsplit(response.location).query)
    return read(world, told["result"][0])


def read(world: World, token: str, audience: str = "/pages") -> dict[str, Any]:
    """A result as a product reads it; a proof, by its own audience."""
    keys = jwt.PyJWKSet.from_dict(proof.jwks(world.core.ring))
    key = keys[jwt.get_unverified_header(token)["kid"]]
    whose = {"audience": f"{world.shop}{audience}", "issuer": "https://otp.example"}
    # The clock may be the test's own.
    options = {"verify_exp": False, "verify_iat": False}
    found: dict[str, Any] = jwt.decode(token, key, algorithms=["EdDSA"], options=options, **whose)
    return found
