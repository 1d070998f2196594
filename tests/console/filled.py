"""A console with something of everything, and for each act a form that is accepted: for what walks every route."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import httpx
from redis import Redis
from sqlalchemy import select

from otp_service.ledger.schema import api_keys, audit, people
from otp_service.service.admin import blocks, users
from otp_service.service.console import accounts, searching
from otp_service.service.console.searching import Sought
from otp_service.service.senders import take_out
from otp_service.web.console.pages import PAGES
from otp_service.web.console.registry import ROUTES, Route
from tests.console.conftest import Console
from tests.console.people import PASSWORD, code, person
from tests.console.test_find import happened
from tests.console.traffic import busy
from tests.servers import RedisServer
from tests.world import NUMBER, World

for name in PAGES:
    import_module(f"otp_service.web.console.pages.{name}")

GETS = [each for each in ROUTES if each.method == "GET"]
ACTS = [each for each in ROUTES if each.method == "POST"]
ARGUMENT = re.compile(r"<(\w+)>")
# Acts that only look, lead on or draw again: they need no ledger that can be written.
LOOKS = frozenset(
    {"/theme", "/find", "/limits", "/users", "/blocks/preview", "/templates/preview", "/profile/app/begin"}
)
LOOKS |= {"/policies/review", "/policies/back"}

Form = dict[str, Any]


@dataclass(frozen=True)
class Filled:
    """What the acts and the arguments of paths are about."""

    console: Console
    token: str
    ticket: str
    block: str
    person: str
    key: str
    user: str
    factor: str

    def path(self, route: Route) -> str:
        """Where this route leads to something; an argument that nobody knows here leads to nothing."""
        asked = {"/block": "?kind=country&value=CH", "/templates/edit": f"?application={self.console.world.shop}"}
        known = {"country": "CH", "prefix": "4179", "name": "swift", "token": self.token, "ticket": self.ticket}
        known["user"] = self.user
        return "/console" + ARGUMENT.sub(lambda found: known.get(found[1], "x"), route.rule) + asked.get(route.rule, "")

    def form(self, route: Route) -> Form:
        """What would be accepted; nothing for an act that nobody has written one for."""
        return self.forms().get(route.rule, {})

    def forms(self) -> Mapping[str, Form]:
        """By rule, those last that end what the others need."""
        shop, why = self.console.world.shop, {"reason": "a test"}
        text = {"application": shop, "name": "default", "locale": "en", "body": "{code} is your code for {app}."}
        policy = {"of": shop, "policy.code_length": "8"}
        return {
            "/theme": {"theme": "dark"},
            "/block": {"kind": "prefix", "value": "+9989012", "ends": "24h", **why},
            "/providers/<name>/switch": {"to": "off", **why},
            "/sign-in": {"name": "Ana", "password": PASSWORD, "code": code()},
            "/numbers/show": {"person": self.person},
            "/profile/password": {"password": "another correct horse"},
            "/profile/app/begin": {},
            "/keys": {"of": shop, "name": "x", "scopes": "verifications:start"},
            "/keys/revoke": {"id": self.key},
            "/admins": {"name": "Bea", "role": "viewer"},
            "/admins/role": {"name": "Eve", "role": "fraud"},
            "/admins/disable": {"name": "Eve"},
            "/admins/enable": {"name": "Eve"},
            "/admins/reset": {"name": "Eve"},
            "/blocks/preview": {"kind": "prefix", "value": "+88213"},
            "/blocks": {"kind": "prefix", "value": "+88213", **why},
            "/blocks/export": why,
            "/find": {"q": NUMBER},
            "/find/<token>/reset": {"of": shop, **why},
            "/find/<token>/forgive": {"of": shop, "scope": "number", **why},
            "/find/<token>/list": {"book": "allow", "of": shop, **why},
            "/limits": {"q": NUMBER},
            "/users": {"q": "u1"},
            "/users/<user>/name": why,
            "/users/<user>/lift": why,
            "/users/<user>/remove": {"factor": self.factor, **why},
            "/users/<user>/erase": {},
            "/policies/review": policy,
            "/policies/back": policy,
            "/policies/raise": policy,
            "/policies/save": {**policy, "policy.code_length": "7"},
            "/templates/preview": text,
            "/templates/save": text,
            "/templates/remove": text,
            "/senders/restore": {"provider": "swift", "sender": "Shop"},
            "/blocks/remove": {"id": self.block},
            "/profile/sessions/end": {},
            "/sign-out": {},
        }

    def post(self, client: httpx.Client, route: Route, typed: Form, csrf: str) -> httpx.Response:
        """Sends the form of an act."""
        return client.post(self.path(route), data={"csrf": csrf, **typed})


def filled(console: Console) -> Filled:
    """Fills a console of two providers."""
    world, core = console.world, console.world.core
    busy(world)
    happened(world)
    person(console, "Ana")
    ticket = accounts.invite(core, "tests", "Zoe", "viewer").ticket
    accounts.invite(core, "tests", "Eve", "viewer")
    block = blocks.create(core, "tests", "prefix", "+88299", "pumped")
    take_out(core, "swift", "Shop", None, "unregistered_sender", "30034")
    world.parts.truths.refresh()
    user, factor = _enrolled(world)
    token = searching.token(core, Sought("number", NUMBER))
    with core.engine.connect() as connection:
        someone = connection.scalars(select(people.c.person_id).where(people.c.to_sealed.is_not(None))).first()
        key = connection.scalars(select(api_keys.c.id).order_by(api_keys.c.created_at.desc())).first()
    return Filled(console, token, ticket, block.id, str(someone), str(key), user, factor)


def _enrolled(world: World) -> tuple[str, str]:
    """A user for whom a wrong code was typed, and their recovery codes: by which ids."""
    shop = world.caller("factors")
    factor = str(shop.post("/v1/factors", {"user": "u1", "type": "recovery_codes"}).get_json()["id"])
    shop.post("/v1/factors/check", {"user": "u1", "code": "AAAA-AAAA-AAAA-AAAA"})
    return str(users.found(world.core, world.shop, "u1")), factor


def ledger(console: Console) -> list[str]:
    """The audit: whatever an act changes is in it."""
    with console.world.core.engine.connect() as connection:
        return [f"{row.seq} {row.hash}" for row in connection.execute(select(audit).order_by(audit.c.seq))]


def store(redis: RedisServer) -> dict[str, bytes]:
    """All that Redis holds."""
    with Redis(unix_socket_path=redis.socket, encoding="latin-1", decode_responses=False) as client:
        return {key.decode(): client.dump(key) or b"" for key in client.scan_iter()}
