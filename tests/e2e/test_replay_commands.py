"""`simulate` and `backtest`: traces made up, replayed and reported on, without any settings."""

import csv
import json
import re
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from playwright.sync_api import expect

from otp_service.__main__ import cli
from tests.browser import chromium

TRACE = """t_s,to,ip,device_id,user_id,price_micros,converts_after_s,passes_challenge,label
0.000,+41791234567,203.0.113.7,,,45000,38.2,1,legit
5.000,+998901234567,198.51.100.1,,,450000,,0,attack:farm
60.000,+41791234599,203.0.113.8,,,45000,12,1,legit
"""


def run(*arguments: str | Path) -> Result:
    """Runs the command as a shell would, without a setting in sight."""
    return CliRunner().invoke(
        cli, [str(each) for each in arguments], env={"OTP_MASTER_KEYS": None, "OTP_REDIS_URL": None}
    )


@pytest.fixture
def trace(tmp_path: Path) -> Path:
    """A trace of three requests."""
    path = tmp_path / "trace.csv"
    path.write_text(TRACE)
    return path


def test_a_trace_is_replayed_as_the_format_says(trace: Path, tmp_path: Path) -> None:
    """The score is one JSON object, and there is one decision per row, in order."""
    out = tmp_path / "out.csv"
    done = run("simulate", "fraud", trace, "--decisions", out, "--json")

    found = json.loads(done.stdout)
    assert done.exit_code == 0
    assert set(found) >= {
        "rows",
        "attack_spend_blocked",
        "legit_lost",
        "legit_challenged",
        "by_family",
        "p99_decision_us",
    }
    assert (found["rows"], found["legit_lost"], list(found["by_family"])) == (3, 0.0, ["farm"])
    assert list(csv.reader(out.open())) == [["decision", "sent", "reasons"], *[["allow", "1", ""]] * 3]


def test_made_up_traffic_can_be_replayed(tmp_path: Path) -> None:
    """What `traffic` writes is what `fraud` reads, and people are told in sentences."""
    path = tmp_path / "made.csv"
    made = run("simulate", "traffic", path, "--rows", "600", "--hours", "2", "--families", "farm,drip", "--seed", "4")
    told = run("simulate", "fraud", path)

    assert made.exit_code == 0
    assert told.exit_code == 0
    assert "attackers would have cost" in told.stdout
    assert "farm" in told.stdout


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("9.0,nobody,,,,45000,,1,legit", "line 5: to is no phone number"),
        ("1.0,+41791234567,,,,45000,,1,legit", "goes back"),
    ],
)
def test_a_bad_trace_is_refused_with_its_line(trace: Path, line: str, said: str) -> None:
    """Whoever made the file hears what to mend."""
    trace.write_text(TRACE + line + "\n")
    failed = run("simulate", "fraud", trace)

    assert failed.exit_code != 0
    assert said in str(failed.exception)


@pytest.mark.parametrize("command", [("simulate", "fraud"), ("backtest",)])
def test_a_quote_that_does_not_end_is_told_with_its_line(tmp_path: Path, command: tuple[str, ...]) -> None:
    """A file that is no CSV is refused in a sentence."""
    path = tmp_path / "broken.csv"
    path.write_text('t_s,to,price_micros,date_created,converted\n0,"' + "x" * 200_000)
    failed = run(*command, path)

    assert isinstance(failed.exception, RuntimeError)
    assert f"{path}, line 2: this is no CSV" in str(failed.exception)


@pytest.mark.parametrize("option", ["--decisions", "--report"])
def test_what_can_not_be_written_is_told(trace: Path, tmp_path: Path, option: str) -> None:
    """A place that is none is named in a sentence."""
    failed = run("simulate", "fraud", trace, option, tmp_path / "nowhere" / "out")

    assert isinstance(failed.exception, RuntimeError)
    assert "out can't be written: No such file or directory" in str(failed.exception)


@pytest.mark.parametrize(
    ("command", "option", "over"),
    [
        (("simulate", "fraud"), "--decisions", "trace.csv"),
        (("simulate", "fraud"), "--report", "policy.json"),
        (("backtest",), "--report", "trace.csv"),
    ],
)
def test_what_is_read_is_not_written_over(
    trace: Path, tmp_path: Path, command: tuple[str, ...], option: str, over: str
) -> None:
    """A slip in the names costs neither the trace nor the policy, whichever way the file is called."""
    policy = tmp_path / "policy.json"
    policy.write_text("{}")
    (tmp_path / "other").symlink_to(tmp_path / over)
    failed = run(*command, trace, "--policy", policy, option, tmp_path / "other")

    assert "is read by this very command" in str(failed.exception)
    assert (trace.read_text(), policy.read_text()) == (TRACE, "{}")


def test_a_bad_policy_is_refused_by_its_field(trace: Path, tmp_path: Path) -> None:
    """A policy in a file is held to what a policy may hold."""
    policy = tmp_path / "policy.json"
    policy.write_text('{"code_length": 3}')
    failed = run("simulate", "fraud", trace, "--policy", policy)

    assert "code_length" in str(failed.exception)


def test_an_unknown_family_is_refused(tmp_path: Path) -> None:
    """Families are those that there are."""
    assert (
        "there is no family pigeons" in run("simulate", "traffic", tmp_path / "x.csv", "--families", "pigeons").output
    )


def test_a_vendors_export_is_backtested(tmp_path: Path) -> None:
    """A raid that the vendor let pass would have been stopped, and the bill says how much of it."""
    path = tmp_path / "attempts.csv"
    lines = ["date_created,conversion_status,channel_data.to,price.value"]
    lines += [
        f"2026-01-01T{10 + n // 20:02d}:{n % 20 * 3:02d}:00Z,UNCONVERTED,+99890{n * 99991 % 10**7:07d},0.40"
        for n in range(80)
    ]
    path.write_text("\n".join(lines))

    found = json.loads(run("backtest", path, "--json").stdout)

    assert (found["attempts"], found["converted"], found["lost"]) == (80, 0, 0)
    assert found["saved"] > 0.8
    assert "UZ" in run("backtest", path).stdout


def test_the_report_is_a_page_that_stands_alone(tmp_path: Path) -> None:
    """A browser shows the plots and tables on a desk and on a phone, without a script and without a complaint."""
    path, page_path, complaints = tmp_path / "made.csv", tmp_path / "report.html", []
    run("simulate", "traffic", path, "--rows", "600", "--hours", "2")
    assert run("simulate", "fraud", path, "--report", page_path).exit_code == 0

    with chromium() as browser:
        page = browser.new_page(viewport={"width": 390, "height": 800}, java_script_enabled=False)
        page.on("console", lambda message: complaints.append(message.text))
        page.goto(page_path.as_uri())
        expect(page.locator("svg")).to_have_count(3)
        expect(page.get_by_role("heading", name="Blocked against lost")).to_be_visible()
        expect(page.locator("tr.chosen")).to_contain_text(re.compile("^x1"))
    assert complaints == []
