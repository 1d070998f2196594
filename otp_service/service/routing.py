"""The routing in force: what the configuration says, the providers' own say, and the senders that were taken out."""

from collections.abc import Mapping

from otp_service.domain.provider_file import SIMULATOR, ProviderEntry, ProviderFile
from otp_service.domain.routes.routing import Routing
from otp_service.domain.routes.rules import Candidate
from otp_service.ledger.snapshot import Snapshot
from otp_service.providers import Provider


class Routes:
    """Arranges the routing of one configuration; anew only when the truths have changed."""

    def __init__(self, file: ProviderFile, providers: Mapping[str, Provider]) -> None:
        self._file, self._providers = file, providers
        self._known: tuple[Snapshot, Routing] | None = None

    def __call__(self, snapshot: Snapshot) -> Routing:
        """The routing under these truths."""
        known = self._known
        if known is None or known[0] is not snapshot:
            known = (snapshot, routing_of(self._file, self._providers))
            self._known = known
        return known[1]


def routing_of(file: ProviderFile, providers: Mapping[str, Provider]) -> Routing:
    """The routing that a configuration says."""
    return Routing(
        candidates=tuple(map(candidate_of, file.providers)),
        own_senders={name: provider.sender for name, provider in providers.items()},
        unfit={name: provider.unfit for name, provider in providers.items()},
    )


def candidate_of(entry: ProviderEntry) -> Candidate:
    """A configured provider as a candidate."""
    return Candidate(entry.name, entry.priority, entry.countries, entry.test_only, entry.kind == SIMULATOR)
