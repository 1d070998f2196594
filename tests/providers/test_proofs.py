"""What vendors and we prove ourselves to each other with."""

import jwt
import pytest

from otp_service.providers.proofs import basic, claims_of, is_fresh, same

SECRET = "s" * 64


def test_basic_is_the_example_of_its_rfc() -> None:
    """A name and a password become the header that RFC 7617, section 2, shows."""
    assert basic("Aladdin", "open sesame") == "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="


@pytest.mark.parametrize(
    ("given", "wanted", "equal"),
    [("é", "é", True), ("a", b"a", True), ("a", "b", False), ("", "a", False), ("\udc80", "?", True)],
    ids=repr,
)
def test_texts_are_compared_whatever_they_hold(given: str, wanted: str | bytes, equal: bool) -> None:
    """Any two texts are compared, even one that has no bytes, as a header may hold."""
    assert same(given, wanted) is equal


@pytest.mark.parametrize(
    ("told", "fresh"),
    [
        *[(700, True), ("1300", True), (699, False), (1301, False), (True, False), (1000.0, False), ("-1", False)],
        *[("٣", False), ("", False), (None, False), (10**400, False), (-(10**400), False)],
    ],
    ids=lambda value: str(value)[:9],
)
def test_time_is_fresh_within_five_minutes(told: object, fresh: bool) -> None:
    """Whole seconds are fresh five minutes to either side; what is no such time never is, however large."""
    assert is_fresh(told, 1000.0) is fresh


@pytest.mark.parametrize("algorithm", ["HS256", "HS384", "HS512"])
def test_token_is_read_as_a_library_writes_it(algorithm: str) -> None:
    """A token that PyJWT signs is read under its own algorithm, and under no other."""
    token = jwt.encode({"iss": "x"}, SECRET, algorithm)
    assert claims_of(token, SECRET, (algorithm,)) == {"iss": "x"}
    assert claims_of(token, SECRET, tuple({"HS256", "HS384", "HS512"} - {algorithm})) is None
    assert claims_of(token, SECRET + "s", (algorithm,)) is None


@pytest.mark.parametrize("headers", [{"crit": ["exp"]}, {"alg": ["HS256"]}, {"alg": None}], ids=repr)
def test_token_with_a_header_that_we_do_not_understand_is_refused(headers: dict[str, object]) -> None:
    """A token that asks for more than we know, or names no algorithm of ours, is refused (RFC 7515, 4.1.11)."""
    head = jwt.utils.base64url_encode(repr(headers).replace("'", '"').replace("None", "null").encode()).decode()
    signed = f"{head}.e30"
    key = jwt.algorithms.HMACAlgorithm(jwt.algorithms.HMACAlgorithm.SHA256)
    token = f"{signed}.{jwt.utils.base64url_encode(key.sign(signed.encode(), SECRET.encode())).decode()}"
    assert claims_of(token, SECRET) is None
