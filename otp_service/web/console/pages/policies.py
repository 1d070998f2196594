"""Policies: every field with its meaning, what a change comes to, and the last day under it."""

from flask import Response, g, request
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response as AnyResponse

from otp_service.domain.policy import Policy
from otp_service.service.admin import applications
from otp_service.service.admin.policies import overrides
from otp_service.service.admin.policy_fields import groups
from otp_service.service.console import policing, trying
from otp_service.service.console.policing import Change
from otp_service.web.console import PATH
from otp_service.web.console.frame import act, actor, application_filter, back, core, page, render, signed_in
from otp_service.web.console.showing import unless_away


@page("/policies", title="Policies", nav="Policies")
def policies() -> Response:
    """The policy of one application, or the list of them."""
    only = application_filter() or request.form.get("of")
    known = list(core().snapshot().applications)
    if only is None and len(known) != 1:
        return render("policies.html", found=[(each, overrides(each.policy)) for each in applications.listed(core())])
    of = applications.get(core(), only or known[0])
    g.application_id = of.id
    most = applications.most_an_hour_costs(core(), of)
    # Drawn again, what nobody typed into is as it is now: somebody else may have changed it.
    return render(
        "policy.html",
        of=of,
        groups=groups(),
        most=most,
        set=_set(of.policy),
        seen=policing.seen_of(of.policy),
        typed=MultiDict(policing.retyped(g.get("typed", {}))),
        title=f"Policy of {of.name}",
    )


@act("/policies/review", role="fraud", shows=policies)
def review() -> AnyResponse:
    """What was typed as a change: what differs, and the last day under it; saves nothing."""
    change = _change()
    if not change.differences:
        return back("Nothing differs from the policy in force.", to=_home(change), kind="note")
    return render(
        "policy_review.html",
        change=change,
        seen=policing.seen_of(change.application.policy),
        trial=unless_away(lambda: trying.trial(core(), change)),
        typed=MultiDict(request.form),
        proof=change.loosens_spend,
        may=signed_in().role == "admin" or not change.needs_admin,
        title=f"Policy of {change.application.name}: review",
    )


@act("/policies/save", role="fraud", shows=policies)
def save() -> AnyResponse:
    """Puts a change in force that raises no ceiling of money."""
    return _save()


@act("/policies/raise", role="admin", proof=True, shows=policies)
def raise_() -> AnyResponse:
    """Puts a change in force that raises a ceiling of money."""
    return _save(proven=True)


def _save(*, proven: bool = False) -> AnyResponse:
    change = _change()
    policing.save(core(), actor(), change, role=signed_in().role, proven=proven)
    fields = "1 field is" if len(change.differences) == 1 else f"{len(change.differences)} fields are"
    return back(f"Saved: {fields} in force now.", to=_home(change))


def _change() -> Change:
    typed = {name: value for name, value in request.form.items() if name.startswith("policy.")}
    return policing.change(core(), request.form.get("of", ""), typed, request.form.get("seen", ""))


def _home(change: Change) -> str:
    return f"{PATH}/policies?application={change.application.id}"


def _set(policy: Policy) -> set[str]:
    """The fields that were set; the others follow the defaults."""
    found = overrides(policy)
    return {name for outer, value in found.items() for name in (outer, *(f"{outer}.{each}" for each in _inner(value)))}


def _inner(value: object) -> list[str]:
    return list(value) if isinstance(value, dict) else []


@act("/policies/back", role="fraud", shows=policies)
def further() -> AnyResponse:
    """Leads from the review back to the form, with what was typed."""
    g.typed = MultiDict(request.form)
    drawn: Response = policies()
    return drawn
