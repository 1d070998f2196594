"""Pages on which somebody may have their device remembered, and what the product does with their result."""

from typing import Any
from urllib.parse import parse_qs, urlsplit

from werkzeug.test import TestResponse

from tests.factor_world import STEP, Answer, FactorWorld
from tests.service.factors.proving import DEVICES, PHONE
from tests.web.pages import Person, make
from tests.world import Api


def asked(shop: FactorWorld, **body: Any) -> Person:
    """Somebody at a page that may remember their phone."""
    return Person.at(shop, make(shop, "check", **{"user": "u1", "remember": PHONE, **body}))


def token_in(response: TestResponse) -> str:
    """The result as it stands in the address that a page leads to."""
    return parse_qs(urlsplit(response.location).query)["result"][0]


def passed(shop: FactorWorld, made: Answer, somebody: Person | None = None, **fields: str) -> str:
    """The result of a page on which somebody ticked the box and typed their code; its step is over."""
    somebody = somebody or asked(shop)
    back = somebody.send("check", **{"code": shop.app_code(made), "remember": "yes", **fields})
    shop.clock.pass_(STEP)
    assert back.status_code == 303, somebody.text
    return token_in(back)


def shown(shop: FactorWorld, result: str, by: Api | None = None, user: str = "u1", **body: Any) -> TestResponse:
    """What the product hears that sends a result."""
    told = {"device_id": PHONE["device_id"], "result": result, **body}
    return (by or shop.factors).post(DEVICES.replace("u1", user), told)


def heard(*about: Any, **body: Any) -> str:
    """`remembered`, or why not."""
    answer = shown(*about, **body)
    return "remembered" if answer.status_code == 201 else str(answer.json["code"])
