"""`migrate`, `rekey`, `backup` and `restore`: the ledger's own commands."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import click
from rich.console import Console
from rich.progress import Progress

from otp_service import wiring
from otp_service.commands.output import as_json, say
from otp_service.domain.keys import NONCE_BYTES
from otp_service.ledger import migrate as migrations
from otp_service.ledger.backup import backup as write_backup
from otp_service.ledger.rekey import rekey as seal_again
from otp_service.ledger.restore import BadBackup, NotEmpty
from otp_service.ledger.restore import restore as read_backup
from otp_service.service.core import now_ms, random_bytes
from otp_service.settings import read_settings


@click.command()
@as_json
def migrate(as_json: bool) -> None:
    """Brings the ledger's schema to this release's."""
    engine = wiring.reach_ledger(read_settings())
    before = migrations.current(engine)
    migrations.to_head(engine)
    after = migrations.current(engine)
    sentence = f"The ledger is at {after}." if before != after else f"The ledger was at {after} already."
    say({"revision": after, "before": before}, as_json, sentence)


@click.command(short_help="Writes the whole ledger to one file.")
@click.argument("path", type=click.Path(dir_okay=False, path_type=Path))
@as_json
def backup(path: Path, as_json: bool) -> None:
    """Writes the whole ledger to one file that only its owner may read."""
    engine = wiring.open_ledger(read_settings())
    try:
        with _progress("backing up") as tell:
            rows = write_backup(engine, path, now_ms(), tell)
    except OSError as error:
        raise click.ClickException(f"{path} can't be written: {error.strerror}") from None
    said = f"{sum(rows.values())} rows are in {path}."
    advice = "Keep OTP_MASTER_KEYS too, in another place: without them it can't be used."
    say({"path": str(path), "rows": rows}, as_json, said, advice)


@click.command(short_help="Fills a migrated ledger from a backup.")
@click.argument("path", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--replace", is_flag=True, help="Restore over what is there; hard locks in force stay.")
@as_json
def restore(path: Path, replace: bool, as_json: bool) -> None:
    """Fills a migrated ledger from a backup; a factor's used step is never revived."""
    engine = wiring.open_ledger(read_settings())
    try:
        with _progress("restoring") as tell:
            rows = read_backup(engine, path, now_ms(), replace=replace, progress=tell)
    except BadBackup as error:
        raise click.ClickException(str(error)) from None
    except NotEmpty as error:
        raise click.ClickException(f"{error} (--replace)") from None
    said = f"{sum(rows.values())} rows are back; running processes see them within 2 s."
    say({"path": str(path), "rows": rows}, as_json, said)


@click.command(short_help="Seals everything again under the newest key.")
@as_json
def rekey(as_json: bool) -> None:
    """Seals everything again under the newest key of OTP_MASTER_KEYS; after it an older one may leave the ring."""
    settings = read_settings()
    parts = wiring.build(settings)
    ring = parts.core.ring

    def reseal(sealed: str, bound_to: str) -> str:
        return ring.seal(ring.open(sealed, bound_to), bound_to, random_bytes(NONCE_BYTES))

    with _progress("sealing again") as tell:
        done = seal_again(parts.core.engine, ring.current, reseal, lambda count: tell("values", count))
    said = f"{done} values are sealed again under {ring.current}."
    advice = "Older keys may leave OTP_MASTER_KEYS once every process runs with this ring and 25 hours have passed."
    say({"kid": ring.current, "values": done}, as_json, said, advice)


@contextmanager
def _progress(what: str) -> Iterator[Callable[[str, int], None]]:
    console = Console(stderr=True)
    with Progress(console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task(what, total=None)

        def tell(table: str, done: int) -> None:
            progress.update(task, description=f"{what} {table}: {done}")

        yield tell
