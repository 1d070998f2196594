"""The command line."""

import sys
from importlib import import_module

import click

from otp_service.domain.errors import Refusal
from otp_service.settings import BadSettings

# A command's module is loaded when the command is asked for: no process pays for another's imports.
COMMANDS = {
    "dev": "develop:dev",
    "demo": "develop:demo",
    "serve": "serve:serve",
    "worker": "worker:worker",
    "migrate": "ledger:migrate",
    "apps": "admin:apps",
    "keys": "admin:keys",
    "admins": "admins:admins",
    "webhooks": "webhooks:webhooks",
    "templates": "templates:templates",
    "reports": "reports:reports",
    "refusals": "refusals:refusals",
    "fraud": "fraud:fraud",
    "providers": "providers:providers",
    "route": "route:route",
    "senders": "senders:senders",
    "simulate": "simulate:simulate",
    "backtest": "backtest:backtest",
    "audit": "audit:audit",
    "people": "people:people",
    "users": "users:users",
    "factors": "factors:factors",
    "settings": "look:settings",
    "doctor": "look:doctor",
    "rekey": "ledger:rekey",
    "backup": "ledger:backup",
    "restore": "ledger:restore",
}


class Commands(click.Group):
    """The commands, in the order in which a newcomer meets them."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        place = COMMANDS.get(cmd_name)
        if place is None:
            return None
        module, _, name = place.partition(":")
        found: click.Command = getattr(import_module(f"otp_service.commands.{module}"), name)
        return found


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="otp-service")
def cli() -> None:
    """One-time passwords that you run yourself: request a code, receive it, verify it.

    `otp-service dev` starts everything for development; `serve` and `worker` are the processes of production.
    """


def main() -> None:
    """Runs the command; what is wrong is said in one line each, without a traceback."""
    try:
        cli(prog_name="otp-service")
    except (BadSettings, RuntimeError) as error:
        click.secho(f"otp-service: {error}", err=True, fg="red")
        sys.exit(2)
    except Refusal as refusal:
        told = [f"{each['field']}: {each['detail']}" for each in refusal.errors] or [refusal.detail]
        for line in told:
            click.secho(f"otp-service: {line}", err=True, fg="red")
        sys.exit(1)


if __name__ == "__main__":
    main()
