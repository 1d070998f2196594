"""`worker`: a courier, and what it could not deliver."""

import asyncio
import signal

import click

from otp_service import wiring
from otp_service.commands.dead import dead
from otp_service.commands.metrics import serve_metrics
from otp_service.courier.measured import Measured
from otp_service.settings import read_settings
from otp_service.wiring.courier import run_courier


@click.group(invoke_without_command=True)
@click.option(
    "--concurrency", type=click.IntRange(1, 10_000), default=200, show_default=True, help="Messages in flight at once."
)
@click.pass_context
def worker(context: click.Context, concurrency: int) -> None:
    """A courier: sends what is queued and brings facts to the ledger. Any number may run."""
    if context.invoked_subcommand is None:
        asyncio.run(_work(concurrency))


worker.add_command(dead)


async def _work(concurrency: int) -> None:
    settings = read_settings()
    parts = wiring.build(settings)
    wiring.fix_store(parts)
    parts.truths.keep()
    serve_metrics(settings)
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, stop.set)
    await run_courier(parts, stop, concurrency, Measured())
