"""What every request of the console passes: who it is, may they, did their own page send it, and is the proof fresh."""

from collections.abc import Iterable
from typing import Any
from urllib.parse import urlencode, urlsplit

from flask import Response, current_app, g, redirect, request
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response as AnyResponse

from otp_service.domain.codes import same
from otp_service.domain.errors import Refusal
from otp_service.service.console import sessions
from otp_service.service.console.sessions import SignedIn
from otp_service.web.console import PATH, cookies, proofs
from otp_service.web.console.registry import Route, may, page_of
from otp_service.web.context import core

CSRF = "csrf"
POLL = "X-Piece"  # what console.js sends with what it fetches again and again: nobody need be there
SIGN_IN = f"{PATH}/sign-in"
# What a form carries for the frame's sake; all else was typed.
OURS = frozenset({CSRF, "from"})


def guarded(route: Route) -> Any:
    """The handler behind its guard."""

    def view(**args: Any) -> Any:
        g.route, g.args = route, args
        g.who = who = _resumed()
        if route.role is not None and who is None:
            return _to_sign_in()
        admit(route)
        _readable([*args.items(), *request.args.items(multi=True)])
        if route.method != "POST":
            return route.view(**args)
        _own_page()
        _readable(request.form.items(multi=True))
        if route.proof and who is not None and not who.proven:
            return proofs.ask(request.path, typed_here())
        return _acted(route, args)

    return view


def admit(route: Route) -> None:
    """Refuses whose role is too low for a path."""
    who: SignedIn | None = g.who
    if route.role is not None and (who is None or not may(who.role, route.role)):
        raise Refusal("forbidden", f"this needs the role {route.role}")


def whoever() -> SignedIn | None:
    """Whoever asks, for a page that concerns nobody; nobody while the ledger is away."""
    try:
        return g.who or _resumed()
    except Refusal:
        return None


def csrf_token() -> str:
    """What every form carries: only this browser's pages of this session know it."""
    return sessions.tied(secret(), "csrf")


def secret() -> str:
    """The token that this browser's forms and words are tied to."""
    who: SignedIn | None = g.get("who")
    return who.token if who is not None else cookies.visitor()


def again(route: Route, args: dict[str, Any], typed: MultiDict[str, str], status: int) -> AnyResponse:
    """The page whose form was refused or interrupted, with what was typed."""
    if route.shows is None:
        raise RuntimeError("this act has no page of its own")
    g.route, g.typed = page_of(route.shows), typed
    admit(g.route)
    wanted = {name: value for name, value in args.items() if f"{name}>" in g.route.rule}
    drawn = g.route.view(**wanted)
    response = drawn if isinstance(drawn, AnyResponse) else Response(drawn)
    response.status_code = status
    return response


def typed_here() -> MultiDict[str, str]:
    """What was typed into the form that came."""
    return MultiDict([(name, value) for name, value in request.form.items(multi=True) if name not in OURS])


def _acted(route: Route, args: dict[str, Any]) -> Any:
    try:
        answer = route.view(**args)
        current_app.extensions["truths"].refresh()  # what was changed is in force in this process at once
        return answer
    except Refusal as refusal:
        if route.shows is None or refusal.status >= 500:
            raise
        g.refusal = refusal
        return again(route, args, typed_here(), refusal.status)


def _resumed() -> SignedIn | None:
    token = cookies.read(cookies.SESSION)
    return sessions.resume(core(), token, by_hand=POLL not in request.headers) if token else None


def _to_sign_in() -> AnyResponse:
    if request.method == "POST":
        raise Refusal("unauthenticated", "your session has ended: sign in again")
    there = request.full_path.rstrip("?")
    return redirect(SIGN_IN if there == PATH else f"{SIGN_IN}?{urlencode({'next': there})}", 303)


def _readable(told: Iterable[tuple[str, str]]) -> None:
    """Refuses what no database takes, and nobody types."""
    if any("\0" in value for _, value in told):
        raise Refusal("invalid_field", "this can't be read: it holds a null character")


def _own_page() -> None:
    """Refuses a form that another site sent; browsers say where a request comes from, and the token proves it."""
    site, origin = request.headers.get("Sec-Fetch-Site", "same-origin"), request.headers.get("Origin")
    elsewhere = origin is not None and not _is_ours(origin)
    if site not in ("same-origin", "none") or elsewhere:
        raise Refusal("forbidden", "this form was sent by another site")
    if not same(request.form.get(CSRF, ""), csrf_token()):
        raise Refusal("forbidden", "this form is not of your session: load its page again")


def _is_ours(origin: str) -> bool:
    """Whether an origin is the console's; the host that a proxy tells may lack the port of the public URL."""
    public = urlsplit(core().public_url)
    is_public = core().production and origin == f"{public.scheme}://{public.netloc}"
    return is_public or origin.partition("://")[2] == request.host
