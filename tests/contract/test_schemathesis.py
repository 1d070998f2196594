"""The running service under generated requests: every operation, every check of schemathesis."""

import re
import time
from pathlib import Path

import schemathesis
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from schemathesis.config import SchemathesisConfig

from tests.contract.spec import PATH

NUMBERS = ("+41791234567", "+41 79 123 45 67", "+4915123456789", "+447400123456", "+819012345678", "+12015550123")

# What a schema can't say (a number that exists, a limit that parses, a sum that adds up) may be refused with 422, and a
# body that is too large with 413, whether it is right or wrong.
CONFIG = {
    "checks": {
        "positive_data_acceptance": {
            "expected-statuses": ["2xx", "401", "403", "404", "409", "413", "422", "429"],
        },
        "negative_data_rejection": {
            "expected-statuses": ["400", "401", "403", "404", "405", "406", "409", "413", "415", "422", "428", "429"],
        },
        "not_a_server_error": {"expected-statuses": ["2xx", "3xx", "4xx"]},
        "max_response_time": 25.0,  # less than a long poll may wait, more than a machine under load takes
    },
    # These paths could be an id's too: another method finds no such id, Allow lists the methods of both.
    "operations": [
        {
            "include-path": path,
            "checks": {"allow_header_conformance": {"enabled": False}, "unsupported_method": {"enabled": False}},
        }
        for path in (
            "/v1/verifications/check",
            "/v1/factors/check",
            "/v1/users/{user}/devices/check",
            "/pages/embed.js",
            *(f"/v1/admin/{book}/{place}" for book in ("blocks", "allows") for place in ("import", "export.csv")),
        )
    ],
}
LONGEST_WAIT_S = 30
PATIENCE_S = 60
TRIES = 10

schemathesis.openapi.format("phone", st.sampled_from(NUMBERS))
contract = schemathesis.openapi.from_path(Path(PATH), config=SchemathesisConfig.from_dict(CONFIG))


def come_back_at_once(case):
    """A long poll that is right does not wait; a wait that must be refused stays as it is."""
    if case.path == "/v1/events":
        case.query = {"wait": 0, **(case.query or {})}
    wait = str((case.query or {}).get("wait", ""))
    if re.fullmatch(r"[0-9]{1,2}(\.[0-9]*)?", wait, re.ASCII) and float(wait) <= LONGEST_WAIT_S:
        case.query["wait"] = 0


def answer(case, how):
    """What is answered; where Redis did not answer in time it is asked again when the service says."""
    for _ in range(TRIES):
        found = case.call(**how)
        if found.status_code != 503:
            break
        time.sleep(int(found.headers.get("retry-after", ["1"])[0]))
    return found


@contract.parametrize()
@settings(max_examples=15, suppress_health_check=list(HealthCheck))
def test_nothing_that_is_sent_breaks_the_contract(case, live_service):
    """Whatever is sent, right or wrong, the service answers as openapi.yaml promises."""
    come_back_at_once(case)
    headers = {"Authorization": f"Bearer {live_service.admin_key}"}
    how = {"base_url": live_service.url, "headers": headers, "timeout": PATIENCE_S}
    case.validate_response(answer(case, how), headers=headers, transport_kwargs=how)
