"""Users with factors: seeing them, lifting what holds them up, removing what they have."""

from dataclasses import asdict
from functools import partial
from typing import Annotated, Literal

from flask import Blueprint, Response
from pydantic import Field

from otp_service.domain.errors import invalid_field
from otp_service.domain.factors.names import masked
from otp_service.domain.requests import User
from otp_service.domain.times import rfc3339, rfc3339_or_none
from otp_service.ledger.factor_history import Happened
from otp_service.ledger.trusted_devices import TrustedDevice
from otp_service.service.admin import users
from otp_service.service.admin.fields import MOST_REASON
from otp_service.service.admin.users import Listed, Seen, Standing
from otp_service.web.admin import resources
from otp_service.web.admin.asking import ADMIN, ByApplicationQuery
from otp_service.web.admin.resources import Resource
from otp_service.web.context import caller, core
from otp_service.web.fields import Query
from otp_service.web.parsing import query
from otp_service.web.rendering import answer

blueprint = Blueprint("admin_users", __name__)
PATH = "/v1/admin/users"
Reason = Annotated[str, Field(max_length=MOST_REASON)]


class UsersQuery(ByApplicationQuery):
    """Which users of an application."""

    test: bool = False
    disabled: bool = False
    user: User | None = None


class LookQuery(Query):
    """Whether names are shown in full, and why."""

    names: Literal["masked", "full"] = "masked"
    reason: Reason | None = None


class WhyQuery(Query):
    """Why it is done."""

    reason: Reason = ""


@blueprint.get(PATH)
def list_users() -> Response:
    caller(ADMIN)
    wanted = query(UsersQuery)
    found = users.page(
        *(core(), wanted.application, wanted.limit, wanted.cursor),
        test=wanted.test,
        disabled=wanted.disabled,
        name=wanted.user,
    )
    return answer(resources.page(found, partial(listed, in_full=False)))


@blueprint.get(f"{PATH}/<id>")
def get_user(id: str) -> Response:
    who, wanted = caller(ADMIN).key_id, query(LookQuery)
    if wanted.names == "masked":
        return answer(standing(users.read(core(), id)))
    if not wanted.reason:
        raise invalid_field("reason", "say why you look at the names in full: it is audited")
    return answer(standing(users.look(core(), who, id, wanted.reason), in_full=True))


@blueprint.delete(f"{PATH}/<id>/lock")
def delete_user_lock(id: str) -> Response:
    return answer(standing(users.lift(core(), caller(ADMIN).key_id, id, query(WhyQuery).reason)))


@blueprint.delete(f"{PATH}/<id>/factors/<factor>")
def delete_user_factor(id: str, factor: str) -> Response:
    return answer(standing(users.remove(core(), caller(ADMIN).key_id, id, factor, query(WhyQuery).reason)))


@blueprint.delete(f"{PATH}/<id>")
def delete_user(id: str) -> Response:
    return answer({"erased": asdict(users.erase(core(), caller(ADMIN).key_id, id))})


def standing(found: Standing, *, in_full: bool = False) -> Resource:
    """Everything that is known of a user's factors."""
    return {
        **listed(found.listed, in_full=in_full),
        "factors": [_seen(each, in_full=in_full) for each in found.factors],
        "devices": [_device(each) for each in found.devices],
        "history": [_happened(each) for each in found.history],
    }


def listed(found: Listed, *, in_full: bool) -> Resource:
    """A user as lists show them."""
    user = found.user
    return {
        "id": user.user_index,
        "application": user.application_id,
        "user": _name(found.name, in_full=in_full),
        "test": user.test,
        "types": list(found.types),
        "failures": user.failures,
        "attempts_left": found.attempts_left,
        "locked_until": rfc3339_or_none(found.waits_until_ms),
        "disabled_at": rfc3339_or_none(user.disabled_at),
        "created_at": rfc3339(user.created_at),
    }


def _name(name: str | None, *, in_full: bool) -> str | None:
    return name if name is None or in_full else masked(name)


def _seen(found: Seen, *, in_full: bool) -> Resource:
    factor = found.factor
    times = {name: rfc3339_or_none(getattr(factor, name)) for name in ("confirmed_at", "used_at", "expires_at")}
    kept = {name: getattr(factor, name) for name in ("id", "type", "status", "algorithm", "digits", "period_s")}
    shown = {"label": _name(found.label, in_full=in_full), "issuer": found.issuer, "codes_left": found.codes_left}
    return {**kept, **shown, "created_at": rfc3339(factor.created_at), **times}


def _device(found: TrustedDevice) -> Resource:
    times = {"created_at": rfc3339(found.created_at), "expires_at": rfc3339(found.expires_at)}
    return {"id": found.id, **times, "seen_at": rfc3339_or_none(found.seen_at)}


def _happened(found: Happened) -> Resource:
    return {"event": found.event, "at": rfc3339(found.at), "factor": found.factor_id, "data": found.data}
