"""An application's policy."""

from typing import Any

import pytest
from pydantic import ValidationError

from otp_service.domain.policy import DEVELOPMENT, LimitsPolicy, Policy


def test_the_defaults_are_those_of_the_contract() -> None:
    """Six digits, ten minutes, five guesses, five sends, and limits on number and client."""
    policy = Policy()
    assert (policy.code_length, policy.code_alphabet, policy.ttl_s, policy.max_attempts) == (6, "digits", 600, 5)
    assert (policy.max_sends, policy.resend_after_s, policy.hard_lock_after, policy.channels) == (5, 30, 100, ["sms"])
    assert policy.limits == LimitsPolicy(to="5 per 10 minutes; 20 per day", ip="20 per hour", application="", prefix="")
    assert (policy.spend_per_day_micros, policy.spend_per_country_per_day_micros) == (100_000_000, 25_000_000)
    assert (policy.retain_number_s, policy.retain_history_s) == (86_400, 2_592_000)
    assert (policy.fraud, policy.min_assurance, policy.proof, policy.countries) == ("enforce", "sms", False, "*")


def test_development_spends_nothing_real() -> None:
    """In development no ceiling of money holds, and fraud is only watched."""
    assert (DEVELOPMENT.spend_per_day_micros, DEVELOPMENT.fraud) == (None, "shadow")


@pytest.mark.parametrize(
    ("field", "values"),
    [
        ("ttl_s", (29, 601, "600", 60.5, True, None)),
        ("max_attempts", (0, 11)),
        ("hard_lock_after", (9, 101)),
        ("max_sends", (0, 21)),
        ("resend_after_s", (-1, 601)),
        ("channels", ([], ["voice"], "sms")),
        ("countries", (["XX"], ["ch"], "CH", "all")),
        ("default_region", ("XX",)),
        ("blocked_line_types", (["voip"], ["premium"])),
        ("webotp_host", ("localhost", "https://a.example", "a.example/x", "A.example", "a .example", "a.example\n")),
        ("android_app_hash", ("short", "FA+9qCX9VS!", "FA+9qCX9VSuX")),
        ("spend_per_day_micros", (-1, 10**12 + 1, "1")),
        ("spend_per_country_per_day_micros", (-1,)),
        ("price_micros", ({"XX": 1}, {"CH": -1})),
        ("fraud", ("on",)),
        ("min_assurance", ("none",)),
        ("step_up", (["login"], "enrol", ["enrol", "remove", "enrol"])),
        (
            "return_hosts",
            (["localhost"], ["https://a.example"], ["a.example/x"], ["a.example\n"], ["*.example"], "a.example"),
        ),
        ("totp_steps_back", (-1, 2)),
        ("trust_device_s", (-1, 365 * 86_400 + 1)),
        ("retain_number_s", (-1,)),
        ("retain_history_s", (86_399,)),
        ("retain_events_s", (-1, 90 * 86_400 + 1)),
        ("message_limits", ("5 per century",)),
        ("nonsense", (1,)),
    ],
)
def test_a_policy_that_makes_no_sense_is_refused_by_its_field(field: str, values: tuple[Any, ...]) -> None:
    """Each field has its bounds, and the refusal names the field."""
    for value in values:
        with pytest.raises(ValidationError) as caught:
            Policy(**{field: value})
        assert {str(error["loc"][0]) for error in caught.value.errors()} == {field}


@pytest.mark.parametrize("scope", ["to", "ip", "application", "prefix"])
def test_a_limit_that_can_not_be_parsed_is_refused_by_its_scope(scope: str) -> None:
    """The scope is named, and how a limit is written."""
    with pytest.raises(ValidationError, match="write for instance") as caught:
        Policy(limits=LimitsPolicy.model_validate({scope: "often"}))
    assert caught.value.errors()[0]["loc"] == (scope,)


@pytest.mark.parametrize(
    ("alphabet", "length"), [("digits", 5), ("digits", 11), ("letters", 4), ("mixed", 4), ("mixed", 11)]
)
def test_a_code_is_never_too_short_for_its_alphabet(alphabet: str, length: int) -> None:
    """No policy allows a code of less than 20 bits."""
    with pytest.raises(ValidationError, match="code_length"):
        Policy(code_alphabet=alphabet, code_length=length)


@pytest.mark.parametrize("value", [{"countries": ["QQ"]}, {"blocked_line_types": ["zebra"]}, {"default_region": "QQ"}])
def test_a_refused_policy_repeats_no_value(value: dict[str, Any]) -> None:
    """What was sent is not in the words of the refusal."""
    with pytest.raises(ValidationError) as caught:
        Policy(**value)
    assert not {"QQ", "zebra"} & set(caught.value.errors()[0]["msg"].replace("'", " ").split())


def test_a_step_up_can_be_proven() -> None:
    """A policy that asks for proofs and gives none, or sends no codes to prove by, would lock everybody out."""
    assert Policy(step_up=["enrol"], proof=True).step_up == ["enrol"]
    with pytest.raises(ValidationError, match="step_up asks for the proof of a verification: it needs proof true"):
        Policy(step_up=["enrol", "remove"])
    with pytest.raises(ValidationError, match="step_up asks for a code by message, which min_assurance forbids"):
        Policy(step_up=["enrol"], proof=True, min_assurance="totp")
