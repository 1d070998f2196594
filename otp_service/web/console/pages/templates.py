"""Templates: what codes and messages say, edited beside the phone that shows them."""

from typing import Annotated, Any, get_args
from urllib.parse import urlencode

from flask import Response, g, request
from pydantic import BaseModel, Field
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response as AnyResponse

from otp_service.domain.errors import Refusal
from otp_service.domain.messages import Dlt
from otp_service.domain.templates.bodies import Kind
from otp_service.ledger.pages import Saved
from otp_service.service.admin import applications, templates
from otp_service.service.admin.previews import Wanted
from otp_service.service.admin.templates import Draft
from otp_service.service.console import drafting
from otp_service.service.console.drafting import Shown
from otp_service.web.console import PATH
from otp_service.web.console.frame import act, actor, application_filter, back, core, form, page, render

VERSIONS = 20
BEGUN = "{code} is your code for {app}. It is good for {minutes} minutes."
DltId = Annotated[str, Field(pattern=r"^[0-9]{1,30}$")]


class Typed(BaseModel):
    """A template as it is typed."""

    application: Annotated[str, Field(max_length=68)]
    name: str
    locale: str
    body: str = ""
    kind: Kind = "verification"
    smart_encoding: bool = False
    dlt_entity_id: DltId | None = None
    dlt_template_id: DltId | None = None
    after: Annotated[int, Field(ge=0, le=2**31 - 1)] | None = None  # the newest version that the page has shown

    def draft(self) -> Draft:
        """What would be saved."""
        ids = (self.dlt_entity_id, self.dlt_template_id)
        dlt = Dlt(ids[0], ids[1]) if ids[0] and ids[1] else None
        return Draft(self.name, self.locale, self.body, self.kind, self.smart_encoding, dlt)

    def wanted(self) -> Wanted:
        """What would be shown."""
        return Wanted(self.application, self.name, self.locale, self.body, self.kind, self.smart_encoding)


class Named(BaseModel):
    """Which template."""

    application: str
    name: str
    locale: str


@page("/templates", title="Templates", nav="Templates")
def listing() -> Response:
    """Every template in force, and those that come with the service."""
    only = application_filter()
    return render("templates.html", groups=drafting.listed(core(), only), built_in=drafting.built_in())


@page("/templates/edit", title="Edit a template", nav="Templates")
def edit() -> Response:
    """A template's text beside the phone that shows it."""
    return _drawn(None)


@act("/templates/preview", role="viewer", shows=edit)
def preview() -> AnyResponse:
    """Shows what was typed, and saves nothing."""
    typed: Typed = form(Typed)
    g.typed = MultiDict(request.form)
    return _drawn(drafting.shown(core(), typed.wanted()))


@act("/templates/save", role="admin", shows=edit)
def save() -> AnyResponse:
    """Puts what was typed in force as the next version."""
    typed: Typed = form(Typed)
    judged = templates.save(core(), actor(), typed.application, typed.draft(), after=typed.after)
    warned = sum(each.severity == "warning" for each in judged.findings)
    told = f"Version {judged.saved.version} is in force. " + (
        f"Have a look at {warned} of its findings." if warned else ""
    )
    there = {"application": typed.application, "name": judged.saved.name, "locale": judged.saved.locale}
    return back(told, to=f"{PATH}/templates/edit?{urlencode(there)}", kind="note" if warned else "good")


@act("/templates/remove", role="admin", shows=edit)
def remove() -> AnyResponse:
    """Takes a template out of force."""
    named: Named = form(Named)
    templates.delete(core(), actor(), named.application, named.name, named.locale)
    return back("The template is out of force; the built-in text is sent again.", to=f"{PATH}/templates")


def _drawn(shown: Shown | None) -> Response:
    """The editor with what was typed, else with the version that was asked for."""
    asked = g.get("typed") or request.args
    found = applications.get(core(), asked.get("application", ""))
    g.application_id = found.id
    name, locale = asked.get("name", ""), asked.get("locale", "")
    versions = _versions(found.id, name, locale)
    base = _base(versions, asked.get("version", ""))
    if shown is None:
        shown = _shown(found.id, name or "default", locale or "en", base)
    return render(
        "template.html",
        of=found,
        called=name,
        locale=locale,
        base=base,
        versions=versions,
        after=_after(versions),
        shown=shown,
        title=f"{name}, {locale}" if versions else "New template",
    )


def _versions(application: str, name: str, locale: str) -> list[Saved]:
    if not (name and locale):
        return []
    try:
        return list(templates.versions(core(), application, name, locale, VERSIONS).items)
    except Refusal:  # no name or locale that a template can have; saving tells
        return []


def _after(versions: list[Saved]) -> str:
    """The newest version that was seen: the one that was typed over, until somebody was told of a later one."""
    refusal: Refusal | None = g.get("refusal")
    typed = g.get("typed", {}).get("after")
    if typed is not None and (refusal is None or refusal.code != "conflict"):
        return str(typed)
    return str(versions[0].version if versions else 0)


def _base(versions: list[Saved], version: str) -> dict[str, Any]:
    """What stands in the form before anything is typed."""
    found = next((each for each in versions if str(each.version) == version), versions[0] if versions else None)
    if found is None:
        begun = drafting.begun(request.args.get("name", ""), request.args.get("locale", ""))
        return {"body": begun or BEGUN, "kind": "verification", "smart_encoding": True, "version": 0}
    ids = found.vendor_ids or {}
    return {
        "body": found.body,
        "kind": found.kind,
        "smart_encoding": found.smart_encoding,
        "version": found.version,
        **ids,
    }


def _shown(application: str, name: str, locale: str, base: dict[str, Any]) -> Shown | None:
    """What is in the form on a phone; nothing after a refusal, which stands beside its field."""
    typed = g.get("typed")
    body = typed.get("body", "") if typed else base["body"]
    kind = typed["kind"] if typed and typed.get("kind") in get_args(Kind) else base["kind"]
    smart = "smart_encoding" in typed if typed else base["smart_encoding"]
    try:
        return drafting.shown(core(), Wanted(application, name, locale, body, kind, smart))
    except Refusal:
        return None
