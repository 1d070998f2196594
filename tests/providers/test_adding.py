"""The provider that the guide shows is a whole one."""

import re
import tomllib
from pathlib import Path
from typing import Any

import httpx
import pytest

from otp_service.domain.messages import Callback, Message, Verdict
from otp_service.providers import PROVIDERS, base
from tests.providers.cases import NOW

ROOT = Path(__file__).parents[2]
GUIDE = (ROOT / "docs" / "ADDING_A_PROVIDER.md").read_text()
MESSAGE = Message("msg_1", "+41791234567", "123456 is your code", "CH", receipts_url="https://otp.example/r")


@pytest.fixture
def example() -> Any:
    """The guide's provider, configured."""
    (code,) = re.findall(r"```python\n(.*?)```", GUIDE, re.DOTALL)
    written: dict[str, Any] = {"__name__": "example"}
    exec(compile(code, "ADDING_A_PROVIDER.md", "exec"), written)
    return written["Example"]("example", written["ExampleOptions"](token="t0ken", sender="Shop"))


def test_the_guides_provider_sends_and_understands(example: Any) -> None:
    """It asks, knows a yes, a known no and an unknown one, and tells people what to do."""
    request = example.request(MESSAGE, NOW)
    assert (request.method, request.headers["authorization"]) == ("POST", "Bearer t0ken")
    taken = example.outcome(httpx.Response(202, json={"id": "7"}))
    assert (taken.verdict, taken.provider_message_id) == (Verdict.ACCEPTED, "7")
    refused = example.outcome(httpx.Response(402, json={"error": {"code": "no_credit"}}))
    assert (refused.verdict, refused.reason) == (Verdict.MISCONFIGURED, "no_funds")
    assert "top it up" in example.hint(refused.raw)
    assert example.outcome(httpx.Response(500, json={"error": {"code": "boom"}})).verdict is Verdict.TRY_ANOTHER
    assert example.outcome(httpx.Response(202, text="<html>")).verdict is Verdict.AMBIGUOUS


def test_the_guides_provider_reads_receipts(example: Any) -> None:
    """Its reports move messages, and what it doesn't know moves nothing."""
    said = [
        (b'{"id": "7", "status": "delivered"}', "delivered"),
        (b'{"id": "7", "status": "failed"}', "undelivered"),
        (b'{"id": "7", "status": "dreaming"}', "accepted"),
    ]
    for body, status in said:
        callback = Callback("POST", "https://otp.example/r", {}, body)
        assert [receipt.status for receipt in example.receipts(callback)] == [status]
    assert example.receipts(Callback("POST", "https://otp.example/r", {}, b"nonsense")) == []


def test_the_guides_provider_is_what_the_protocol_asks_for(example: Any) -> None:
    """Every member of the protocol is there."""
    wanted = {name for name in vars(base.Provider) if not name.startswith("_")} | set(base.Provider.__annotations__)
    assert [name for name in wanted if not hasattr(example, name)] == []


def test_the_guide_names_every_attribute_that_a_class_may_set() -> None:
    """What differs between vendors stands in the guide by its name."""
    own = [name for name in base.Vendor.__annotations__ if name != "sender"]
    assert [name for name in own if name not in GUIDE] == []


def test_no_vendor_is_left_out_of_the_contract() -> None:
    """The contract that keeps vendors apart names each of them; the simulator alone is built upon, by the console."""
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    (modules,) = [one["modules"] for one in contracts if one["name"] == "no vendor knows another"]
    assert {name.rpartition(".")[2] for name in modules} == set(PROVIDERS) - {"simulator"}
