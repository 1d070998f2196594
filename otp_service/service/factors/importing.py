"""Factors from a file: looked through as a whole first, then taken over in batches, each of them whole or not at all.

Told again, an import changes nothing: a secret that its user has already is known by its keyed fingerprint. So one
that was interrupted is simply told again. Where the file's count is further on than ours it is taken over: codes up to
there were used elsewhere.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from sqlalchemy import Connection

from otp_service.domain.errors import FieldError, Refusal
from otp_service.domain.factors.files import format_of
from otp_service.domain.factors.files.rows import Asked, BadFile, Entry, LeftOut, Row, Wrong
from otp_service.ledger import audit, factor_batches
from otp_service.ledger.changes import Change
from otp_service.ledger.factors import Factor
from otp_service.service.admin.opening import changing, looking, owner
from otp_service.service.core import Core
from otp_service.service.factors.batches import fingerprint, index_of, made, parts, secret_of
from otp_service.service.factors.enrolling import MOST_FACTORS

AT_ONCE = 500  # other changes wait for a batch, not for a file
MOST_ROWS = 1_000_000
MOST_TOLD = 100  # rows that are wrong
STRONG_BYTES = 16  # RFC 4226, section 4, R6: 128 bits at least

Source = Callable[[], Iterable[bytes]]  # the file from its beginning, as often as it is asked for
Tell = Callable[[int], None]  # how many rows are done


@dataclass(frozen=True, slots=True)
class Wish:
    """Which file goes where, and how."""

    application: str
    format: str
    asked: Asked = field(default_factory=Asked)
    dry_run: bool = False
    allow_weak: bool = False
    skip_refused: bool = False


@dataclass(slots=True)
class Told:
    """What became of a file's rows, or would become of them: those new, known already, left out and refused."""

    new: int = 0
    known: int = 0
    moved_on: int = 0  # of the known ones, those whose count is further on in the file
    refused: int = 0
    left_out: Counter[str] = field(default_factory=Counter)
    reasons: list[tuple[int, str]] = field(default_factory=list)  # of the first refused ones, with their lines
    written: bool = False

    @property
    def rows(self) -> int:
        """How many rows were looked at."""
        return self.new + self.known + self.refused + self.left_out.total()

    def refuse(self, line: int, detail: str) -> None:
        """Counts a row that can't be taken."""
        self.refused += 1
        if len(self.reasons) < MOST_TOLD:
            self.reasons.append((line, detail))


def import_factors(core: Core, actor: str, source: Source, wish: Wish, tell: Tell = lambda rows: None) -> Told:
    """Takes over every factor of a file, active at once; nothing if a row is refused, unless those are to be skipped.

    Refusal invalid_field if the file can't be read to its end, not_found without such an application.
    """
    try:
        told = _look_through(core, source, wish, tell)
        if not wish.dry_run and (wish.skip_refused or not told.refused):
            told = _take_over(core, actor, source, wish, tell)
    except BadFile as bad:
        raise unreadable(bad) from None
    return told


def unreadable(bad: BadFile) -> Refusal:
    """The refusal of a file that can't be read to its end."""
    where = "file" if bad.line is None else f"line {bad.line}"
    error: FieldError = {"field": where, "code": "invalid", "detail": bad.detail}
    return Refusal("invalid_field", f"{where}: {bad.detail}; nothing was changed", errors=[error])


def _look_through(core: Core, source: Source, wish: Wish, tell: Tell) -> Told:
    sorter = _sorter(core, wish, writes=False)
    for some in parts(_rows(source, wish), AT_ONCE):
        with looking(core) as connection:
            sorter.sort(connection, some, core.clock())
        tell(sorter.told.rows)
    return sorter.told


def _take_over(core: Core, actor: str, source: Source, wish: Wish, tell: Tell) -> Told:
    sorter = _sorter(core, wish, writes=True)
    for some in parts(_rows(source, wish), AT_ONCE):
        with changing(core, actor) as change:
            _put(core, change, wish, sorter, some)
        tell(sorter.told.rows)
    sorter.told.written = True
    return sorter.told


def _sorter(core: Core, wish: Wish, *, writes: bool) -> "_Sorter":
    with looking(core) as connection:
        return _Sorter(core, owner(connection, wish.application).id, wish.allow_weak, writes)


def _put(core: Core, change: Change, wish: Wish, sorter: "_Sorter", some: Sequence[Row]) -> None:
    at_ms = core.clock()
    fresh = sorter.sort(change.connection, some, at_ms)
    new = [made(core, sorter.application_id, index, entry, at_ms) for index, entry in fresh]
    factor_batches.introduce(change.connection, {each.user.user_index: each.user for each in new}.values())
    factor_batches.add(change.connection, [each.factor for each in new], "imported", at_ms)
    factor_batches.move_on(change.connection, sorter.behind)
    if new or sorter.behind:
        told = {"format": wish.format, "factors": len(new), "weak": sum(_is_weak(entry) for _, entry in fresh)}
        told |= {"moved_on": len(sorter.behind)} if sorter.behind else {}
        audit.record(change, "factors.import", application_id=sorter.application_id, after=told)


def _rows(source: Source, wish: Wish) -> Iterable[Row]:
    for count, row in enumerate(format_of(wish.format).read(source(), wish.asked), 1):
        if count > MOST_ROWS:
            raise BadFile(f"a file may have at most {MOST_ROWS} factors: import it in parts", row.line)
        yield row


class _Sorter:
    """Tells new factors from known and refused ones, batch after batch of one file; it keeps about 200 bytes a row."""

    def __init__(self, core: Core, application_id: str, allow_weak: bool, writes: bool) -> None:
        self.application_id = application_id
        self.told = Told()
        self.behind: dict[str, int] = {}  # known factors of the last batch, by id, with the count of the file
        self._core, self._allow_weak, self._writes = core, allow_weak, writes
        self._seen: set[int] = set()
        self._added: Counter[int] = Counter()  # by user, what the ledger does not hold yet

    def sort(self, connection: Connection, some: Sequence[Row], at_ms: int) -> list[tuple[str, Entry]]:
        """The new factors among these rows, each with the index of its user."""
        if self._writes:
            self._added.clear()
        self.behind.clear()
        self._count(some)
        good = [(row.line, row.found) for row in some if isinstance(row.found, Entry)]
        named = [(line, index_of(self._core, self.application_id, entry.user), entry) for line, entry in good]
        has = factor_batches.of_users(connection, {index for _, index, _ in named}, at_ms)
        known = {index: self._by_fingerprint(theirs) for index, theirs in has.items()}
        fresh = []
        for line, index, entry in named:
            mark = fingerprint(self._core, index, entry.secret)
            ours = known.get(index, {}).get(mark)
            if ours is not None or mark in self._seen:
                self.told.known += 1
                self._note(ours, entry)
            elif refusal := self._refusal(entry, len(has.get(index, ())), index):
                self.told.refuse(line, refusal)
            else:
                self._seen.add(mark)
                self._added[hash(index)] += 1
                self.told.new += 1
                fresh.append((index, entry))
        return fresh

    def _count(self, some: Sequence[Row]) -> None:
        for row in some:
            if isinstance(row.found, Wrong):
                self.told.refuse(row.line, row.found.detail)
            elif isinstance(row.found, LeftOut):
                self.told.left_out[row.found.reason] += 1

    def _refusal(self, entry: Entry, has: int, index: str) -> str | None:
        if _is_weak(entry) and not self._allow_weak:
            return f"the secret has under {STRONG_BYTES * 8} bits: enrol its user anew, or allow weak ones"
        if has + self._added[hash(index)] >= MOST_FACTORS:
            return f"this user has {MOST_FACTORS} factors: remove one first"
        return None

    def _note(self, ours: Factor | None, entry: Entry) -> None:
        """Notes the count of a factor that is further on elsewhere."""
        if ours is not None and ours.type == entry.type and entry.counter > self.behind.get(ours.id, ours.counter):
            self.told.moved_on += ours.id not in self.behind
            self.behind[ours.id] = entry.counter

    def _by_fingerprint(self, theirs: Iterable[Factor]) -> dict[int, Factor]:
        secrets = [(each, secret_of(self._core, each)) for each in theirs]
        return {
            fingerprint(self._core, each.user_index, secret): each for each, secret in secrets if secret is not None
        }


def _is_weak(entry: Entry) -> bool:
    return len(entry.secret) < STRONG_BYTES
