"""Refusals, for admins: which rule refused a code, a message or a check, on what evidence, and when it lifts."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice

from otp_service.domain.codes import same
from otp_service.domain.errors import Refusal, invalid_field
from otp_service.domain.evidence import sentence
from otp_service.domain.phone import mask
from otp_service.ledger import blocks, dossier
from otp_service.ledger.applications import Application
from otp_service.ledger.blocks import BLOCKS, KINDS, Block, Kind
from otp_service.ledger.paging import Page
from otp_service.service.admin.named import naming
from otp_service.service.admin.opening import looking, owner, stored
from otp_service.service.admin.subjects import caller_of
from otp_service.service.core import Core, now_ms
from otp_service.service.limits import index
from otp_service.service.sealed import number_in_ledger
from otp_service.store import refusals as store
from otp_service.store.refusals import Place, Refused

MOST_LOOKED_AT = 20_000  # entries for one page, where few are wanted
OWN: tuple[Kind, ...] = ("number",)
# What an allow lifts, by what refused; what is not here no allow lifts, as no admin should by a slip.
EXEMPTIONS: Mapping[str, Sequence[Kind]] = {
    "destination_blocked": OWN,
    "country_not_allowed": OWN,
    "line_type_not_allowed": OWN,
    "rate_limited": KINDS,
    "refused_as_fraud": KINDS,
    "challenge_required": KINDS,
}


@dataclass(frozen=True, slots=True)
class Told:
    """A refusal as an admin reads it; the number is masked, where from and for whom are keyed indices."""

    refused: Refused
    to: str | None
    reasons: Sequence[str]
    lifts_ms: int | None
    exemptions: Sequence[Kind]

    @property
    def reference(self) -> str:
        return self.refused.place.reference


@dataclass(frozen=True, slots=True)
class Explained:
    """A refusal with the blocks that meet it now, as far as they can be told from what is kept."""

    told: Told
    blocks: Sequence[Block]


def page(
    core: Core,
    limit: int,
    cursor: str | None = None,
    *,
    to: str | None = None,
    code: str | None = None,
    application: str | None = None,
) -> Page[Told]:
    """Some of the last day's refusals, newest first."""
    of = None
    if application is not None:
        with looking(core) as connection:
            of = owner(connection, application)
    before = _place(core, cursor) if cursor is not None else None
    is_wanted = _filter(core, of, to, code)
    wanted: list[Refused] = []
    looked_at, last = 0, None
    # A message of one's own lives beside its reference: no number says in which cell.
    for refused in store.newest(core.link, range(core.cells), before):
        if len(wanted) == limit or looked_at == MOST_LOOKED_AT:
            return Page(_all_told(core, wanted), last)
        looked_at, last = looked_at + 1, refused.place.reference
        wanted += [refused] if is_wanted(refused) else []
    return Page(_all_told(core, wanted), None)


def matching(core: Core, is_wanted: Callable[[Refused], bool], limit: int) -> list[Told]:
    """The newest of the last day's refusals that are wanted, of as many as one page looks at."""
    newest = islice(store.newest(core.link, range(core.cells)), MOST_LOOKED_AT)
    return _all_told(core, list(islice(filter(is_wanted, newest), limit)))


def get(core: Core, reference: str) -> Explained:
    """The refusal of this reference; Refusal not_found if there is none, or a day has passed."""
    (told,) = _all_told(core, [found(core, reference)])
    return Explained(told, _blocks(core, told.refused) if told.refused.code in _BY_BLOCKS else [])


_BY_BLOCKS = frozenset({"destination_blocked", "refused_as_fraud"})


def _all_told(core: Core, every: Sequence[Refused]) -> list[Told]:
    strangers = {each.detail["person"]["number_index"] for each in every if _is_known_by_index(each)}
    known = _named(core, strangers) if strangers else {}
    return [_told(core, _with_person(each, known)) for each in every]


def _is_known_by_index(refused: Refused) -> bool:
    """Of a check the log keeps no number: it may come by an id alone."""
    person = refused.detail.get("person") or {}
    return bool(person.get("number_index")) and not person.get("to_sealed")


def _named(core: Core, indices: Iterable[str]) -> Mapping[str, Mapping[str, object]]:
    try:
        with looking(core) as connection:
            return dossier.named(connection, indices)
    except Refusal:  # why somebody was refused is told without the ledger too
        return {}


def _with_person(refused: Refused, known: Mapping[str, Mapping[str, object]]) -> Refused:
    person = known.get(refused.detail["person"]["number_index"]) if _is_known_by_index(refused) else None
    return replace(refused, detail={**refused.detail, "person": dict(person)}) if person else refused


def _told(core: Core, refused: Refused) -> Told:
    return Told(
        refused,
        _masked(core, refused),
        [sentence(each) for each in refused.evidence],
        refused.at_ms + refused.wait_ms if refused.wait_ms else None,
        exemptions(refused),
    )


def exemptions(refused: Refused) -> Sequence[Kind]:
    """The kinds of allows that would have let this pass."""
    blocked = {each["scope"] for each in refused.evidence if each["rule"] == "blocked"}
    if refused.rule == "application" or "number" in blocked:
        return ()
    return OWN if blocked else EXEMPTIONS.get(refused.code, ())


def _number(core: Core, refused: Refused) -> str | None:
    person = refused.detail.get("person") or {}
    return number_in_ledger(core, person.get("to_sealed"), person.get("number_index"))


def _masked(core: Core, refused: Refused) -> str | None:
    to = _number(core, refused)
    return mask(to) if to else None


def found(core: Core, reference: str) -> Refused:
    place = store.read_reference(reference, core.cells)
    refused = store.find(core.link, place) if place else None
    if refused is None:
        raise Refusal("not_found", "there is no such refusal; they are kept for a day")
    return refused


def _place(core: Core, cursor: str) -> Place:
    place = store.read_reference(cursor, core.cells)
    if place is None:
        raise invalid_field("cursor", "is not one that this list gave out")
    return place


def _filter(core: Core, of: Application | None, to: str | None, code: str | None) -> Callable[[Refused], bool]:
    own = naming(core, of, to, None, None)["number"][0] if to is not None else None

    def is_wanted(refused: Refused) -> bool:
        person = refused.detail.get("person") or {}
        return (
            (of is None or refused.detail.get("application") == of.id)
            and (own is None or person.get("number_index") == own)
            and (code is None or refused.code == code)
        )

    return is_wanted


def _blocks(core: Core, refused: Refused) -> list[Block]:
    """The blocks in force that meet whom this was about; of addresses only those whose index is the one kept."""
    with looking(core) as connection:
        try:
            of = owner(connection, stored(str(refused.detail.get("application"))))
        except Refusal:
            return []
        rows = blocks.holding(connection, BLOCKS, _values(core, of, refused))
        near = list(_near(core, of, refused, blocks.of_kinds(connection, BLOCKS, ("ip", "network"))))
    now = now_ms()
    mine = [row for row in [*rows, *near] if row.application_id in (None, of.id)]
    return [row for row in mine if row.expires_at is None or row.expires_at > now]


def _values(core: Core, of: Application, refused: Refused) -> dict[Kind, Sequence[str]]:
    to, user = _number(core, refused), client_of(refused).get("user")
    values = naming(core, of, to, None, None) if to else {}
    return values | ({"user": [user]} if user else {})


def _near(core: Core, of: Application, refused: Refused, rows: Sequence[Block]) -> Iterator[Block]:
    """Rows of addresses that the kept indices name; a network wider than those that are counted can't be told."""
    own, client = caller_of(of, test=bool(refused.detail.get("test"))), client_of(refused)
    for row in rows:
        if same(client.get(row.kind, ""), index(core, own, row.kind, row.value)):
            yield row


def client_of(refused: Refused) -> Mapping[str, str]:
    client: Mapping[str, str] = refused.detail.get("client") or {}
    return client
