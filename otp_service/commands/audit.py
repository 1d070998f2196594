"""`audit`: what admins did, whether it still says so, and the keys that prove it."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import IO, Any

import click
from pydantic_core import to_json
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from otp_service import wiring
from otp_service.commands.listing import limited, read
from otp_service.commands.output import as_json, say, show
from otp_service.commands.times import time_ms
from otp_service.domain.heads import Head, from_line, jwks
from otp_service.ledger.audit import Wanted
from otp_service.service.admin import audit as service
from otp_service.service.core import Core
from otp_service.settings import read_settings
from otp_service.web.admin.resources import audit_entry

COLUMNS = ("seq", "at", "actor", "act", "application", "target")


@click.group(short_help="What admins did, and whether it still says so.")
def audit() -> None:
    """What admins did, and whether it still says so."""


def _core() -> Core:
    return wiring.build(read_settings()).core


@audit.command(short_help="Names the first entry that is not as it was written.")
@click.option(
    "--heads",
    "files",
    multiple=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A file of signed heads (OTP_AUDIT_HEADS_FILE, or lines kept elsewhere); may be given more than once.",
)
@as_json
@click.pass_context
def verify(context: click.Context, files: tuple[Path, ...], as_json: bool) -> None:
    """Verifies every entry and every signed head; ends with 1 and names the first bad entry if there is one."""
    kept = [head for file in files for head in _heads_in(file)]
    with _bar() as tell:
        found = service.verify_all(_core(), kept, tell)
    told: dict[str, Any] = {
        "good": found.bad is None,
        "verified_to": found.seq,
        "hash": found.hash,
        "heads": len(kept),
        "bad": asdict(found.bad) if found.bad else None,
    }
    if found.bad is None:
        say(told, as_json, f"All {found.seq} entries are as they were written, and so is every head.")
    else:
        say(told, as_json, found.bad.what, f"The {found.seq} entries before that are good.")
        context.exit(1)


def _heads_in(file: Path) -> Iterator[Head]:
    for number, line in enumerate(file.read_text(errors="replace").splitlines(), 1):
        try:
            if line:
                yield from_line(line)
        except ValueError:
            raise click.ClickException(f"line {number} of {file} is no head") from None


@audit.command()
@as_json
def key(as_json: bool) -> None:
    """The public keys of heads, newest first: keep them with the heads, in another place."""
    keys = jwks(_core().ring)
    show(keys if as_json else keys["keys"], as_json, ("kid", "crv", "x"))


def _moment(ctx: click.Context, param: click.Parameter, value: str | None) -> int | None:
    return time_ms(param.opts[0].lstrip("-"), value)


def _filtered(command: Any) -> Any:
    options = (
        click.option("--actor", help="Only what this one did."),
        click.option("--act", help="Only this act, or a family of them: 'block.*'."),
        click.option("--application", help="Only of this application, by id or by name."),
        click.option("--target", help="Only what was done to this."),
        click.option("--from", "from_ms", callback=_moment, help="Only at or after this time."),
        click.option("--to", "to_ms", callback=_moment, help="Only before this time."),
    )
    for option in reversed(options):
        command = option(command)
    return command


@audit.command("list")
@_filtered
@limited
@as_json
def list_(limit: int, every: bool, as_json: bool, application: str | None, **filters: Any) -> None:
    """What admins did, newest first."""
    core = _core()
    wanted = _wanted(core, application, **filters)
    found = read(lambda most, cursor: service.page(core, most, cursor, wanted), limit, every=every)
    show([audit_entry(entry) for entry in found], as_json, COLUMNS)


@audit.command()
@_filtered
@click.argument("file", type=click.File("wb", lazy=True), default="-")
def export(file: IO[bytes], application: str | None, **filters: Any) -> None:
    """Writes all of it to FILE, oldest first, one JSON object a line."""
    core = _core()
    for entry in service.every(core, _wanted(core, application, **filters)):
        file.write(to_json(audit_entry(entry)) + b"\n")


def _wanted(core: Core, application: str | None, **filters: Any) -> Wanted:
    id = service.application_id(core, application) if application is not None else None
    return Wanted(application_id=id, **filters)


@contextmanager
def _bar() -> Iterator[Any]:
    console = Console(stderr=True)
    columns = (TextColumn("verifying"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task("verifying", total=None)

        def tell(done: int, total: int) -> None:
            progress.update(task, completed=done, total=total)

        yield tell
