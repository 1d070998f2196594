"""The brake in Redis: decide and charge, repay, read and lift, each one script and one trip.

All keys of one application share a hash tag, `{f:<realm>}`, so that one script reaches every scope on a Cluster too.
"""

import json
from collections.abc import Sequence
from contextlib import suppress
from functools import lru_cache
from typing import NamedTuple

from otp_service.domain.errors import Refusal
from otp_service.domain.fraud.reasons import Reason, read_reason
from otp_service.domain.fraud.scopes import Scopes, operator_prefix, scope_digest, scopes_of
from otp_service.domain.fraud.thresholds import Thresholds
from otp_service.store.limits import Rule, flat
from otp_service.store.link import Arg, Link
from otp_service.store.refused import Refused
from otp_service.store.scripts import SCRIPTS, Script

LETTERS = "nbpca"  # number, block, prefix, country, application; w, the network, where it is known
OF_UNPROVEN = "ca"  # only sends to unproven numbers are charged to these
UNIT = 100_000  # what a send counts as in the application's debt, whatever it costs
DRAWS = 1_000_000  # a draw in [0, 1) as scripts compare it
Call = tuple[Script, list[str], list[Arg]]


class Brake(NamedTuple):
    """All that a script needs to know to judge one send."""

    keys: tuple[str, ...]  # one per scope, then the quarantines
    letters: str
    bounds: str
    digits: str  # the number's last four
    draw: int
    tab: str
    prefix: str  # in clear, for people
    country: str
    price: int
    score: int  # of a send
    flags: str = ""

    @property
    def args(self) -> tuple[Arg, ...]:
        """The arguments, as lua/fraud.lua reads them."""
        return (self.letters, self.bounds, self.digits, self.draw, self.tab, self.prefix, self.flags, self.country)


class Decided(NamedTuple):
    """What the brake says to a send; `tab` is by what a typed code repays it."""

    decision: str  # allow, challenge or deny
    sent: bool
    tab: str
    reasons: tuple[Reason, ...]
    quarantined_ms: int | None = None
    marks: tuple[str, ...] = ()


def brake(
    index_key: bytes,
    realm: str,
    e164: str,
    country: str,
    ip: str | None,
    thresholds: Thresholds,
    price_micros: int,
    draw: float,
    *,
    solved: bool = False,
    challenges: bool = True,
    lets: bool = False,
) -> Brake:
    """The brake for a send of this price; `draw` in [0, 1) picks probes, `lets` passes whatever is decided."""
    scopes = scopes_of(index_key, realm, e164, country, ip)
    prefix = operator_prefix(e164)
    return Brake(
        keys=keys_of(realm, scopes),
        letters=LETTERS + "w" if scopes.network else LETTERS,
        bounds=bounds(thresholds, price_micros),
        digits=e164[-4:],
        draw=int(draw * DRAWS),
        tab=_tab(realm, thresholds, price_micros, scopes, prefix),
        prefix=prefix,
        country=country,
        price=max(price_micros, thresholds.least_price_micros),
        score=round(thresholds.send_score * 100),
        flags="c" * challenges + "s" * solved + "l" * lets,
    )


def keys_of(realm: str, scopes: Scopes) -> tuple[str, ...]:
    """The keys of these scopes and of the quarantines."""
    tag = f"{{f:{realm}}}"
    network = (f"{tag}:w:{scopes.network}",) if scopes.network else ()
    return (
        f"{tag}:n:{scopes.number}",
        f"{tag}:b:{scopes.block}",
        f"{tag}:p:{scopes.prefix}",
        f"{tag}:c:{scopes.country}",
        f"{tag}:a",
        *network,
        quarantines_key(realm),
    )


def quarantines_key(realm: str) -> str:
    """The prefixes of an application in quarantine, by when that ends."""
    return f"{{f:{realm}}}:quarantined"


def prefix_key(index_key: bytes, realm: str, prefix: str) -> str:
    """The state of an operator's prefix."""
    return f"{{f:{realm}}}:p:{scope_digest(index_key, realm, 'prefix', prefix)}"


@lru_cache(maxsize=4096)
def bounds(t: Thresholds, price_micros: int) -> str:
    """The thresholds at this price, in the order of BOUNDS in lua/fraud.lua."""
    price = max(price_micros, t.least_price_micros)
    per_ms = price / 86_400_000
    figures = (
        *(price, t.answer_s * 1000, t.growth, t.growth_s * 1000, t.memory, t.memory_s * 1000, t.known_s * 1000),
        *(t.known_may_owe * price, t.proven_after * 1000),
        *(t.number_weak * price, t.number_strong * price, t.number_refill_per_day * per_ms),
        *(t.block_weak * price, t.block_strong * price, t.block_refill_per_day * per_ms),
        *(t.run_weak, t.run_strong * price, t.prefix_weak * price, t.prefix_refill_per_day * per_ms),
        *(t.network_weak * price, t.network_strong * price, t.network_refill_per_day * per_ms),
        *(t.country_weak * price, t.country_pressed * price, t.country_strong * price),
        t.country_refill_per_day * per_ms,
        *(t.application_weak * UNIT, t.application_pressed * UNIT, t.application_strong * UNIT),
        t.application_refill_per_day * UNIT / 86_400_000,
        *(t.pressed_may_owe * price, t.send_score * 100, t.alarm * 100),
        *(t.quarantine_s * 1000, t.quarantine_most_s * 1000, t.probe_share * DRAWS),
        *(t.watch_s * 1000, t.watch_most_s * 1000, t.memory_s * 1000),
    )
    return " ".join(f"{figure:.9g}" if isinstance(figure, float) else str(figure) for figure in figures)


def decide_call(brake: Brake, rules: Sequence[Rule] = (), now: str = "", *, dry: bool = False) -> Call:
    """The script, keys and arguments of one decision, for callers who send many at once."""
    names = [*(rule.key for rule in rules), *brake.keys]
    return SCRIPTS["decide"], names, [now, len(rules), int(dry), *flat(rules), *brake.args]


def decided(answer: list[str]) -> Decided:
    """What decide.lua answered; Refusal where a limit refuses."""
    if answer[0] == "refused":
        raise Refused(answer)
    decision, sent, tab, quarantined, _, count = answer[:6]
    marks, reasons = answer[6 : 6 + int(count)], answer[6 + int(count) :]
    told = tuple(map(read_reason, reasons))
    return Decided(decision, sent == "1", tab, told, int(quarantined) if quarantined else None, tuple(marks))


def decide(link: Link, brake: Brake, rules: Sequence[Rule] = (), now: str = "", *, dry: bool = False) -> Decided:
    """What the brake says, after charging the send if it may go out; sent once, for a repeat would charge twice."""
    script, names, args = decide_call(brake, rules, now, dry=dry)
    return decided(link.call(script, names, args) if dry else link.once(script, names, args))


class Charged(NamedTuple):
    """What a send was charged, so that it can be taken back; no tab where nothing was."""

    tab: str = ""
    quarantined: str = ""  # for how many milliseconds, if the send began a quarantine
    block: str = ""  # LAST and RUN of the block as they were before it


def judge(link: Link, brake: Brake, now: str = "") -> tuple[str, Charged]:
    """What the brake said, as lua/start.lua takes it from another slot, and what was charged."""
    script, names, args = decide_call(brake, (), now)
    decision, _, tab, quarantined, block, _, *reasons = link.once(script, names, args)
    level = max((read_reason(reason).level for reason in reasons), default=0)
    said = {"decision": decision, "level": level, "tab": tab, "reasons": reasons}
    told = json.dumps(said | ({"alarm": int(quarantined)} if quarantined else {}))
    return told, Charged(tab, quarantined, block)


def refund(link: Link, brake: Brake, charged: Charged) -> None:
    """Takes back what a send that did not go out was charged; sent once, for a repeat would take back another's."""
    spared = "" if charged.tab.startswith("u") else OF_UNPROVEN
    letters = "".join(letter for letter in brake.letters if letter not in spared)
    keys = [key for letter, key in zip(brake.letters, brake.keys, strict=False) if letter in letters]
    place = f"{brake.prefix} {brake.country}"
    with suppress(Refusal):  # where it fails, the brake counts one too many
        score = 0 if charged.tab.startswith("k") else brake.score  # of a trusted number it was not charged
        args: list[Arg] = [letters, brake.price, score, charged.quarantined, place, brake.digits, charged.block]
        link.once(SCRIPTS["refund"], [*keys, brake.keys[-1]], args)


def repay_call(tab: str, cell: int, entry: str, now: str = "") -> Call:
    """The script, keys and arguments by which a typed code repays the sends of its verification.

    `tab` holds one line per send, `entry` is the id of the stream entry of this cell that tells of the code.
    """
    *before, last = [line.split(" ") for line in tab.split("\n")]
    flag, realm, price, pays, reward, known_ms, kept_ms, number, block, prefix, country, _network, clear, score = last
    keys = keys_of(realm, Scopes(number, block, prefix, country, ""))
    networks = _networks([*before, last])
    ms, _, sequence = entry.partition("-")
    paid = int(pays) + sum(int(line[2]) for line in before)
    names = [f"{{f:{realm}}}:repaid", keys[-1], *keys[:-1], *(f"{{f:{realm}}}:w:{each}" for each in networks)]
    args: list[Arg] = [now, cell, ms, sequence, flag, price, paid, reward, known_ms, kept_ms, f"{clear} {country}"]
    return SCRIPTS["repay"], names, [*args, score, *networks.values()]


def repay(link: Link, tab: str, cell: int, entry: str, now: str = "") -> bool:
    """Repays what a verification's sends were charged; False where that was done before."""
    return bool(link.call(*repay_call(tab, cell, entry, now)))


def _tab(realm: str, t: Thresholds, price_micros: int, scopes: Scopes, prefix: str) -> str:
    price = max(price_micros, t.least_price_micros)
    pays = round(price / t.least_conversion)
    reward = round((t.send_score + t.code_score) * 100)
    kept = (t.known_s * 1000, t.memory_s * 1000)
    words = (realm, price, pays, reward, *kept, *scopes[:4], scopes.network or "-", prefix, round(t.send_score * 100))
    return " ".join(map(str, words))


def _networks(lines: Sequence[Sequence[str]]) -> dict[str, int]:
    """What each network is paid: its sends, the last of them as much as a code pays."""
    paid: dict[str, int] = {}
    for line in lines:
        amount = int(line[3] if line is lines[-1] else line[2])
        if line[11] != "-":
            paid[line[11]] = paid.get(line[11], 0) + amount
    return paid
