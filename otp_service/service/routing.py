"""The routing in force: what the configuration says, the providers' own say, and the senders that were taken out."""

from collections.abc import Collection, Mapping
from dataclasses import replace

import structlog

from otp_service.domain.config_file.provider_file import SIMULATOR, ProviderEntry, ProviderFile
from otp_service.domain.routes.routing import Routing
from otp_service.domain.routes.rules import Candidate
from otp_service.domain.routes.senders import Sender
from otp_service.ledger.carriers import AS_CONFIGURED, Switch
from otp_service.ledger.snapshot import Snapshot
from otp_service.providers import Provider

log = structlog.get_logger("otp_service.routing")


class Routes:
    """Arranges the routing of one configuration; anew only when the truths have changed."""

    def __init__(self, file: ProviderFile, providers: Mapping[str, Provider]) -> None:
        self._file, self._providers = file, providers
        self._known: tuple[Snapshot, Routing] | None = None
        self._told: frozenset[str] = frozenset()

    def __call__(self, snapshot: Snapshot) -> Routing:
        """The routing under these truths."""
        known = self._known
        if known is None or known[0] is not snapshot:
            known = (snapshot, routing_of(self._file, self._providers, snapshot))
            self._known = known
            self._tell_strangers(snapshot)
        return known[1]

    def _tell_strangers(self, snapshot: Snapshot) -> None:
        """Says once which applications of the configuration are not there: what is for them holds for nobody."""
        there = {*snapshot.applications, *(application.name for application in snapshot.applications.values())}
        named = [
            *(rule.applications or () for rule in self._file.rules),
            *(sender.applications or () for sender in self._file.senders),
        ]
        strangers = frozenset[str]().union(*named) - there
        for name in sorted(strangers - self._told):
            log.warning("unknown_application_in_configuration", application=name)
        self._told = strangers


def routing_of(file: ProviderFile, providers: Mapping[str, Provider], snapshot: Snapshot) -> Routing:
    """The routing that a configuration says, under these truths."""
    ids = {application.name: id_ for id_, application in snapshot.applications.items()}
    return Routing(
        candidates=tuple(
            candidate_of(entry, snapshot.switches.get(entry.name, AS_CONFIGURED)) for entry in file.providers
        ),
        rules=tuple(replace(rule, applications=_ids(rule.applications, ids)) for rule in file.rules),
        prices={entry.name: entry.prices for entry in file.providers},
        senders=_by_provider(file, ids),
        own_senders={name: provider.sender for name, provider in providers.items()},
        unfit={name: provider.unfit for name, provider in providers.items()},
        country_rules=file.country_rules,
        suspended=snapshot.suspended,
    )


def candidate_of(entry: ProviderEntry, switch: Switch = AS_CONFIGURED) -> Candidate:
    """A configured provider as a candidate, as far as no admin wants it otherwise."""
    return Candidate(
        entry.name,
        entry.priority,
        entry.countries,
        entry.test_only,
        entry.kind == SIMULATOR,
        entry.weight if switch.weight is None else switch.weight,
        entry.enabled if switch.enabled is None else switch.enabled,
        entry.max_per_s,
    )


def _by_provider(file: ProviderFile, ids: Mapping[str, str]) -> dict[str, tuple[Sender, ...]]:
    senders = [replace(sender, applications=_ids(sender.applications, ids)) for sender in file.senders]
    return {
        entry.name: tuple(sender for sender in senders if entry.name in sender.providers) for entry in file.providers
    }


def _ids(named: Collection[str] | None, ids: Mapping[str, str]) -> frozenset[str] | None:
    """Applications by id, since they may be renamed; the configuration names them either way."""
    return None if named is None else frozenset(ids.get(name, name) for name in named)
