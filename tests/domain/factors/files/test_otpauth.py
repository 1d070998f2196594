"""Key URIs, as QR codes hold them."""

import pyotp
import pytest
from hypothesis import given
from hypothesis import strategies as st

from otp_service.domain.factors.files.rows import BadFile, Entry
from tests.domain.factors.files.made import RFC_SECRET, entries, found, written, wrong

WIKI = (
    "otpauth://totp/ACME%20Co:john.doe@email.com?secret=HXDMVJECJJWSRB3HWIZR4IFUGFTMXBOZ"
    "&issuer=ACME%20Co&algorithm=SHA1&digits=6&period=30"
)


def test_the_example_of_the_format_is_read() -> None:
    """The example that the format's own page gives: issuer and account part at the colon."""
    (entry,) = found("otpauth", WIKI)
    assert (entry.user, entry.issuer, entry.type, entry.period_s) == ("john.doe@email.com", "ACME Co", "totp", 30)
    assert entry.secret.hex() == "3dc6caa4824a6d288767b2331e20b43166cb85d9"


@pytest.mark.parametrize(
    ("label", "user", "issuer"),
    [
        ("Example:alice@google.com?issuer=Example&", "alice@google.com", "Example"),
        ("Example%3Aalice%40google.com?issuer=Example&", "alice@google.com", "Example"),
        ("Big%20Corporation%3A%20alice@bigco.com?", "alice@bigco.com", "Big Corporation"),
        ("alice@google.com?", "alice@google.com", None),
        ("alice@google.com?issuer=Example&", "alice@google.com", "Example"),
        ("Old%20Name:alice?issuer=New%20Name&", "alice", "New Name"),
        ("Jos%C3%A9?issuer=Caf%C3%A9&", "José", "Café"),
        ("a:b?issuer=&", "a:b", None),
    ],
)
def test_issuer_and_account_are_told_apart(label: str, user: str, issuer: str | None) -> None:
    """The label may have the issuer in front of its colon, encoded or not; the parameter wins."""
    (entry,) = found("otpauth", f"otpauth://totp/{label}secret=JBSWY3DPEHPK3PXP")
    assert (entry.user, entry.issuer) == (user, issuer)


def test_every_parameter_is_read_and_others_are_not() -> None:
    """Hash, digits, period and counter count in any spelling that apps use; what else an app adds does not."""
    totp, hotp = found(
        "otpauth",
        "# from the old service\n\n"
        "otpauth://totp/ana?secret=jbsw%20y3dp-ehpk-3pxp&ALGORITHM=HmacSHA256&digits=8&period=60&image=x&image=y\n"
        "otpauth://hotp/ana?secret=JBSWY3DPEHPK3PXP====&algorithm=sha-512&counter=41\n",
    )
    assert (totp.algorithm, totp.digits, totp.period_s, totp.counter) == ("SHA256", 8, 60, 0)
    assert (hotp.algorithm, hotp.digits, hotp.period_s, hotp.counter) == ("SHA512", 6, None, 41)
    assert totp.secret == hotp.secret


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("https://totp/ana?secret=JBSWY3DPEHPK3PXP", "must begin with otpauth://"),
        ("otpauth://motp/ana?secret=JBSWY3DPEHPK3PXP", "type must be totp or hotp"),
        ("otpauth://totp/ana", "bits"),
        ("otpauth://totp/?secret=JBSWY3DPEHPK3PXP", "the account must have 1 to 128"),
        ("otpauth://totp/ana?secret=JBSWY3DPEHPK3PX1", "base32"),
        ("otpauth://totp/ana?secret=JBSWY3DP", "80 to 1024 bits"),
        ("otpauth://totp/ana?secret=JBSWY3DPEHPK3PXP&secret=JBSWY3DPEHPK3PXP", "given twice"),
        ("otpauth://totp/ana?secret=JBSWY3DPEHPK3PXP&algorithm=MD5", "algorithm must be one of"),
        ("otpauth://totp/ana?secret=JBSWY3DPEHPK3PXP&digits=5", "digits must be 6 to 8"),
        ("otpauth://totp/ana?secret=JBSWY3DPEHPK3PXP&digits=６", "digits must be"),
        ("otpauth://totp/ana?secret=JBSWY3DPEHPK3PXP&period=0", "period_s must be"),
        ("otpauth://hotp/ana?secret=JBSWY3DPEHPK3PXP", "counter must be said"),
        ("otpauth://hotp/ana?secret=JBSWY3DPEHPK3PXP&counter=-1", "counter must be a number"),
        ("otpauth://totp/%FF?secret=JBSWY3DPEHPK3PXP", "percent-encoded UTF-8"),
        ("otpauth://totp/a%00b?secret=JBSWY3DPEHPK3PXP", "control characters"),
        ("otpauth://[totp/ana?secret=JBSWY3DPEHPK3PXP", "no otpauth:// URI"),
    ],
)
def test_a_bad_line_is_told_with_what_to_mend(line: str, why: str) -> None:
    """Each bad line is named by its number; good ones around it are read, and no value is repeated."""
    (told,) = wrong("otpauth", f"{WIKI}\n{line}\n")
    assert told[0] == 2
    assert why in told[1]
    assert "JBSW" not in told[1]


def test_an_app_reads_what_is_written() -> None:
    """What is written says every parameter, and pyotp takes it for the same token."""
    entry = Entry("ana", "totp", RFC_SECRET, "SHA256", 8, 60, issuer="Shop & Co: a")
    app = pyotp.parse_uri(written("otpauth", [entry]).decode().strip().replace("%3A", ""))
    assert isinstance(app, pyotp.TOTP)
    assert (app.byte_secret(), app.digits, app.interval, app.digest().name) == (RFC_SECRET, 8, 60, "sha256")


@given(st.lists(entries, max_size=5))
def test_factors_go_out_and_come_back(some: list[Entry]) -> None:
    """Every factor is read as it was written."""
    assert found("otpauth", written("otpauth", some)) == some


@pytest.mark.parametrize("format", ["otpauth", "csv", "migration"])
@pytest.mark.parametrize("user", [" ana", "ana\t", "a\nb", "a\0b"])
def test_a_name_is_not_changed_silently(format: str, user: str) -> None:
    """A user whose name would come back as another's, or not at all, is refused when it is written."""
    with pytest.raises(BadFile, match="spaces around a name"):
        written(format, [Entry(user, "totp", RFC_SECRET)])


def test_letters_that_look_like_base32_are_none() -> None:
    """Letters beyond ASCII are refused, also those whose capitals are ASCII."""
    for letter in ("ı", "ſ", "Ａ"):
        ((_, told),) = wrong("otpauth", f"otpauth://totp/ana?secret={letter}BSWY3DPEHPK3PXP")
        assert "base32" in told
