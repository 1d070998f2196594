"""`settings` and `doctor`: what is set, what is wrong, and what to do."""

import re
import sys
import time
from dataclasses import dataclass
from typing import Literal

import click

from otp_service import settings as configuration
from otp_service import wiring
from otp_service.commands.output import as_json, show
from otp_service.domain.captchas import VERIFY_URLS
from otp_service.domain.errors import Refusal
from otp_service.domain.keys import parse_ring
from otp_service.ledger.applications import policies
from otp_service.ledger.engine import reading
from otp_service.settings import BadSettings, Settings, read_settings
from otp_service.store.connect import connect
from otp_service.store.health import RedisHealth, examine
from otp_service.store.link import Link

Level = Literal["ok", "note", "blocker"]
MARKS = {"ok": ("ok", "green"), "note": ("note", "yellow"), "blocker": ("BLOCKER", "red")}
TRIES = 3
OLDEST_REDIS = (7, 0)


@dataclass(frozen=True)
class Finding:
    """One thing the doctor looked at; `advice` says what to do."""

    level: Level
    about: str
    said: str
    advice: str = ""


@click.command()
@as_json
def settings(as_json: bool) -> None:
    """Every setting in force, secrets hidden."""
    show(configuration.redacted(read_settings()), as_json)


@click.command(short_help="Looks for what is wrong, and says what to do.")
@click.option("--production", is_flag=True, help="Judge as for production, and end with the numbered blockers.")
@as_json
def doctor(production: bool, as_json: bool) -> None:
    """Looks at Redis, SQL, clock, keys and providers, and says what to do."""
    findings = _examined(production)
    blockers = [finding for finding in findings if finding.level == "blocker"]
    if as_json:
        show([vars(finding) for finding in findings], True)
    else:
        _tell(findings, blockers, production)
    sys.exit(1 if blockers else 0)


def _examined(production: bool) -> list[Finding]:
    try:
        found = read_settings(env="production") if production else read_settings()
    except BadSettings as error:
        return [Finding("blocker", "settings", line.strip()) for line in str(error).splitlines()[1:]]
    production = production or found.production
    findings = [_keys(found), _public_url(found, production)]
    findings += _ledger(found, production) + _providers(found, production) + _challenges(found)
    return findings + _redis(found, production)


def _keys(found: Settings) -> Finding:
    text = found.master_keys.get_secret_value()
    if not text:
        return Finding("note", "keys", "OTP_MASTER_KEYS is not set", "only `dev` and `demo` make their own")
    kids = parse_ring(text).kids
    return Finding("ok", "keys", f"the ring holds {', '.join(kids)}; {kids[0]} makes, all open")


def _public_url(found: Settings, production: bool) -> Finding:
    if not found.public_url:
        return Finding("note", "public url", "OTP_PUBLIC_URL is not set", "delivery receipts and proofs need it")
    if production and not found.public_url.startswith("https://"):
        return Finding(
            "blocker", "public url", "OTP_PUBLIC_URL is not https", "put a TLS proxy in front and name its URL"
        )
    return Finding("ok", "public url", found.public_url)


def _ledger(found: Settings, production: bool) -> list[Finding]:
    try:
        engine = wiring.open_ledger(found)
        if found.master_keys.get_secret_value():
            wiring.index_key(engine, parse_ring(found.master_keys.get_secret_value()))
    except (BadSettings, ValueError) as error:
        return [Finding("blocker", "ledger", str(error), "run `otp-service migrate`, or look at the URL and the keys")]
    findings = [Finding("ok", "ledger", f"{engine.dialect.name}, schema at this release's")]
    if production and engine.dialect.name == "sqlite":
        findings.append(Finding("note", "ledger", "SQLite serves one host", "take PostgreSQL for more than one"))
    return findings


def _providers(found: Settings, production: bool) -> list[Finding]:
    try:
        file = wiring.provider_file(found)
    except BadSettings as error:
        return [Finding("blocker", "providers", str(error))]
    if not file.live:
        level: Level = "blocker" if production else "note"
        return [
            Finding(
                level, "providers", "none is configured", "name one in the file of OTP_CONFIG; see docs/providers.md"
            )
        ]
    return [Finding("ok", "providers", ", ".join(f"{entry.name} ({entry.kind})" for entry in file.live))]


def _challenges(found: Settings) -> list[Finding]:
    """The CAPTCHAs that a policy asks for without keys; what is wrong with file or ledger is told elsewhere."""
    try:
        file, engine = wiring.provider_file(found), wiring.open_ledger(found)
    except BadSettings:
        return []
    with reading(engine) as connection:
        wanted = {policy.challenge for policy in policies(connection).values() if policy}
    missing = sorted(wanted & VERIFY_URLS.keys() - file.captchas.keys())
    said = "a policy asks for {}, which has no keys: proof of work is asked for instead"
    return [Finding("note", "challenges", said.format(kind), f"add [captchas.{kind}]") for kind in missing]


def _redis(found: Settings, production: bool) -> list[Finding]:
    try:
        health = _patiently(connect(found.redis_url))
    except Refusal:
        return [Finding("blocker", "redis", "it does not answer", "look at OTP_REDIS_URL and whether the server runs")]
    except Exception as error:  # a Cluster's client fails when it is built
        return [Finding("blocker", "redis", f"it can't be reached ({type(error).__name__})", "look at OTP_REDIS_URL")]
    return [*_version(health), *_persistence(health, production), *_eviction(health), _clock(health)]


def _patiently(link: Link) -> RedisHealth:
    """What Redis says of itself; a diagnosis may wait longer than a request."""
    for _ in range(TRIES - 1):
        try:
            return examine(link)
        except Refusal:
            time.sleep(1)
    return examine(link)


def _version(health: RedisHealth) -> list[Finding]:
    number = re.match(r"(\d+)\.(\d+)", health.version)
    if number and (int(number[1]), int(number[2])) < OLDEST_REDIS:
        return [
            Finding("blocker", "redis", f"version {health.version} is too old", "take Redis 7.0 or later, or Valkey")
        ]
    return [Finding("ok", "redis", f"version {health.version or 'unknown'}")]


def _persistence(health: RedisHealth, production: bool) -> list[Finding]:
    if health.persistence == "aof":
        return [Finding("ok", "redis", "keeps an append-only file")]
    level: Level = "blocker" if production and health.persistence == "none" else "note"
    return [
        Finding(
            level, "redis", "keeps no append-only file: a restart forgets failures and limits", "set appendonly yes"
        )
    ]


def _eviction(health: RedisHealth) -> list[Finding]:
    if health.eviction in ("", "noeviction"):
        return [Finding("ok", "redis", "evicts nothing")]
    return [
        Finding(
            "blocker", "redis", f"maxmemory-policy {health.eviction} deletes failure counts", "set it to noeviction"
        )
    ]


def _clock(health: RedisHealth) -> Finding:
    if abs(health.clock_ahead_s) > 1:
        return Finding("blocker", "clock", f"Redis is {health.clock_ahead_s:+.1f} s off this host", "run NTP on both")
    return Finding("ok", "clock", "agrees with that of Redis")


def _tell(findings: list[Finding], blockers: list[Finding], production: bool) -> None:
    for finding in findings:
        word, colour = MARKS[finding.level]
        click.echo(f"{click.style(f'{word:>8}', fg=colour)}  {finding.about}: {finding.said}")
        if finding.advice and finding.level != "ok":
            click.echo(f"          {finding.advice}")
    if production:
        click.echo(f"\n{len(blockers)} blockers for production" + (":" if blockers else "."))
        for number, finding in enumerate(blockers, 1):
            click.echo(
                f"{number}. {finding.about}: {finding.said}" + (f" - {finding.advice}" if finding.advice else "")
            )
