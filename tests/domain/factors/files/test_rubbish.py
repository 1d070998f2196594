"""Files that are anything: readers end with rows or with the one error."""

from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from otp_service.domain.factors.files import FORMATS, WRITTEN, format_of
from otp_service.domain.factors.files.rows import Asked, BadFile, Entry
from tests.domain.factors.files.made import RFC_SECRET, written
from tests.domain.factors.files.test_migration import BEGINNING, PI
from tests.domain.factors.files.test_privacyidea import FERNET, KEY, package, pi, pskc, token

SOME = [Entry("ana", "totp", RFC_SECRET, issuer="Shop"), Entry("bea", "hotp", RFC_SECRET, "SHA256", 8, None, 9)]
SEEDS = (
    *(written(format, SOME) for format in WRITTEN),
    f"{BEGINNING}{PI}\n".encode(),
    pskc(package()).encode(),
    pi(token()),
    b"- {type: totp, otpkey: 3132333435363738393031323334353637383930, owner: a@b, info_list: {timeStep: 30}}\n",
    b"ana@staff, T1, 3132333435363738393031323334353637383930, totp, 6, 30\n",
)
KEYS = ("", "correct horse battery", KEY, FERNET)

cuts = st.tuples(st.sampled_from(SEEDS), st.integers(0, 2000), st.integers(0, 40), st.binary(max_size=12)).map(
    lambda cut: cut[0][: cut[1]] + cut[3] + cut[0][cut[1] + cut[2] :]
)
anything = cuts | st.binary(max_size=300) | st.text(max_size=300).map(str.encode)


@pytest.mark.parametrize("format", FORMATS)
@settings(max_examples=150)
@given(anything, st.sampled_from(KEYS), st.sampled_from(("", "owner", "serial", "label", "x")))
def test_a_reader_knows_one_error(format: str, file: bytes, key: str, user_from: str) -> None:
    """Whatever a file holds, it comes to rows, or to BadFile."""
    with suppress(BadFile):
        for row in format_of(format).read(file.splitlines(keepends=True), Asked(key, user_from)):
            assert row.line > 0
