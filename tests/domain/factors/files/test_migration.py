"""What Google Authenticator exports."""

import base64
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from otp_service.domain.factors.files import protobuf
from otp_service.domain.factors.files.migration import BEGINNING
from otp_service.domain.factors.files.rows import BadFile, Entry
from tests.domain.factors.files.made import RFC_SECRET, entries, found, written, wrong

# What the app exported, as https://github.com/scito/extract_otp_secrets/blob/master/example_export.txt shows it.
PI = "CjUKEPqlBekzoNEukL7qlsjBCDYSDnBpQHJhc3BiZXJyeXBpGgtyYXNwYmVycnlwaSABKAEwAhABGAEgACjr4JKK%2B%2F%2F%2F%2F%2F8B"
TWO = (
    "CigKEPqlBekzoNEukL7qlsjBCDYSDnBpQHJhc3BiZXJyeXBpIAEoATACCjUKEPqlBekzoNEukL7qlsjBCDYSDnBpQHJhc3BiZXJyeXBpGgtyYXNw"
    "YmVycnlwaSABKAEwAhABGAEgACiQ7OOa%2Bf%2F%2F%2F%2F8B"
)
HOTP = "CiUKEPqlBekzoNEukL7qlsjBCDYSCWhvdHAgZGVtbyABKAEwATgEEAEYASAAKNuv15j6%2F%2F%2F%2F%2FwE%3D"
UNICODE = (
    "CjYKEPqlBekzoNEukL7qlsjBCDYSHGVuY29kaW5nOiDCv8Okw4TDqcOJPyAo"
    "ZGVtbykgASgBMAIQARgBIAAorfCurv%2F%2F%2F%2F%2F%2FAQ%3D%3D"
)
# The example of https://github.com/dim13/otpauth, which leaves out all that has a default.
BARE = "CjEKCkhlbGxvId6tvu8SGEV4YW1wbGU6YWxpY2VAZ29vZ2xlLmNvbRoHRXhhbXBsZTAC"
SECRET = base64.b32decode("7KSQL2JTUDIS5EF65KLMRQIIGY======")


def line(*fields: bytes, size: int = 1, index: int = 0, id: int = 7) -> str:
    """An export of these fields."""
    around = protobuf.number(2, 1) + protobuf.number(3, size) + protobuf.number(4, index) + protobuf.number(5, id)
    return BEGINNING + quote(base64.b64encode(b"".join(fields) + around).decode(), safe="") + "\n"


def factor(**other: int) -> bytes:
    """A factor with its secret and account, and other fields by number: `f4=1`."""
    said = protobuf.data(1, RFC_SECRET) + protobuf.data(2, b"ana")
    return protobuf.data(1, said + b"".join(protobuf.number(int(name[1:]), value) for name, value in other.items()))


def test_what_the_app_exports_is_read() -> None:
    """Exports that others have published come to what they say of them."""
    (pi,) = found("migration", BEGINNING + PI)
    assert pi == Entry("pi@raspberrypi", "totp", SECRET, "SHA1", 6, 30, issuer="raspberrypi")
    assert [entry.issuer for entry in found("migration", BEGINNING + TWO)] == [None, "raspberrypi"]
    (hotp,) = found("migration", BEGINNING + HOTP)
    assert (hotp.user, hotp.type, hotp.counter, hotp.period_s) == ("hotp demo", "hotp", 4, None)
    (accents,) = found("migration", BEGINNING + UNICODE)
    assert accents.user == "encoding: ¿äÄéÉ? (demo)"


def test_what_is_not_said_is_the_default() -> None:
    """Hash and digits that are left out are SHA1 and six; the issuer is not repeated in the account."""
    (entry,) = found("migration", BEGINNING + BARE)
    assert entry == Entry("alice@google.com", "totp", b"Hello!\xde\xad\xbe\xef", "SHA1", 6, 30, issuer="Example")


def test_lines_may_be_percent_encoded_or_not() -> None:
    """Some readers of QR codes hand out plain base64, or that of URLs."""
    plain = PI.replace("%2B", "+").replace("%2F", "/")
    for data in (plain, plain.replace("+", "-").replace("/", "_"), plain.replace("+", " ")):
        assert found("migration", BEGINNING + data) == found("migration", BEGINNING + PI)


def test_all_hashes_and_lengths_are_known() -> None:
    """The numbers stand for hashes and lengths as the apps have them."""
    some = found("migration", line(factor(f4=2, f5=2, f6=2), factor(f4=3, f5=3, f6=1, f7=5), factor()))
    assert [(each.algorithm, each.digits, each.type) for each in some] == [
        ("SHA256", 8, "totp"),
        ("SHA512", 7, "hotp"),
        ("SHA1", 6, "totp"),
    ]


def test_a_missing_qr_code_is_told() -> None:
    """An export of several QR codes is whole only with every one of them, in whatever order."""
    parts = [line(factor(), size=3, index=index) for index in range(3)]
    assert len(found("migration", "".join(reversed(parts)))) == 3
    ((at, told),) = wrong("migration", parts[0] + parts[2])
    assert (at, "missing" in told) == (2, True)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("otpauth://totp/ana?secret=JBSWY3DPEHPK3PXP", "must begin with otpauth-migration"),
        (BEGINNING + "!!!!", "not base64"),
        (BEGINNING + PI[:40], "cut short"),
        (line(factor(f4=4)), "algorithm must be"),
        (line(factor(f5=9)), "digits must be"),
        (line(factor(f6=3)), "type must be"),
        (line(protobuf.number(1, 5)), "something else than factors"),
        (line(protobuf.data(1, protobuf.number(2, 5))), "a number where text"),
        (line(protobuf.data(1, protobuf.data(1, RFC_SECRET) + protobuf.data(2, b"\xff"))), "not UTF-8"),
        (line(factor(f6=1, f7=2**63)), "counter must be"),
    ],
)
def test_a_bad_line_is_told_with_what_to_mend(text: str, why: str) -> None:
    """Each bad line is named by its number, without a word of what stood there."""
    (told,) = wrong("migration", "# exported today\n" + text)
    assert told[0] == 2
    assert why in told[1]


@given(st.lists(entries.filter(lambda entry: entry.period_s in (30, None)), max_size=25))
def test_factors_go_out_and_come_back(some: list[Entry]) -> None:
    """Every factor is read as it was written, ten in a line."""
    file = written("migration", some)
    assert found("migration", file) == some
    assert len(file.splitlines()) == -(-len(some) // 10)


def test_a_period_that_the_format_does_not_know_is_refused() -> None:
    """A factor that would come back as another one is refused when it is written."""
    with pytest.raises(BadFile, match="period"):
        written("migration", [Entry("ana", "totp", RFC_SECRET, period_s=60)])


@given(st.integers(0, 2**64 - 1), st.integers(1, 2**29 - 1), st.binary(max_size=40))
def test_fields_are_read_as_they_are_written(value: int, number: int, data: bytes) -> None:
    """Numbers of up to 64 bits and bytes pass through protobuf; a negative number is its two's complement."""
    message = protobuf.number(number, value) + protobuf.data(number, data)
    assert list(protobuf.fields(message)) == [(number, value), (number, data)]
    assert protobuf.number(number, -1) == protobuf.number(number, 2**64 - 1)


def test_other_kinds_of_fields_are_passed_over() -> None:
    """Fields of four and eight bytes, which this format has none of, are skipped by their length."""
    message = bytes([9 << 3 | 5, 1, 2, 3, 4, 9 << 3 | 1, *range(8)]) + factor()
    assert len(found("migration", line(message))) == 1
