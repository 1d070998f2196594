"""What every provider promises, proved on each registered kind with its recorded fixtures."""

from dataclasses import asdict
from typing import Any

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from otp_service.domain.messages import RANKS, REASONS, Callback, Receipt, Verdict
from otp_service.providers import PROVIDERS, build, examine
from tests.providers.cases import FIXTURES, NOW, Case, answer, callback, cases, strings_in, values_sent

some = settings(max_examples=50)
CASES = cases()
each_case = pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
each_answer = pytest.mark.parametrize(
    ("case", "told"),
    [
        pytest.param(case, told, id=f"{case.name}-{index}-{told['status']}")
        for case in CASES
        for index, told in enumerate(case.data["answers"])
    ],
)
each_callback = pytest.mark.parametrize(
    ("case", "told"),
    [
        pytest.param(case, told, id=f"{case.name}-{index}")
        for case in CASES
        for index, told in enumerate(case.data.get("callbacks", []))
    ],
)
readable_text = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=160)


def test_every_kind_has_recorded_fixtures() -> None:
    """A provider is registered together with a folder of recorded fixtures."""
    assert {case.kind for case in CASES} == set(PROVIDERS) == {path.name for path in FIXTURES.iterdir()}


@pytest.mark.parametrize("kind", PROVIDERS)
def test_kind_is_the_one_it_is_registered_under(kind: str) -> None:
    """A provider's kind is its name in the registry."""
    assert PROVIDERS[kind].kind == kind


@each_case
def test_request_is_the_recorded_one(case: Case) -> None:
    """A message becomes exactly the request that the vendor documents."""
    wanted = case.data["request"]
    request = case.provider().request(case.message(), NOW)
    assert request.method == wanted["method"]
    asked = request.url.copy_with(query=None) if "query" in wanted else request.url
    assert str(asked) == wanted["url"]
    assert {name: request.headers.get(name) for name in wanted["headers"]} == wanted["headers"]
    assert values_sent(request) == _body_wanted(wanted)


def _body_wanted(wanted: dict[str, Any]) -> Any:
    if "text" in wanted:
        return {"text": wanted["text"]}
    return next(wanted[kind] for kind in ("json", "form", "query") if kind in wanted)


@each_case
def test_request_is_pure(case: Case) -> None:
    """The same message gives the same request, byte for byte."""
    first, second = (case.provider().request(case.message(), NOW) for _ in range(2))
    assert (first.url, first.headers, first.content) == (second.url, second.headers, second.content)


@each_case
@some
@given(text=readable_text)
def test_any_text_arrives_as_it_is(case: Case, text: str) -> None:
    """No text breaks out of its place in the request: quotes, ampersands, braces and line breaks arrive as they are."""
    plain = strings_in(values_sent(case.provider().request(case.message(text="?"), NOW)))
    found = strings_in(values_sent(case.provider().request(case.message(text=text), NOW)))
    assert found == [text if value == "?" else value for value in plain]


@each_answer
def test_answer_becomes_the_recorded_outcome(case: Case, told: dict[str, Any]) -> None:
    """A vendor's answer becomes the outcome that its documentation means."""
    outcome = case.provider().outcome(answer(told))
    said = {**asdict(outcome), "parts": list(outcome.parts)}
    given_words = {key: value for key, value in said.items() if value not in (None, [])}
    assert given_words == told["outcome"]


@each_case
@some
@given(status=st.integers(200, 599), body=st.binary(max_size=200))
def test_any_answer_becomes_an_outcome(case: Case, status: int, body: bytes) -> None:
    """Whatever a server answers becomes one of the six verdicts with a known reason, never a crash."""
    outcome = case.provider().outcome(httpx.Response(status, content=body))
    assert isinstance(outcome.verdict, Verdict)
    assert (outcome.reason is None) == (outcome.verdict is Verdict.ACCEPTED)
    assert outcome.reason is None or outcome.reason in REASONS


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["id", "sid", "code", "status", "error_code", "messages", "reason"]), inner)
    ),
    max_leaves=8,
)


@each_case
@some
@given(status=st.sampled_from([200, 201, 202, 400, 429]), body=json_values)
def test_any_json_answer_becomes_an_outcome(case: Case, status: int, body: Any) -> None:
    """JSON of another shape than documented becomes an outcome too."""
    outcome = case.provider().outcome(httpx.Response(status, json=body))
    assert outcome.reason is None or outcome.reason in REASONS
    assert outcome.provider_message_id is None or 0 < len(outcome.provider_message_id) <= 128


@each_case
@pytest.mark.parametrize(
    ("status", "verdict"),
    [
        (401, Verdict.MISCONFIGURED),
        (403, Verdict.MISCONFIGURED),
        (429, Verdict.TRY_LATER),
        (500, Verdict.TRY_ANOTHER),
        (502, Verdict.TRY_ANOTHER),
        (504, Verdict.AMBIGUOUS),
        (503, Verdict.TRY_LATER),
    ],
)
def test_plain_http_errors_mean_the_same_everywhere(case: Case, status: int, verdict: Verdict) -> None:
    """Without a word of the vendor's own, HTTP's statuses mean the same for every provider."""
    response = httpx.Response(status, headers={"Retry-After": "5"})
    outcome = case.provider().outcome(response)
    assert (outcome.verdict, outcome.retry_after_s) == (verdict, 5 if verdict is Verdict.TRY_LATER else None)


@each_case
def test_raw_word_repeats_no_number_text_or_code(case: Case) -> None:
    """What is kept of a vendor's answer is its error code, never a person's number, a code or a text."""
    leak = "+41791234567 123456 is your code"
    fields = ("code", "status", "error", "message", "reason", "error_code")
    body = {**dict.fromkeys(fields, leak), "messages": [{"status": leak}]}
    for status in (200, 201, 202, 400, 422, 500):
        outcome = case.provider().outcome(httpx.Response(status, json=body))
        assert outcome.raw in (None, f"http {status}")


@pytest.mark.parametrize("kind", PROVIDERS)
def test_every_known_word_has_a_reason_and_a_hint(kind: str) -> None:
    """Each word that a provider knows of its vendor has one of our reasons, and a sentence for people."""
    known = getattr(PROVIDERS[kind], "errors", {})
    assert {word for word, told in known.items() if told.reason not in REASONS} == set()
    assert {word for word, told in known.items() if not told.hint or told.hint.endswith(".")} == set()


@each_case
def test_unknown_option_is_refused_by_its_name(case: Case) -> None:
    """An option that the kind doesn't have is refused at load, by its name."""
    with pytest.raises(ValueError, match="speed: is not an option"):
        build(case.kind, "fixture", {**case.data["options"], "speed": "fast"})


@each_case
def test_complaint_repeats_no_value(case: Case) -> None:
    """A complaint about options repeats none of their values, since they may be secrets."""
    broken = {name: ["s3cr3t-value"] for name in PROVIDERS[case.kind].options_type.model_fields}
    found = examine(case.kind, broken)
    assert found
    assert "s3cr3t" not in repr(found)


@each_case
def test_provider_shows_no_secret(case: Case) -> None:
    """A provider or its options that land in a log show no value."""
    options = PROVIDERS[case.kind].options_type.model_validate(case.data["options"])
    shown = f"{case.provider()!r} {options!r} {options!s}"
    assert not [value for value in strings_in(case.data["options"]) if len(value) > 4 and value in shown]


@each_callback
def test_callback_becomes_the_recorded_receipts(case: Case, told: dict[str, Any]) -> None:
    """A vendor's callback becomes the receipts that its documentation means."""
    assert case.provider().receipts(callback(told)) == [Receipt(**receipt) for receipt in told["receipts"]]


@each_case
@some
@given(
    body=st.binary(max_size=200),
    kind=st.sampled_from(["application/x-www-form-urlencoded", "application/json", "text/plain", ""]),
    query=st.text("abid=&%1;", max_size=20),
)
def test_any_callback_becomes_valid_receipts(case: Case, body: bytes, kind: str, query: str) -> None:
    """Whatever comes as a callback becomes receipts with known words, or none; never a crash."""
    told = Callback("POST", f"https://otp.example/v1/callbacks/x/tok/receipts?{query}", {"content-type": kind}, body)
    for receipt in case.provider().receipts(told):
        assert RANKS[receipt.status] >= RANKS["accepted"]
        assert receipt.reason is None or receipt.reason in REASONS


@pytest.mark.parametrize("case", [case for case in CASES if not case.provider().sends_receipts], ids=lambda c: c.name)
def test_provider_without_receipts_believes_no_callback(case: Case) -> None:
    """A provider that sends no receipts takes no callback for authentic and reads none."""
    told = callback({"json": {"id": "1", "status": "delivered"}})
    assert case.provider().receipts(told) == []
    assert not case.provider().authentic(told, now=0)
