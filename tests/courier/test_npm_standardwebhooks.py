"""The npm library `standardwebhooks` accepts what we sign."""

import json
import subprocess
import time
from pathlib import Path

from otp_service.domain.webhook_signature import PRIVATE, SECRET, key_text, signatures

ROOT = Path(__file__).parents[2]
MODULES = ROOT / ".venv" / "node"
BODY = '{"type":"message.delivered","data":{"reference":"Zürich"}}'
PROGRAM = """
const { Webhook } = require("standardwebhooks");
const { secret, headers, body } = JSON.parse(require("fs").readFileSync(0));
let said;
try { said = JSON.stringify(new Webhook(secret).verify(body, headers)); } catch (error) { said = error.message; }
console.log(said);
"""


def verified(secret: str, body: str, *keys: str) -> str:
    """What the library says to a body that BODY's signatures by these keys came with."""
    assert (MODULES / "node_modules").exists(), "this test needs scripts/setup.sh test"
    now_s = int(time.time())
    headers = {"webhook-id": "evt_1", "webhook-timestamp": str(now_s)}
    headers["webhook-signature"] = signatures(keys, "evt_1", now_s, BODY.encode())
    asked = json.dumps({"secret": secret, "headers": headers, "body": body})
    done = subprocess.run(("node", "-e", PROGRAM), input=asked, cwd=MODULES, capture_output=True, text=True)
    return done.stdout.strip() or done.stderr


def test_the_library_of_npm_accepts_ours() -> None:
    """Alone, beside another secret and beside an Ed25519 signature, ours is accepted; another body is not."""
    old, new = key_text(SECRET, b"o" * 32), key_text(SECRET, b"n" * 32)
    for secret, keys in ((old, [old]), (old, [new, old]), (new, [key_text(PRIVATE, b"e" * 32), new, old])):
        assert json.loads(verified(secret, BODY, *keys)) == json.loads(BODY)
    assert verified(old, BODY + " ", old) == "No matching signature found"
