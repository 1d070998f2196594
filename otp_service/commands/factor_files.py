"""`factors import|export|enrol`: factors in and out of files, and for many users at once."""

import json
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

from otp_service.commands.admin import ACTOR, opened
from otp_service.commands.output import as_json, say
from otp_service.commands.sheets import discard, private, write_sheets
from otp_service.domain.factors.codes import ALGORITHMS
from otp_service.domain.factors.files import FORMATS, WRITTEN
from otp_service.domain.factors.files.rows import MOST_LINE, Asked
from otp_service.service.factors import bulk, exporting, importing
from otp_service.service.factors.bulk import How
from otp_service.service.factors.importing import Told, Wish

A_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_application = click.option("--application", required=True, help="Whose users they are: its id or name.")
_column = click.option("--user-column", default="", help="Where the user stands, if not in `user`: a column or field.")


def _readable_twice(context: click.Context, parameter: click.Parameter, file: Path) -> Path:
    if not file.is_file():
        raise click.BadParameter("it is read twice: name a file, not a pipe")
    return file


@click.command("import", short_help="Takes over the factors in FILE.")
@click.argument("file", type=A_FILE, callback=_readable_twice)
@_application
@click.option("--format", "format", type=click.Choice(list(FORMATS)), required=True, help="What FILE is.")
@click.option("--dry-run", is_flag=True, help="Say what would become of each row, and change nothing.")
@_column
@click.option("--passphrase-file", type=A_FILE, help="The passphrase or key that FILE is sealed under.")
@click.option("--allow-weak", is_flag=True, help="Take secrets of under 128 bits too.")
@click.option("--skip-refused", is_flag=True, help="Take the good rows although others are refused.")
@as_json
@click.pass_context
def import_file(
    context: click.Context,
    file: Path,
    application: str,
    format: str,
    dry_run: bool,
    user_column: str,
    passphrase_file: Path | None,
    allow_weak: bool,
    skip_refused: bool,
    as_json: bool,
) -> None:
    """Takes over the factors in FILE, active at once.

    The file is looked through first; if a row is refused, nothing is changed. Told again, it changes nothing.

    \b
    otp-service factors import tokens.csv --application shop --format csv --dry-run
    otp-service factors import tokens.pi --application shop --format privacyidea --passphrase-file key.txt
    """
    asked = Asked(_passphrase(passphrase_file) if passphrase_file else "", user_column)
    if format == "sealed" and not passphrase_file:
        asked = Asked(_typed("Passphrase"), user_column)
    wish = Wish(application, format, asked, dry_run, allow_weak, skip_refused)
    with _progress("rows") as tell:
        told = importing.import_factors(opened(), ACTOR, lambda: _lines(file), wish, tell)
    _say_imported(told, as_json, dry_run)
    if told.refused and not (told.written or dry_run):
        context.exit(1)


@click.command("export", short_help="Writes all factors of an application to OUT.")
@click.argument("out", type=click.Path(dir_okay=False, path_type=Path))
@_application
@click.option(
    "--format", "format", type=click.Choice(WRITTEN), default="sealed", show_default=True, help="What to write."
)
@click.option("--passphrase-file", type=A_FILE, help="What to seal it under; without it you are asked.")
@click.option("--plain", is_flag=True, help="Write open secrets: whoever reads them can make every code.")
@as_json
def export_file(
    out: Path, application: str, format: str, passphrase_file: Path | None, plain: bool, as_json: bool
) -> None:
    """Writes all active factors of an application to OUT, which only you may read; it is audited.

    \b
    otp-service factors export shop.factors --application shop --passphrase-file passphrase.txt
    otp-service factors export shop.csv --application shop --format csv --plain
    """
    passphrase = _to_seal(format, passphrase_file, plain)
    written = 0
    with _progress("factors") as show, _written(out):

        def tell(done: int) -> None:
            nonlocal written
            written = done
            show(done)

        pieces = exporting.export_factors(opened(), ACTOR, application, format, passphrase, plain=plain, tell=tell)
        with private(out) as file:
            file.writelines(pieces)
    if format != "sealed":
        click.secho(f"{out} holds open secrets: move it safely, and destroy it.", err=True, fg="yellow")
    told = {"path": str(out), "format": format, "factors": written}
    say(told, as_json, f"The {written} active factors are in {out}.")


@click.command("enrol", short_help="Makes an authenticator app's factor for each user in USERS.")
@click.argument("users", type=A_FILE)
@_application
@click.option("--out", required=True, type=click.Path(path_type=Path), help="NAME.csv, NAME.html, or a new folder.")
@_column
@click.option("--issuer", help="What apps show as the issuer; without it, the application's name.")
@click.option("--algorithm", type=click.Choice(list(ALGORITHMS)), default="SHA1", show_default=True, help="The hash.")
@click.option("--digits", type=click.Choice([6, 8]), default=6, show_default=True, help="How many a code has.")
@click.option("--period-s", type=click.Choice([30, 60]), default=30, show_default=True, help="How long a code lasts.")
@click.option("--active", is_flag=True, help="Let them count at once, without a first right code.")
@click.option("--days", type=click.IntRange(1, 90), default=14, show_default=True, help="Time to confirm them.")
@click.option("--again", is_flag=True, help="Also for users who have an authenticator app.")
@as_json
def enrol_users(
    users: Path,
    application: str,
    out: Path,
    user_column: str,
    active: bool,
    days: int,
    again: bool,
    as_json: bool,
    **shape: Any,
) -> None:
    """Makes an authenticator app's factor for each user in USERS, a CSV with a column `user` and maybe `label`.

    Who has an app is passed over. The sheets for the others go to OUT, which only you may read.

    \b
    otp-service factors enrol staff.csv --application shop --out sheets.html
    otp-service factors enrol staff.csv --application shop --user-column e-mail --out sheets.csv --active
    """
    if out.exists():
        raise click.ClickException(f"{out} exists: sheets are never written over others")
    core = opened()
    how = How(active=active, confirm_within_days=days, again=again, **shape)
    planned = bulk.plan(core, application, bulk.people(_lines(users), user_column or "user"), how)
    with _progress("sheets", len(planned.sheets)) as tell, _written(out):
        # Sheets first: a factor whose secret nobody has would be of no use.
        write_sheets(out, list(planned.sheets), tell)
    try:
        bulk.enrol(core, ACTOR, planned, again=again)
    except BaseException:
        discard(out)
        raise
    told = {"path": str(out), "enrolled": len(planned.new), "passed_over": planned.passed_over}
    why = "ten factors already." if again else "an app or a sheet already; --again makes another one."
    passed = f"{planned.passed_over} have {why}" if planned.passed_over else ""
    say(told, as_json, f"{len(planned.new)} users are enrolled; their sheets are in {out}. {passed}".rstrip())


def _say_imported(told: Told, as_json: bool, dry_run: bool) -> None:
    if as_json:
        counts = {name: getattr(told, name) for name in ("new", "known", "moved_on", "refused", "left_out", "written")}
        reasons = [{"line": line, "detail": detail} for line, detail in told.reasons]
        click.echo(json.dumps({**counts, "dry_run": dry_run, "reasons": reasons}))
        return
    for line, detail in told.reasons:
        click.secho(f"line {line}: {detail}", err=True, fg="red")
    if told.refused > len(told.reasons):
        click.secho(f"and {told.refused - len(told.reasons)} more", err=True, fg="red")
    click.echo(f"{told.new} new, {told.known} known already, {told.refused} refused.")
    for reason, count in told.left_out.items():
        click.echo(f"{count} left out: {reason}.")
    if told.moved_on:
        click.echo(f"{told.moved_on} of those known are further on in the file: codes up to there were used elsewhere.")
    changes = told.written and (told.new or told.moved_on)
    click.echo("They are in." if changes else "Nothing was changed.")


def _lines(file: Path) -> Iterable[bytes]:
    """A file's lines, of which none is longer than a reader takes."""
    with file.open("rb") as opened_file:
        while line := opened_file.readline(MOST_LINE + 1):
            yield line


def _passphrase(file: Path) -> str:
    try:
        return file.read_text("utf-8").rstrip("\r\n")
    except UnicodeDecodeError:
        raise click.ClickException(f"{file} is not UTF-8") from None


def _to_seal(format: str, file: Path | None, plain: bool) -> str:
    """The passphrase of an export; none for an open one, which has to be asked for."""
    if format == "sealed":
        return _passphrase(file) if file else _typed("Passphrase", twice=True)
    if not plain:
        raise click.ClickException(
            f"whoever reads a file of the format {format} can make every code: say --plain, or take --format sealed"
        )
    return ""


def _typed(what: str, *, twice: bool = False) -> str:
    if not sys.stdin.isatty():
        raise click.UsageError("give the passphrase by --passphrase-file")
    return str(click.prompt(what, hide_input=True, confirmation_prompt=twice, err=True))


@contextmanager
def _written(out: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise click.ClickException(f"{out} can't be written: {error.strerror}") from None


@contextmanager
def _progress(what: str, total: int | None = None) -> Iterator[Callable[[int], None]]:
    console = Console(stderr=True)
    shown = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    with Progress(*shown, console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task(what, total=total)

        def tell(done: int) -> None:
            progress.update(task, completed=done, description=f"{done} {what}")

        yield tell
