"""Redis or SQL is killed while somebody is being forgotten: it is said what is left, and repeating it does the rest."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from signal import SIGQUIT
from typing import Any

import pytest
from sqlalchemy import event

from otp_service import wiring
from otp_service.ledger import migrate
from otp_service.ledger.engine import make_engine
from otp_service.service import people
from otp_service.service.admin import audit
from otp_service.settings import Settings
from otp_service.store.link import Arg, Link
from otp_service.store.scripts import Script
from otp_service.web.app import make_app
from tests.ledger.postgres import PostgresServer, postgres_server
from tests.servers import RedisServer, redis_server
from tests.web.test_admin_people import PERSON, brought, kept, live
from tests.world import MASTER_KEYS, Api, World


class Disturbed:
    """A link on which something happens just before the first command of this name goes out."""

    def __init__(self, link: Link, name: str, happens: Callable[[], None]) -> None:
        self._link, self._name, self._happens = link, name, happens

    def call(self, script: Script, keys: Sequence[str], args: Sequence[Arg], *, durable: bool = False) -> Any:
        return self._link.call(script, keys, args, durable=durable)

    def once(self, script: Script, keys: Sequence[str], args: Sequence[Arg]) -> Any:
        return self._link.once(script, keys, args)

    def command(self, *args: Arg) -> Any:
        if args[0] == self._name:
            self._name = ""
            self._happens()
        return self._link.command(*args)

    def everywhere(self, *args: Arg) -> list[Any]:
        return self._link.everywhere(*args)


@dataclass(frozen=True)
class Stage:
    """A service on servers of its own, with somebody who had a day."""

    world: World
    redis: RedisServer
    database: PostgresServer

    def admin(self, command: str, happens: Callable[[], None]) -> Api:
        """An admin in whose service this happens in the middle of something."""
        core = replace(self.world.core, link=Disturbed(self.world.core.link, command, happens))
        return Api(make_app(core, self.world.parts.truths).test_client(), self.world.admin.key)

    def is_forgotten(self) -> None:
        """Repeats it until all is done, and holds what is left to what was promised."""
        told = self.world.admin.delete(PERSON).get_json()
        assert (told["complete"], told["left"]) == (True, [])
        assert kept(self.world, self.redis) == []
        assert len(self.world.admin.get("/v1/admin/audit?act=person.erase").get_json()["items"]) == 1
        assert audit.verify(self.world.core).bad is None


@pytest.fixture
def stage() -> Iterator[Stage]:
    """Somebody's codes and messages in a Redis that keeps what it has, and in a PostgreSQL."""
    with redis_server("--appendonly", "yes", "--appendfsync", "always") as redis, postgres_server() as database:
        url = database.url.format(name="postgres")
        engine = make_engine(url)
        migrate.to_head(engine)
        engine.dispose()
        given = {"env": "development", "redis_url": redis.url, "database_url": url, "master_keys": MASTER_KEYS}
        parts = wiring.build(Settings(_env_file=None, **given, public_url="https://otp.example", log_level="error"))
        world = World(parts)
        live(world)
        brought(world)
        yield Stage(world, redis, database)
        parts.core.engine.dispose()


@pytest.mark.parametrize("command", ["XRANGE", "DEL", "SCAN"])
def test_redis_is_killed_while_it_forgets(stage: Stage, command: str) -> None:
    """Killed before, amid or near the end of forgetting, Redis leaves the ledger as it was, and the answer says so."""
    answer = stage.admin(command, stage.redis.kill).delete(PERSON)
    stage.redis.start()

    assert (answer.status_code, answer.get_json()["detail"]) == (503, people.HALF_WAY)
    assert [each for each in kept(stage.world, stage.redis) if each.endswith("SQL")]
    stage.is_forgotten()


def test_sql_is_killed_before_the_ledger_forgets(stage: Stage) -> None:
    """With SQL gone once Redis has forgotten, the answer names the ledger as what is left, and Redis knows nobody."""
    answer = stage.admin("SCAN", lambda: stage.database.stop(SIGQUIT)).delete(PERSON)
    stage.database.start()

    assert (answer.status_code, answer.get_json()["detail"]) == (503, people.LEDGER_LEFT)
    left = kept(stage.world, stage.redis)
    assert left
    assert {each.rpartition(" ")[2] for each in left} == {"SQL"}
    stage.is_forgotten()


def test_sql_is_killed_while_the_ledger_forgets(stage: Stage) -> None:
    """A ledger that dies amid the transaction has forgotten nothing of it: no half of a person stays behind."""
    before = stage.world.admin.get(PERSON).get_json()
    killed: list[str] = []

    def kill(_: Any, __: Any, statement: str, *___: Any) -> None:
        if statement.startswith("DELETE FROM people") and not killed:
            killed.append(statement)
            stage.database.stop(SIGQUIT)

    event.listen(stage.world.core.engine, "before_cursor_execute", kill)
    answer = stage.world.admin.delete(PERSON)
    stage.database.start()

    assert killed
    assert (answer.status_code, answer.get_json()["detail"]) == (503, people.LEDGER_LEFT)
    assert stage.world.admin.get(PERSON).get_json() == before
    stage.is_forgotten()


def test_redis_is_killed_when_both_have_forgotten(stage: Stage) -> None:
    """Redis gone once the ledger has forgotten leaves unseen what is on its way; what was erased is told anyway."""
    killed: list[str] = []

    def kill(_: Any) -> None:
        if not killed:
            killed.append("now")
            stage.redis.kill()

    def forgets(_: Any, __: Any, statement: str, *___: Any) -> None:
        if statement.startswith("DELETE FROM people"):
            event.listen(stage.world.core.engine, "commit", kill)

    event.listen(stage.world.core.engine, "before_cursor_execute", forgets)
    told = stage.world.admin.delete(PERSON).get_json()
    stage.redis.start()

    assert killed
    assert (told["complete"], told["left"]) == (False, [people.UNSEEN])
    assert told["erased"]["verifications"] == 3
    stage.is_forgotten()
