"""What a development service says of itself once it is up."""

import json
import sys
from dataclasses import dataclass

import click


@dataclass(frozen=True)
class Running:
    """A development service that is up."""

    url: str
    api_key: str
    admin_key: str
    console_url: str  # signs in, once
    notes: tuple[str, ...]
    vendors: tuple[str, ...] = ()  # by whom real messages go out

    @property
    def phone_url(self) -> str:
        return f"{self.url}/dev/phone"


def welcome(service: Running) -> None:
    """Says where it is, by which keys, and how a first code is asked for."""
    for note in service.notes:
        click.secho(note, fg="yellow")
    number = "+41791234567"
    start = _curl(service, "/v1/verifications", {"to": number})
    check = _curl(service, "/v1/verifications/check", {"to": number, "code": "CODE"})
    click.echo(f"\n  service    {service.url}\n  phone      {service.phone_url}\n  reference  {service.url}/docs")
    click.echo(f"  console    {service.console_url}")
    click.echo(f"  API key    {service.api_key}\n  admin key  {service.admin_key}")
    way = "it arrives on the simulated phone"
    if service.vendors:
        way = f"it goes out by {' or '.join(service.vendors)}, so put your own number in"
    click.echo(f"\nRequest a code; {way}:\n\n{start}")
    click.echo(f"\nCheck it, with the code in place of CODE:\n\n{check}\n\nCtrl-C stops it.")
    sys.stdout.flush()


def _curl(service: Running, path: str, body: dict[str, str]) -> str:
    headers = f"-H 'Authorization: Bearer {service.api_key}' -H 'Content-Type: application/json'"
    return f"curl -s {service.url}{path} {headers} -d '{json.dumps(body)}'"
