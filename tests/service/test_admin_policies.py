"""Policies as admins write them."""

from typing import Any

import pytest

from otp_service.domain.errors import Refusal
from otp_service.domain.policy import Policy
from otp_service.service.admin.policies import first_policy, merged, overrides


def patched(patch: dict[str, Any], production: bool = True, **stored: Any) -> dict[str, Any]:
    """What is set after a patch."""
    return overrides(merged(Policy.model_validate(stored), patch, production=production))


def refused_fields(patch: dict[str, Any], **stored: Any) -> list[str]:
    """The fields by which a patch is refused."""
    with pytest.raises(Refusal) as refusal:
        patched(patch, **stored)
    assert refusal.value.code == "invalid_field"
    return [error["field"] for error in refusal.value.errors]


def test_only_what_is_given_changes() -> None:
    """A patch replaces the fields that it names and leaves the others."""
    assert patched({"ttl_s": 300}, ttl_s=60, proof=True) == {"ttl_s": 300, "proof": True}


def test_limits_are_merged_by_scope() -> None:
    """A patch of one limit leaves the limits of the other scopes."""
    assert patched({"limits": {"ip": "9 per hour"}}, limits={"to": "1 per day"}) == {
        "limits": {"to": "1 per day", "ip": "9 per hour"}
    }


def test_prices_are_merged_by_country() -> None:
    """A patch of one price leaves the other prices; null takes one away."""
    assert patched({"price_micros": {"LI": 2, "CH": None}}, price_micros={"CH": 1, "AT": 3}) == {
        "price_micros": {"AT": 3, "LI": 2}
    }


@pytest.mark.parametrize("patch", [{"ttl_s": None}, {"limits": None}, {"limits": {"ip": None}, "ttl_s": None}])
def test_null_puts_a_field_back(patch: dict[str, Any]) -> None:
    """A field that is set to null follows its default again."""
    policy = merged(Policy.model_validate({"ttl_s": 60, "limits": {"ip": "1 per day"}}), patch, production=True)
    assert {name: getattr(policy, name) for name in patch} == {name: getattr(Policy(), name) for name in patch}


@pytest.mark.parametrize("field", ["spend_per_day_micros", "spend_per_country_per_day_micros"])
def test_null_is_no_ceiling(field: str) -> None:
    """A ceiling that is set to null is none, and not the default one."""
    assert patched({field: None}) == {field: None}


def test_a_default_is_that_of_the_installation() -> None:
    """In development a field goes back to what development has, where nothing real is spent."""
    assert patched({"fraud": None}, production=False, fraud="enforce") == {"fraud": "shadow"}
    assert patched({"fraud": None}, production=True, fraud="shadow") == {}


@pytest.mark.parametrize(
    ("patch", "field"),
    [
        ({"ttl_s": 601}, "policy.ttl_s"),
        ({"ttl_s": "300"}, "policy.ttl_s"),
        ({"countries": ["XX"]}, "policy.countries"),
        ({"countries": 7}, "policy.countries"),
        ({"limits": {"ip": "now and then"}}, "policy.limits.ip"),
        ({"limits": {"planet": None}}, "policy.limits"),
        ({"price_micros": {"CH": -1}}, "policy.price_micros"),
        ({"blocked_line_types": ["fax"]}, "policy.blocked_line_types"),
        ({"webotp_host": "https://example.com"}, "policy.webotp_host"),
        ({"code_alphabet": "digits", "code_length": 5}, "policy.code_length"),
        ({"colour": "red"}, "policy.colour"),
        ({"colour": None}, "policy.colour"),
        ({"a\nb": 1}, "policy"),
    ],
)
def test_a_policy_that_makes_no_sense_is_refused_by_name(patch: dict[str, Any], field: str) -> None:
    """A value that makes no sense is refused with the name of its field."""
    assert refused_fields(patch) == [field]


def test_the_merged_policy_is_judged_as_a_whole() -> None:
    """A patch that is fine by itself is refused if it does not fit what is in force."""
    assert refused_fields({"code_alphabet": "digits"}, code_alphabet="letters", code_length=5) == ["policy.code_length"]


def test_every_mistake_is_told_at_once() -> None:
    """All fields that make no sense are named in one refusal."""
    assert refused_fields({"ttl_s": 1, "max_sends": 99}) == ["policy.ttl_s", "policy.max_sends"]


def test_production_wants_the_countries_said() -> None:
    """In production a new application says where its codes may go, and can't unsay it."""
    with pytest.raises(Refusal) as refusal:
        first_policy({"ttl_s": 60}, production=True)
    assert [error["field"] for error in refusal.value.errors] == ["policy.countries"]
    assert first_policy({"countries": "*"}, production=True).countries == "*"
    assert refused_fields({"countries": None}, countries=["CH"]) == ["policy.countries"]


def test_development_starts_without_ceilings() -> None:
    """In development a new application may send anywhere and spend without a ceiling, unless it says otherwise."""
    policy = first_policy({"fraud": "off"}, production=False)
    assert (policy.countries, policy.spend_per_day_micros, policy.fraud) == ("*", None, "off")
