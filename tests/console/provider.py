"""A provider of identities of the tests' own: OpenID Connect over real HTTP, strict about what it is sent."""

import base64
import hashlib
import json
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa
from flask import Flask, Response, abort, jsonify, redirect, request
from jwt.algorithms import RSAAlgorithm
from werkzeug.serving import make_server

from tests.console.conftest import Silent
from tests.servers import at_work

CLIENT, SECRET = "the-console", "a secret of the test"


@dataclass
class Provider:
    """Says of whoever comes what `claims` says; `wrong` is put into the token instead."""

    url: str = ""
    claims: dict[str, Any] = field(default_factory=dict)
    wrong: dict[str, Any] = field(default_factory=dict)
    key: rsa.RSAPrivateKey = field(default_factory=lambda: rsa.generate_private_key(65537, 2048))
    signs_with: rsa.RSAPrivateKey | None = None
    asked: dict[str, dict[str, str]] = field(default_factory=dict)
    token_at: str = "/token"
    told: int = 0  # how often it was asked for its metadata

    def app(self) -> Flask:
        app = Flask("provider")
        app.add_url_rule("/.well-known/openid-configuration", "metadata", self.metadata)
        app.add_url_rule("/authorize", "authorize", self.authorize)
        app.add_url_rule("/token", "token", self.token, methods=["POST"])
        app.add_url_rule("/moved/token", "moved", self.token, methods=["POST"])
        app.add_url_rule("/keys", "keys", self.keys)
        return app

    def metadata(self) -> Response:
        self.told += 1
        places = {"authorization_endpoint": "/authorize", "token_endpoint": self.token_at, "jwks_uri": "/keys"}
        return jsonify(issuer=self.url, **{name: self.url + path if path else None for name, path in places.items()})

    def authorize(self) -> Any:
        told = request.args.to_dict()
        assert told["client_id"] == CLIENT
        assert told["response_type"] == "code"
        assert told["code_challenge_method"] == "S256"
        code = secrets.token_urlsafe(8)
        self.asked[code] = told
        return redirect(f"{told['redirect_uri']}?code={code}&state={told['state']}")

    def token(self) -> Any:
        if request.path != self.token_at:
            abort(404)
        told, asked = request.form, self.asked.pop(request.form["code"])
        digest = hashlib.sha256(told["code_verifier"].encode()).digest()
        assert base64.urlsafe_b64encode(digest).rstrip(b"=").decode() == asked["code_challenge"]
        assert told["redirect_uri"] == asked["redirect_uri"]
        assert request.authorization
        assert (request.authorization.username, request.authorization.password) == (CLIENT, SECRET)
        now = int(time.time())
        says = {"iss": self.url, "aud": CLIENT, "iat": now, "exp": now + 60, "auth_time": now, "nonce": asked["nonce"]}
        token = jwt.encode({**says, **self.claims, **self.wrong}, self.signs_with or self.key, "RS256", {"kid": "k1"})
        return jsonify(id_token=token, access_token="none", token_type="Bearer")

    def keys(self) -> Response:
        key = json.loads(RSAAlgorithm.to_jwk(self.key.public_key()))
        return jsonify(keys=[{**key, "kid": "k1", "use": "sig", "alg": "RS256"}])


@contextmanager
def provider() -> Iterator[Provider]:
    """A provider that runs until the block ends."""
    running = Provider()
    server = make_server("127.0.0.1", 0, running.app(), threaded=True, request_handler=Silent)
    running.url = f"http://127.0.0.1:{server.server_port}"
    with at_work(server):
        yield running
