"""What a hostile review of hosted pages and of files of factors found: each hole by its name."""

import json
import os
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from click.testing import CliRunner

from otp_service import wiring
from otp_service.commands.factor_files import import_file
from otp_service.commands.output import show
from otp_service.commands.sheets import private
from otp_service.service.pages.links import MOST_TOKEN
from otp_service.settings import Settings
from tests.factor_world import STEP, FactorWorld
from tests.logged import logged
from tests.web.pages import BACK, Person, allow, make, path_of, result_of
from tests.web.test_pages_of_factors import app_code, begun, saved, uri


@pytest.fixture
def shop(quick: FactorWorld) -> FactorWorld:
    """A shop whose users have factors, and whose pages may lead back to it."""
    allow(quick)
    return quick


def theirs(shop: FactorWorld) -> list[str]:
    """The states of the user's apps."""
    items = shop.factors.get("/v1/users/u1/factors").json["items"]
    return sorted(each["status"] for each in items if each["type"] == "totp")


def test_a_page_sets_up_one_app_whoever_finds_its_link_later(shop: FactorWorld) -> None:
    """The link in a history, a log or a mail is worth no second app, once the page has set one up."""
    somebody, secret = begun(shop)
    shop.clock.pass_(STEP)
    saved(shop, somebody, secret)
    thief = Person(shop, somebody.path)
    assert thief.open().status_code == 410
    assert "This page has ended" in thief.text
    assert thief.send("begin").status_code == 410
    assert theirs(shop) == ["active"]
    assert result_of(shop, somebody.send("done", saved="yes"))["outcome"] == "enrolled"


def test_whom_a_thief_forestalled_is_not_told_that_all_is_well(shop: FactorWorld) -> None:
    """Of two who began on one page the second is refused: a stolen link does not go unseen."""
    somebody, secret = begun(shop)
    thief = Person(shop, somebody.path)
    thief.open()
    thief.send("begin")
    shop.clock.pass_(STEP)
    saved(shop, thief, parse_qs(urlsplit(uri(thief)).query)["secret"][0])
    assert somebody.send("confirm", code=app_code(shop, secret)).status_code == 410
    assert theirs(shop) == ["active", "unconfirmed"]
    told: dict[str, Any] = result_of(shop, somebody.send("leave"))
    assert (told["outcome"], told["reason"]) == ("ended", "late")


def test_of_two_on_one_page_one_sets_up_an_app(owner: FactorWorld) -> None:
    """Of first codes that come at the same moment, each of another app, one is taken."""
    allow(owner)
    first, secret = begun(owner)
    pairs = [(first, secret)]
    for _ in range(3):
        other = Person(owner, first.path)
        other.open()
        other.send("begin")
        pairs.append((other, parse_qs(urlsplit(uri(other)).query)["secret"][0]))
    owner.clock.pass_(STEP)
    with ThreadPoolExecutor(len(pairs)) as pool:
        told = list(pool.map(lambda each: each[0].send("confirm", code=app_code(owner, each[1])), pairs))
    assert theirs(owner).count("active") == 1
    assert sorted(each.status_code for each in told) == [200, 410, 410, 410]


def test_whoever_goes_back_after_enrolling_is_not_told_as_canceled(shop: FactorWorld) -> None:
    """`canceled` says that nothing has changed, which is not so once the app counts."""
    somebody, secret = begun(shop)
    shop.clock.pass_(STEP)
    saved(shop, somebody, secret)
    again = Person(shop, somebody.path)
    again.open()
    assert result_of(shop, again.send("leave", note=""))["outcome"] == "ended"


@pytest.mark.parametrize("obeyed", ["\x1b", "\x07", "\x9b", "\r", "\x08", "\x7f", "\u202e", "\u2066"])
def test_a_name_gives_no_terminal_an_order(capsys: pytest.CaptureFixture[str], obeyed: str) -> None:
    """Users' names come from whoever signs up: what a terminal obeys in them is shown as JSON escapes it."""
    for told in ([{"label": f"ana{obeyed}]52"}], {"label": f"ana{obeyed}]52"}, {"labels": [f"ana{obeyed}]52"]}):
        show(told, as_json=False)
        show(told, as_json=True)
        lines = capsys.readouterr().out.splitlines()
        assert obeyed not in "".join(lines)
        assert json.loads(lines[-1]) == told


def test_a_name_makes_no_row_of_its_own(capsys: pytest.CaptureFixture[str]) -> None:
    """A line break in a name is shown as one, not obeyed: a row of a list is a line."""
    show([{"label": "ana\nfac_1  totp  active"}], as_json=False)
    assert len(capsys.readouterr().out.splitlines()) == 2


def test_no_form_comes_from_nowhere(settings: Settings) -> None:
    """`Origin: null`, which a sandbox sends, is not ours where the service does not know its own address either."""
    parts = wiring.build(settings.model_copy(update={"public_url": ""}), development_server=True)
    world = FactorWorld(parts)
    allow(world)
    somebody = Person.at(world, make(world, "enrol", user="u1"))
    form = {"form": somebody.form, "act": "begin"}
    response = world.app.test_client().post(somebody.path, data=form, headers={"Origin": "null"})
    parts.core.engine.dispose()
    assert response.status_code == 403


def test_a_page_loads_nothing_from_a_host_that_was_given_up(shop: FactorWorld) -> None:
    """A host that goes from the policy takes the pages with it that lead there, and those whose logo is there."""
    allow(shop, return_hosts=["shop.example", "img.example"])
    somebody = Person.at(shop, make(shop, "enrol", user="u1", theme={"logo": "https://img.example/a.png"}))
    assert "img.example" in somebody.open().headers["Content-Security-Policy"]
    allow(shop, return_hosts=["shop.example"])
    assert somebody.open().status_code == 404


def test_no_way_to_a_page_puts_its_link_into_the_log(shop: FactorWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the method, the path or the body: lines have the route, or none."""
    somebody = Person.at(shop, make(shop, "enrol", user="u1"))
    token = somebody.path.rpartition("/")[2]
    browser = shop.app.test_client()
    with logged(monkeypatch) as lines:
        for method in ("GET", "HEAD", "OPTIONS", "POST", "PUT", "DELETE", "BREW"):
            for path in (somebody.path, f"{somebody.path}/", f"{somebody.path}/x", f"{somebody.path}A", f"/x/{token}"):
                browser.open(path, method=method, headers={"Referer": f"https://otp.example{path}"})
        for act in ("begin", "confirm", "done", "leave", "?"):
            browser.post(somebody.path, data={"act": act, "form": token, "note": token, "code": token})
    assert "/pages/<token>" in lines.getvalue()
    assert token not in lines.getvalue()


def test_a_result_that_is_told_twice_is_known_by_its_id(shop: FactorWorld) -> None:
    """A form that comes again hears the same word, of another time: its `jti` is the same, so a product knows it."""
    made = shop.confirmed()
    somebody = Person.at(shop, make(shop, "check", user="u1"))
    form, code = somebody.form, shop.app_code(made)
    told = []
    for _ in range(2):
        told.append(result_of(shop, somebody.send("check", form=form, code=code)))
        shop.clock.pass_(400_000)
    assert [each["outcome"] for each in told] == ["approved"] * 2
    assert told[0]["jti"] == told[1]["jti"]
    assert told[1]["iat"] > told[0]["exp"]


def test_no_link_is_handed_out_that_does_not_open(shop: FactorWorld) -> None:
    """Names that would make the link too long are refused when the page is asked for."""
    name = "\x01" * 128
    step_up, most = "p" * 1500, "x" * 256
    body = {"user": name, "client": {"device_id": name}, "state": most, "step_up": step_up, "binding": {}}
    made = make(shop, "enrol", **body)
    assert len(path_of(made)) < MOST_TOKEN
    assert Person.at(shop, made).shown
    binding = {f"bound{number}": "\x01" * 40 for number in range(8)}
    shown = {"label": "😀" * 64, "issuer": "😀" * 64, "theme": {"logo": f"https://shop.example/{'q' * 270}"}}
    refused = make(shop, "enrol", **{**body, **shown, "binding": binding, "return_url": f"{BACK}?{'q' * 400}"})
    assert (refused.status_code, refused.json["code"]) == (422, "invalid_field")


@pytest.mark.parametrize("name", ["漢" * 64, "😀" * 64])
def test_long_names_in_any_script_have_a_picture(shop: FactorWorld, name: str) -> None:
    """A name that a person or an admin chose breaks no page, and no answer that shows a secret once."""
    somebody, _ = begun(shop, label=name, issuer=name)
    assert 'class="qr"' in str(somebody.shown and somebody.shown.text)


def test_what_no_picture_can_hold_is_refused_in_words(shop: FactorWorld) -> None:
    """A user of 128 emoji beside an issuer of 64 is told what to shorten."""
    heard = shop.ask("/v1/factors", user="😀" * 128, type="totp", issuer="😀" * 64)
    assert (heard["status"], heard["errors"][0]["field"]) == (422, "label")


@pytest.mark.parametrize("kind", ["link", "dangling link", "pipe"])
def test_secrets_replace_no_link_and_no_device(tmp_path: Path, kind: str) -> None:
    """An export to /dev/stdout, or to a link that somebody laid there, is refused and leaves nothing behind."""
    out, elsewhere = tmp_path / "out", tmp_path / "elsewhere"
    if kind == "pipe":
        os.mkfifo(out)
    else:
        out.symlink_to(elsewhere)
    if kind == "link":
        elsewhere.write_text("theirs")
    before = sorted(each.name for each in tmp_path.iterdir())
    with pytest.raises(FileExistsError), private(out) as file:
        file.write(b"secret")
    assert sorted(each.name for each in tmp_path.iterdir()) == before
    assert kind != "link" or elsewhere.read_text() == "theirs"


def test_secrets_follow_no_link_that_was_laid_for_their_beginning(tmp_path: Path) -> None:
    """A link where the unfinished file will be is taken away, not written through; the file is its owner's alone."""
    out, elsewhere = tmp_path / "out", tmp_path / "elsewhere"
    (tmp_path / "out.part").symlink_to(elsewhere)
    with private(out) as file:
        file.write(b"secret")
    assert (out.read_bytes(), elsewhere.exists(), stat.S_IMODE(out.stat().st_mode)) == (b"secret", False, 0o600)


def test_a_pipe_is_not_taken_for_an_empty_file(tmp_path: Path) -> None:
    """An import is read twice; what can be read once, such as a decrypting pipe, is refused and not half believed."""
    pipe = tmp_path / "tokens.csv"
    os.mkfifo(pipe)
    told = CliRunner().invoke(import_file, [str(pipe), "--application", "shop", "--format", "csv"])
    assert told.exit_code == 2
    assert "not a pipe" in told.output
