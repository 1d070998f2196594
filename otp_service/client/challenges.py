"""Solves a proof of work, for programs that start verifications without a browser, and for tests."""

import base64
import hashlib
import json
from collections.abc import Mapping
from typing import Any

TOLD = ("algorithm", "challenge", "salt", "signature")


def solve(challenge: Mapping[str, Any]) -> str:
    """The solution of a challenge, found by trying; ValueError for one that only a person can solve."""
    work = challenge.get("altcha", challenge)
    if work.get("algorithm") != "SHA-256":
        raise ValueError("this challenge is no proof of work: show the person its page")
    head, wanted = hashlib.sha256(str(work["salt"]).encode()), bytes.fromhex(work["challenge"])
    for number in range(int(work["maxnumber"]) + 1):
        tried = head.copy()
        tried.update(b"%d" % number)
        if tried.digest() == wanted:
            solution = {**{name: work[name] for name in TOLD}, "number": number}
            return base64.b64encode(json.dumps(solution).encode()).decode()
    raise ValueError("no number solves this challenge")
