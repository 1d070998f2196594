"""AWS Signature Version 4 over one POST to the root of a service.

Source: botocore 1.44, auth.py, `SigV4Auth`; the tests hold every byte against it.
"""

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

import httpx

ALGORITHM = "AWS4-HMAC-SHA256"


@dataclass(frozen=True, slots=True)
class Signer:
    """Who signs, and for which service where."""

    access_key_id: str
    secret_access_key: str = field(repr=False)
    session_token: str | None = field(repr=False)
    region: str
    service: str


def signed(signer: Signer, url: httpx.URL, headers: Mapping[str, str], body: bytes, now: float) -> dict[str, str]:
    """The headers with date, session token and signature added; `now` in seconds since 1970."""
    moment = datetime.fromtimestamp(now, UTC).strftime("%Y%m%dT%H%M%SZ")
    dated = {**headers, "X-Amz-Date": moment}
    if signer.session_token:
        dated["X-Amz-Security-Token"] = signer.session_token
    return {**dated, "Authorization": _authorization(signer, url, dated, body, moment)}


def _authorization(signer: Signer, url: httpx.URL, headers: Mapping[str, str], body: bytes, moment: str) -> str:
    covered = {name.lower(): " ".join(value.split()) for name, value in headers.items()}
    covered["host"] = url.netloc.decode()
    names = ";".join(sorted(covered))
    lines = [f"{name}:{covered[name]}" for name in sorted(covered)]
    request = "\n".join(["POST", "/", "", *lines, "", names, hashlib.sha256(body).hexdigest()])
    scope = f"{moment[:8]}/{signer.region}/{signer.service}/aws4_request"
    text = "\n".join([ALGORITHM, moment, scope, hashlib.sha256(request.encode()).hexdigest()])
    signature = hmac.new(_key(signer, moment[:8]), text.encode(), hashlib.sha256).hexdigest()
    return f"{ALGORITHM} Credential={signer.access_key_id}/{scope}, SignedHeaders={names}, Signature={signature}"


def _key(signer: Signer, day: str) -> bytes:
    """The key of one day, region and service, so that a stolen one is good for nothing else."""
    key = f"AWS4{signer.secret_access_key}".encode()
    for part in (day, signer.region, signer.service, "aws4_request"):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    return key
