"""A small stand-in for the service: enough of the contract for the demo's and the example's stories."""

from dataclasses import dataclass, field
from typing import Any

import httpx
from flask import Flask, Response, jsonify, request

from otp_service.client import Client
from otp_service.domain.errors import Refusal
from otp_service.web.dev import Phone, blueprint
from otp_service.web.dev.bubbles import Incoming

CODE = "402917"
KEY = "otp_test_ana_secret_crc"
RESOURCE = {
    "id": "ver_1",
    "status": "pending",
    "reason": None,
    "to": "+41791234567",
    "channel": "sms",
    "purpose": "login",
    "created_at": "2026-11-20T10:00:00Z",
    "expires_at": "2026-11-20T10:10:00Z",
    "approved_at": None,
    "resend_after": "2026-11-20T10:00:30Z",
    "sends": 1,
    "attempts_left": 5,
    "message_id": "msg_1",
}


@dataclass
class Stand:
    """One verification of one number; `forgetful` approves a used code again, `silent` sends nothing."""

    phone: Phone = field(default_factory=Phone)
    forgetful: bool = False
    silent: bool = False
    problem: tuple[int, dict[str, Any]] | None = None
    to: str = ""
    used: bool = False
    left: int = 5

    def client(self) -> Client:
        """A client of this service, without a network."""
        return Client("http://service.test", KEY, transport=self.transport(), repeat_after_s=0)

    def transport(self) -> httpx.WSGITransport:
        app = Flask(__name__)
        app.register_blueprint(blueprint(self.phone))
        app.register_error_handler(Refusal, lambda refusal: (jsonify(code=refusal.code), refusal.status))
        app.add_url_rule("/v1/verifications", "start", self.start, methods=["POST"])
        app.add_url_rule("/v1/verifications/check", "check", self.check, methods=["POST"])
        app.add_url_rule("/v1/verifications/ver_1/resend", "resend", self.resend, methods=["POST"])
        # The simulated phone answers to this machine's names only.
        return httpx.WSGITransport(app=lambda env, start: app({**env, "HTTP_HOST": "localhost"}, start))

    def start(self) -> tuple[Response, int]:
        if self.problem:
            status, problem = self.problem
            return jsonify(problem), status
        self.to = request.get_json()["to"]
        return self.resend(), 201

    def resend(self) -> Response:
        if not self.silent:
            self.phone.receive(Incoming(id="msg_1", to=self.to, text=f"Your code is {CODE}.", sender="Acme"))
        return jsonify({**RESOURCE, "to": self.to})

    def check(self) -> Response:
        reason = self._reason(request.get_json()["code"])
        self.left -= 1
        self.used = self.used or reason is None
        status = "approved" if self.used else "pending" if self.left else "failed"
        answer = {"id": "ver_1", "status": status, "reason": reason}
        return jsonify({**answer, "valid": reason is None, "attempts_left": self.left})

    def _reason(self, code: str) -> str | None:
        if code != CODE:
            return "wrong_code"
        return "already_used" if self.used and not self.forgetful else None
