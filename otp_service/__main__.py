"""The command line."""

import sys

import click

from otp_service.commands.admin import apps, keys
from otp_service.commands.develop import demo, dev
from otp_service.commands.ledger import backup, migrate, rekey, restore
from otp_service.commands.look import doctor, settings
from otp_service.commands.run import serve, worker
from otp_service.domain.errors import Refusal
from otp_service.settings import BadSettings

COMMANDS = (dev, demo, serve, worker, migrate, apps, keys, settings, doctor, rekey, backup, restore)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="otp-service")
def cli() -> None:
    """One-time passwords that you run yourself: request a code, receive it, verify it.

    `otp-service dev` starts everything for development; `serve` and `worker` are the processes of production.
    """


for command in COMMANDS:
    cli.add_command(command)


def main() -> None:
    """Runs the command; what is wrong is said in one line each, without a traceback."""
    try:
        cli(prog_name="otp-service")
    except (BadSettings, RuntimeError) as error:
        click.secho(f"otp-service: {error}", err=True, fg="red")
        sys.exit(2)
    except Refusal as refusal:
        click.secho(f"otp-service: {refusal.detail} ({refusal.code})", err=True, fg="red")
        for each in refusal.errors:
            click.echo(f"  {each['field']}: {each['detail']}", err=True)
        sys.exit(1)


if __name__ == "__main__":
    main()
