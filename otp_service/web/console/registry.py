"""What pages the console has: each names its path, who may see it, and its place in the navigation."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

View = Callable[..., Any]

ROLES = ("viewer", "fraud", "admin")  # each may do what those before it may

# The navigation, in its order; an entry shows once a page claims it, to those whose role may see that page.
NAV: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("Watch", ("Now", "Countries", "Providers", "Money")),
    ("People", ("Find", "Users", "Limits and locks", "Blocks")),
    ("Set up", ("Policies", "Templates", "Senders", "Keys")),
    ("House", ("Audit", "Admins")),
)


@dataclass(frozen=True, slots=True)
class Route:
    """One path of the console, and what it asks of whoever comes."""

    rule: str
    method: str
    view: View
    role: str | None  # None: also who is not signed in
    title: str = ""
    nav: str = ""
    proof: bool = False  # asks for another proof of who they are, unless the last one is fresh
    shows: View | None = None  # the page whose form this answers: drawn again, as typed, if it is refused

    @property
    def endpoint(self) -> str:
        return f"{self.view.__module__.rpartition('.')[2]}.{self.view.__name__}"


ROUTES: list[Route] = []


def page(rule: str, *, title: str, role: str | None = "viewer", nav: str = "") -> Callable[[View], View]:
    """Makes a handler a page: `rule` begins behind /console; the first page of a nav entry is where it leads."""
    return lambda view: _add(Route(rule, "GET", view, role, title, nav))


def piece(rule: str, *, role: str = "viewer") -> Callable[[View], View]:
    """Makes a handler a part of a page that a script fetches, or a download; it answers a Response or a fragment."""
    return lambda view: _add(Route(rule, "GET", view, role))


def act(
    rule: str, *, role: str | None = "fraud", proof: bool = False, shows: View | None = None
) -> Callable[[View], View]:
    """Makes a handler what a form does: a POST that changes something and then leads `back(...)`."""
    return lambda view: _add(Route(rule, "POST", view, role, proof=proof, shows=shows))


def may(role: str, needed: str | None) -> bool:
    """Whether a role is enough."""
    return needed is None or ROLES.index(role) >= ROLES.index(needed)


def page_of(view: View) -> Route:
    """The page that a handler is."""
    return next(route for route in ROUTES if route.view is view)


def entrance(nav: str) -> Route | None:
    """Where an entry of the navigation leads."""
    return next((route for route in ROUTES if route.nav == nav), None)


def _add(route: Route) -> View:
    ROUTES.append(route)
    return route.view
