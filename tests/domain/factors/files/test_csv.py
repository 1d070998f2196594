"""Tables of factors."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from otp_service.domain.factors.files.rows import Asked, BadFile, Entry
from tests.domain.factors.files.made import RFC_SECRET, entries, found, names, read, written, wrong

B32 = base64.b32encode(RFC_SECRET).decode()
ALL = "user,type,secret,algorithm,digits,period_s,counter,label,issuer\n"


def test_columns_are_found_by_name() -> None:
    """Columns come in any order and in any case; what is not said has its default."""
    (entry,) = found("csv", f"Secret, USER\n{B32},ana\n")
    assert entry == Entry("ana", "totp", RFC_SECRET)


def test_every_column_counts() -> None:
    """All that a factor has can be said."""
    totp, hotp = found(
        "csv",
        f"{ALL}ana,TOTP,{B32.lower()},sha256,8,60,,Ana's phone,Shop\nbea,hotp,{B32},SHA512,7,,41,,\n",
    )
    assert totp == Entry("ana", "totp", RFC_SECRET, "SHA256", 8, 60, 0, "Ana's phone", "Shop")
    assert hotp == Entry("bea", "hotp", RFC_SECRET, "SHA512", 7, None, 41)


def test_a_secret_in_hexadecimal_has_a_column_of_its_own() -> None:
    """What is in `secret` is base32, what is in `secret_hex` hexadecimal, and nobody guesses."""
    (entry,) = found("csv", f"user,secret_hex\nana,{RFC_SECRET.hex().upper()}\n")
    assert entry.secret == RFC_SECRET
    assert "base32" in wrong("csv", "user,secret\nana,0011223344556677889900112233445566778899\n")[0][1]


def test_another_column_can_name_the_user() -> None:
    """`user_from` names the column, in whatever case it was written."""
    (entry,) = found("csv", f"E-Mail;secret\nana@shop.example;{B32}\n", Asked(user_from="e-mail"))
    assert entry.user == "ana@shop.example"


def test_a_table_of_excel_is_read() -> None:
    """A byte order mark, semicolons, carriage returns and empty lines do no harm."""
    (entry,) = found("csv", f'\ufeffuser;secret\r\n\r\n"ana";{B32}\r\n;\r\n')
    assert entry.user == "ana"


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "first line names the columns"),
        ("user\nana\n", "first line names the columns"),
        (f"secret\n{B32}\n", "first line names the columns"),
        ("user,secret,secret_hex\n", "first line names the columns"),
        ("user,secret,algoritm\n", "column 3 is none of"),
        ("user,secret,user\n", "two columns have one name"),
        (f'user,secret\n"ana,{B32}\n', "quote that does not end"),
    ],
)
def test_a_table_that_is_none_is_refused(text: str, why: str) -> None:
    """A header that leaves room for a guess is refused, with the column's place and not its name."""
    with pytest.raises(BadFile, match=why) as refused:
        read("csv", text)
    assert "algoritm" not in str(refused.value)


def test_a_file_that_is_not_utf_8_is_refused() -> None:
    """Another encoding is named by the line that shows it."""
    with pytest.raises(BadFile, match="line 2: this is not UTF-8"):
        read("csv", b"user,secret\nJos\xe9," + B32.encode())


def test_a_line_without_an_end_is_refused() -> None:
    """A line of more than 64 KiB is no row."""
    with pytest.raises(BadFile, match="line 2: a line may have at most 64 KiB"):
        read("csv", "user,secret\n" + "a" * 70_000)


@pytest.mark.parametrize(
    ("row", "why"),
    [
        (f",totp,{B32},,,,,,", "user must have 1 to 128"),
        (f"ana,motp,{B32},,,,,,", "type must be totp or hotp"),
        ("ana,totp,JBSWY3DP,,,,,,", "80 to 1024 bits"),
        (f"ana,totp,{B32},md5,,,,,", "algorithm must be one of"),
        (f"ana,totp,{B32},,5,,,,", "digits must be 6 to 8"),
        (f"ana,totp,{B32},,,5,,,", "period_s must be 10 to 300"),
        (f"ana,totp,{B32},,,,7,,", "counter is of hotp alone"),
        (f"ana,hotp,{B32},,,,,,", "counter must be said of hotp"),
        (f"ana,totp,{B32},,,,,a\x07,", "label must not contain control"),
        (f"ana,totp,{B32},,,,,,,", "more cells"),
    ],
)
def test_a_bad_row_is_told_with_what_to_mend(row: str, why: str) -> None:
    """Each bad row is named by its line; good ones around it are read, and no value is repeated."""
    ((line, told),) = wrong("csv", f"{ALL}bea,totp,{B32},,,,,,\n{row}\n")
    assert line == 3
    assert why in told
    assert B32 not in told


@pytest.mark.parametrize("user", ["=1+1", "+41791234567", "-a", "@ana", "'=1", "''+a", "'ana"])
def test_no_cell_is_a_formula_and_each_comes_back(user: str) -> None:
    """A name that a spreadsheet would compute gets an apostrophe, which goes away when it is read."""
    file = written("csv", [Entry(user, "totp", RFC_SECRET)])
    assert not file.splitlines()[1].startswith((b"=", b"+", b"-", b"@"))
    assert found("csv", file)[0].user == user


@given(st.lists(entries, max_size=5), st.none() | names)
def test_factors_go_out_and_come_back(some: list[Entry], label: str | None) -> None:
    """Every factor is read as it was written, its label too."""
    from_here = [Entry(**{name: getattr(each, name) for name in Entry.__slots__} | {"label": label}) for each in some]
    assert found("csv", written("csv", from_here)) == from_here
