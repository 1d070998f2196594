"""A queued code is written by the template that its start chose, whatever an admin saves meanwhile."""

import pytest

from tests.couriers import running_courier
from tests.servers import wait_until
from tests.world import NUMBER, World


def save(world: World, body: str, locale: str = "en") -> None:
    """Puts the body in force as the next version of `default`."""
    told = {"application": world.shop, "name": "default", "locale": locale, "body": body}
    assert world.admin.post("/v1/admin/templates", told).status_code in (200, 201)


def arrived(world: World) -> str:
    """The text of the one message on the simulated phone, once a courier has worked."""
    phone = world.parts.phone
    assert phone
    with running_courier(world.parts):
        wait_until(lambda: bool(phone.messages(NUMBER)), 60)
    (message,) = phone.messages(NUMBER)
    return message.text


def test_a_template_that_wants_more_does_not_stop_queued_codes(world: World) -> None:
    """What was queued before is sent as it was meant, though the new version needs a value that nobody gave."""
    save(world, "First: {code}")
    id_ = world.started()
    save(world, "Second for {name}: {code}")
    assert arrived(world) == f"First: {world.code(id_)}"


def test_a_template_that_is_removed_still_writes_queued_codes(world: World) -> None:
    """Taking a template out of force changes what is started from now on."""
    save(world, "First: {code}")
    id_ = world.started()
    world.admin.delete(f"/v1/admin/templates?application={world.shop}&name=default&locale=en")
    assert arrived(world) == f"First: {world.code(id_)}"


@pytest.mark.parametrize("locale", ["en", "de"])
def test_a_first_template_does_not_change_what_was_queued_by_the_built_in(world: World, locale: str) -> None:
    """Version 0 is the built-in text, also once there is one of the application's own."""
    world.started(locale=locale)
    save(world, "Own for {name}: {code}", locale)
    assert "Own" not in arrived(world)
