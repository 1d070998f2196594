"""`factors`, as it is typed at an installation."""

import base64
import contextlib
import csv
import hashlib
import json
import os
import pty
import shutil
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

import pyotp
import pytest

from tests.e2e.loaded import Loaded
from tests.e2e.operating import Operator, operating
from tests.e2e.terminal import ROOT

SECRETS = [base64.b32encode(hashlib.sha1(bytes([n])).digest()).decode() for n in range(3)]
FILE = f"user,type,secret,counter\nana,totp,{SECRETS[0]},\nbea,hotp,{SECRETS[1]},41\n"
PASSPHRASE = "correct horse battery"
SHOP = ("--application", "Shop")
SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture
def shop(migrated: Path, commands: Loaded) -> Iterator[Operator]:
    """An installation with the application `Shop`, and nothing running."""
    with operating(commands) as operator:
        shutil.copy(migrated, operator.made.folder / "otp.db")
        operator.reads("apps", "create", "Shop", "--countries", "CH")
        put(operator, "passphrase.txt", PASSPHRASE + "\n")
        yield operator


def put(operator: Operator, name: str, text: str) -> Path:
    """A file where the operator types."""
    path = operator.made.folder / name
    path.write_text(text)
    return path


def got(operator: Operator, name: str) -> str:
    """What a file there holds."""
    return (operator.made.folder / name).read_text()


def taken(operator: Operator, text: str = FILE) -> None:
    """A table is imported."""
    put(operator, "in.csv", text)
    operator.reads("factors", "import", "in.csv", *SHOP, "--format", "csv")


def secrets_of(told: str) -> list[str]:
    """The secrets that stand in a text."""
    return [secret for secret in SECRETS if secret in told]


def test_a_table_is_looked_through_and_then_taken_over(shop: Operator) -> None:
    """`factors import --dry-run` tells and changes nothing; without it all are there, once, at the newest count."""
    put(shop, "in.csv", FILE)
    asked = ("factors", "import", "in.csv", *SHOP, "--format", "csv")
    assert shop.reads(*asked, "--dry-run") == "2 new, 0 known already, 0 refused.\nNothing was changed.\n"
    assert shop.gets(*asked)["written"]
    assert shop.reads(*asked) == "0 new, 2 known already, 0 refused.\nNothing was changed.\n"
    put(shop, "in.csv", FILE.replace(",41", ",45"))
    assert shop.reads(*asked).splitlines()[1:] == [
        "1 of those known are further on in the file: codes up to there were used elsewhere.",
        "They are in.",
    ]
    (ana,) = shop.gets("factors", "list", "ana", *SHOP)
    assert (ana["type"], ana["status"], ana["algorithm"], ana["digits"]) == ("totp", "active", "SHA1", 6)


def test_a_terminal_shows_how_far_it_is(shop: Operator) -> None:
    """On a terminal a bar is drawn while a file is read, and goes away; what is piped on has the answer alone."""
    put(shop, "in.csv", FILE)
    command = [sys.executable, "-m", "otp_service", "factors", "import", "in.csv", *SHOP, "--format", "csv"]
    environment = {**shop.made.environment, "TERM": "xterm", "PYTHONPATH": str(ROOT)}
    terminal, its_end = pty.openpty()
    with subprocess.Popen(
        command, env=environment, cwd=shop.made.folder, stdout=subprocess.PIPE, stderr=its_end, text=True
    ) as process:
        os.close(its_end)
        drawn = shown_on(terminal)
        told, _ = process.communicate()
    assert told == "2 new, 0 known already, 0 refused.\nThey are in.\n"
    assert "2 rows" in drawn
    assert "Traceback" not in drawn


def shown_on(terminal: int) -> str:
    """Everything that is written to a terminal until nobody writes to it any more; it holds a few kilobytes only."""
    drawn = b""
    with contextlib.suppress(OSError):  # this is how the end of a terminal is told
        while part := os.read(terminal, 65536):
            drawn += part
    os.close(terminal)
    return drawn.decode()


def test_bad_rows_are_told_by_their_line(shop: Operator) -> None:
    """A refused row ends the import with 1, says what to mend, and keeps all out unless they are to be skipped."""
    put(shop, "in.csv", f"{FILE}cleo,totp,rubbish!,\n")
    asked = ("factors", "import", "in.csv", *SHOP, "--format", "csv")
    told = shop.types(*asked)
    assert (told.returncode, "Nothing was changed." in told.stdout) == (1, True)
    assert "line 4: secret must be base32" in told.stderr
    assert "rubbish" not in told.stdout + told.stderr
    assert shop.gets(*asked, "--dry-run")["reasons"][0]["line"] == 4
    assert shop.gets(*asked, "--skip-refused") | {"reasons": []} == {
        **{"new": 2, "known": 0, "moved_on": 0, "refused": 1, "left_out": {}, "written": True, "dry_run": False},
        "reasons": [],
    }


def test_a_file_that_is_none_is_refused(shop: Operator) -> None:
    """A file that can't be read is refused in a line without a traceback."""
    put(shop, "in.csv", "what,is,this\n")
    told = shop.is_told("factors", "import", "in.csv", *SHOP, "--format", "csv")
    assert "line 1: column 1 is none of user, type" in told
    assert "no such application" in shop.is_told(
        "factors", "import", "in.csv", "--application", "no", "--format", "csv"
    )
    assert "--passphrase-file" in shop.is_told("factors", "import", "in.csv", *SHOP, "--format", "sealed")


def test_a_sealed_export_moves_to_another_installation(shop: Operator, commands: Loaded, migrated: Path) -> None:
    """What `factors export` wrote is taken in elsewhere with its passphrase, and shows nothing until then."""
    taken(shop)
    asked = ("factors", "export", "out.factors", *SHOP, "--passphrase-file", "passphrase.txt")
    assert shop.reads(*asked) == "The 2 active factors are in out.factors.\n"
    path = shop.made.folder / "out.factors"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert not [word for word in ('"ana"', *SECRETS) if word in path.read_text()]
    with operating(commands) as other:
        shutil.copy(migrated, other.made.folder / "otp.db")
        other.reads("apps", "create", "Kiosk", "--countries", "CH")
        for name in ("out.factors", "passphrase.txt"):
            shutil.copy(shop.made.folder / name, other.made.folder / name)
        there = ("factors", "import", "out.factors", "--application", "Kiosk", "--format", "sealed")
        assert other.gets(*there, "--passphrase-file", "passphrase.txt")["new"] == 2
        put(other, "wrong.txt", "another passphrase")
        assert "passphrase is another one" in other.is_told(*there, "--passphrase-file", "wrong.txt")


def test_open_secrets_are_written_only_if_one_says_so(shop: Operator) -> None:
    """Plain formats need --plain, and say what they are; a refused export leaves no file."""
    taken(shop)
    asked = ("factors", "export", "out.csv", *SHOP, "--format", "csv")
    assert "say --plain, or take --format sealed" in shop.is_told(*asked)
    assert not (shop.made.folder / "out.csv").exists()
    told = shop.types(*asked, "--plain", "--json")
    assert json.loads(told.stdout) == {"path": "out.csv", "format": "csv", "factors": 2}
    assert "open secrets" in told.stderr
    assert secrets_of(got(shop, "out.csv")) == SECRETS[:2]
    acts = [(each["act"], each["after"]) for each in shop.gets("audit", "list") if each["act"] == "factors.export"]
    assert acts == [("factors.export", {"format": "csv", "factors": 2})]


def test_users_are_enrolled_with_sheets(shop: Operator) -> None:
    """`factors enrol` makes a table of what to hand out, passes over who has an app, and overwrites nothing."""
    put(shop, "staff.csv", "name,e-mail\nAna,ana@x\nBea,bea@x\n")
    asked = ("factors", "enrol", "staff.csv", *SHOP, "--user-column", "e-mail", "--out")
    assert shop.gets(*asked, "sheets.csv") == {"path": "sheets.csv", "enrolled": 2, "passed_over": 0}
    rows = list(csv.DictReader(got(shop, "sheets.csv").splitlines()))
    assert [row["user"] for row in rows] == ["ana@x", "bea@x"]
    app = pyotp.parse_uri(rows[0]["uri"])
    assert (app.secret, app.issuer, app.name) == (rows[0]["secret"], "Shop", "ana@x")
    (factor,) = shop.gets("factors", "list", "ana@x", *SHOP)
    assert (factor["id"], factor["status"]) == (rows[0]["factor"], "unconfirmed")
    assert "exists" in shop.is_told(*asked, "sheets.csv")
    assert shop.reads(*asked, "more.csv").startswith(
        "0 users are enrolled; their sheets are in more.csv. 2 have an app or a sheet already; --again makes another"
    )
    assert shop.reads("factors", "export", "none.csv", *SHOP, "--format", "csv", "--plain").startswith("The 0 active")


def test_sheets_are_pages_to_print(shop: Operator) -> None:
    """A page for each user with a picture and the key, in one file or in a folder with an index; users are escaped."""
    put(shop, "staff.csv", "user\n<b>ana</b>\nbea\n")
    asked = ("factors", "enrol", "staff.csv", *SHOP, "--active", "--again", "--out")
    shop.reads(*asked, "sheets.html")
    shop.reads(*asked, "sheets")
    page = ElementTree.fromstring(got(shop, "sheets.html").partition("</head>")[2].removesuffix("</html>\n"))
    assert len(page.findall("section")) == 2
    assert len(page.findall(f"section/{SVG}svg") or page.findall("section/svg")) == 2
    assert [each.text for each in page.findall("section/p/strong")] == ["<b>ana</b>", "bea"]
    folder = shop.made.folder / "sheets"
    assert sorted(path.name for path in folder.iterdir()) == ["00001.html", "00002.html", "index.csv"]
    assert {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == {0o600}
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert shop.gets("factors", "list", "bea", *SHOP)[0]["status"] == "active"


def test_a_sheet_says_what_the_app_and_the_service_wait_for(shop: Operator) -> None:
    """A sheet says by when a first code is due, and what to choose in the app where that is not what apps assume."""
    put(shop, "staff.csv", "user\nana\n")
    asked = ("factors", "enrol", "staff.csv", *SHOP, "--again", "--days", "3", "--out")
    shop.reads(*asked, "usual.html")
    shop.reads(*asked, "other.html", "--algorithm", "SHA256", "--digits", "8", "--active")
    shop.reads(*asked, "table.csv")
    (row,) = csv.DictReader(got(shop, "table.csv").splitlines())
    assert f"where you sign in, by {row['confirm_by']} at the latest" in got(shop, "usual.html")
    assert "choose" not in got(shop, "usual.html")
    assert "choose SHA256, 8 digits and 30 seconds" in got(shop, "other.html")
    assert "at the latest" not in got(shop, "other.html")


def test_a_factor_is_shown_and_removed(shop: Operator) -> None:
    """`show` tells all but the secret, `remove` takes a factor away, and what is not there is told."""
    taken(shop)
    (bea,) = shop.gets("factors", "list", "bea", *SHOP)
    shown = shop.gets("factors", "show", "bea", bea["id"], *SHOP)
    assert shown == bea
    assert not secrets_of(str(shown))
    assert "no such factor" in shop.is_told("factors", "show", "ana", bea["id"], *SHOP)
    assert shop.gets("factors", "remove", "bea", bea["id"], *SHOP, "--yes") == {"removed": bea["id"], "left": 0}
    assert shop.gets("factors", "list", "bea", *SHOP) == []
    assert "no such user" in shop.is_told("factors", "list", "nobody", *SHOP)


def test_no_secret_is_in_the_audit_or_the_ledger(shop: Operator) -> None:
    """Import, export and enrolment leave counts in the audit, and sealed values alone in the ledger."""
    taken(shop)
    shop.reads("factors", "export", "out.factors", *SHOP, "--passphrase-file", "passphrase.txt")
    assert not secrets_of(shop.reads("audit", "list", "--json"))
    ledger = b"".join(path.read_bytes() for path in shop.made.folder.glob("otp.db*"))
    assert not [secret for secret in SECRETS[:2] if secret.encode() in ledger or base64.b32decode(secret) in ledger]
