"""The report of a replay: one HTML file that needs nothing else, neither script nor network."""

from collections.abc import Sequence
from html import escape

from otp_service.domain.replay.curve import Point, curve, layers
from otp_service.domain.replay.scoring import SLICE_MS, Score, Tally

MOST_SLICES = 96
_STYLE = """
:root{color-scheme:light dark;--ground:light-dark(#f4f3ef,#14171a);--sheet:light-dark(#fffefc,#1c2024);
--edge:light-dark(#dedad1,#343b41);--ink:light-dark(#1f2428,#e7e5e0);--quiet:light-dark(#5c6368,#a3aaae);
--a:light-dark(#23665a,#7fcdb6);--b:light-dark(#a32520,#ff9d94);--c:light-dark(#4a5fa5,#9db0f0)}
body{margin:0 auto;max-width:60rem;padding:2rem 1rem;background:var(--ground);color:var(--ink);
font:0.95rem/1.5 system-ui,sans-serif;font-variant-numeric:tabular-nums}
h1{font-size:1.5rem;margin:0}h2{font-size:1.1rem;margin:2rem 0 .5rem}p{margin:.4rem 0}.quiet{color:var(--quiet)}
section{background:var(--sheet);border:1px solid var(--edge);border-radius:.6rem;
padding:1rem;margin:1rem 0;overflow-x:auto}
dl{display:grid;grid-template-columns:repeat(auto-fit,minmax(11rem,1fr));gap:1rem;margin:1rem 0}
dt{color:var(--quiet)}dd{margin:0;font-size:1.6rem;font-weight:650}
table{border-collapse:collapse;width:100%}
th,td{padding:.3rem .6rem;text-align:right;border-bottom:1px solid var(--edge)}
th:first-child,td:first-child{text-align:left}thead th{color:var(--quiet);font-weight:500}tr.chosen{font-weight:650}
svg{width:100%;min-width:30rem;height:auto}text{fill:var(--quiet);font-size:12px}.grid{stroke:var(--edge);fill:none}
.line{fill:none;stroke-width:2}.a{stroke:var(--a)}.b{stroke:var(--b)}.c{stroke:var(--c)}.dot{fill:var(--a)}
.chosen{fill:var(--b)}tr.chosen{background:light-dark(#e3efeb,#22332f)}
.key{display:flex;gap:1.5rem;list-style:none;padding:0;margin:.3rem 0}.key b{display:inline-block;width:1.2rem;
height:.2rem;
margin-right:.4rem;vertical-align:middle}.key .a{background:var(--a)}.key .b{background:var(--b)}
"""


def report(name: str, score: Score, sweep: Sequence[tuple[float, Score]], note: str = "") -> str:
    """The page about a replay and about the same rows under thresholds that are stricter or laxer."""
    parts = [_figures(score), _sweep(sweep, note), _families(score), _over_time(score), _reasons(score)]
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">"
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>Replay of {escape(name)}</title><style>{_STYLE}</style></head><body><main>"
        f"<h1>Replay of {escape(name)}</h1>{''.join(parts)}</main></body></html>\n"
    )


def _figures(score: Score) -> str:
    attack, legit = score.attack, score.legit
    asked = legit.challenged / legit.rows if legit.rows else 0.0
    figures = [
        ("requests", f"{score.rows:,}"),
        ("attackers' money not spent", f"{attack.blocked:.2%}"),
        ("that is, of what it would have been", f"{_usd(attack.blocked_micros)} of {_usd(attack.spend_micros)}"),
        ("people's requests lost", f"{legit.lost:.3%}"),
        ("people's requests challenged", f"{asked:.2%}"),
    ]
    return (
        f"<dl>{''.join(f'<div><dt>{escape(name)}</dt><dd>{escape(value)}</dd></div>' for name, value in figures)}</dl>"
    )


def _sweep(sweep: Sequence[tuple[float, Score]], note: str) -> str:
    points = [Point(score.legit.lost, score.attack.blocked, f"x{factor:g}", factor == 1) for factor, score in sweep]
    rows = [
        (factor == 1, [f"x{factor:g}", _share(score.attack), f"{score.legit.lost:.3%}", f"{score.legit.challenged:,}"])
        for factor, score in sweep
    ]
    drawn = curve("Money blocked against people lost", "people's requests lost", "attackers' money blocked", points)
    table = _table(("strictness", "money blocked", "people lost", "people challenged"), rows)
    said = (
        "Each point is the same trace under thresholds that are stricter (x2: half the room) or laxer (x0.5: twice the "
        "room) than those in force (x1)."
    )
    return _section("Blocked against lost", f'<p class="quiet">{said} {escape(note)}</p>{drawn}{table}')


def _families(score: Score) -> str:
    rows = [
        (False, [name, f"{each.rows:,}", f"{each.sent:,}", _usd(each.spend_micros), _share(each)])
        for name, each in sorted(score.families.items(), key=lambda item: item[1].blocked)
    ]
    if not rows:
        return ""
    return _section("By family of attack", _table(("family", "requests", "sent", "would have cost", "blocked"), rows))


def _over_time(score: Score) -> str:
    slots = sorted(score.times)
    if not slots:
        return ""
    width = -(-(slots[-1] - slots[0] + 1) // MOST_SLICES)
    merged = [(Tally(), Tally()) for _ in range((slots[-1] - slots[0]) // width + 1)]
    for slot in slots:
        for whole, part in zip(merged[(slot - slots[0]) // width], score.times[slot], strict=True):
            whole.merge(part)
    labels = [f"{(slots[0] + place * width) * SLICE_MS / 3_600_000:.1f} h" for place in range(len(merged))]
    lines = [
        ("attackers' money asked for, USD", [attack.spend_micros / 1e6 for _, attack in merged]),
        ("attackers' money spent, USD", [(attack.spend_micros - attack.blocked_micros) / 1e6 for _, attack in merged]),
    ]
    lost = [("people's requests lost", [float(people.rows - people.sent) for people, _ in merged])]
    key = '<ul class="key"><li><b class="a"></b>asked for</li><li><b class="b"></b>spent</li></ul>'
    rows = [
        (
            False,
            [label, f"{people.rows:,}", f"{people.rows - people.sent:,}", _usd(attack.spend_micros), _share(attack)],
        )
        for label, (people, attack) in zip(labels, merged, strict=True)
    ]
    table = _table(("from", "people's requests", "lost", "attackers' money", "blocked"), rows)
    drawn = layers("Attackers' money over time, USD", labels, lines)
    missed = layers("People's requests lost over time", labels, lost)
    body = f"<p>Attackers' money over time, in USD</p>{key}{drawn}<p>People's requests lost over time</p>{missed}"
    return _section("Over time", f"{body}<details><summary>As a table</summary>{table}</details>")


def _reasons(score: Score) -> str:
    if not score.reasons:
        return ""
    rows = [(False, [why, f"{count:,}"]) for why, count in sorted(score.reasons.items(), key=lambda item: -item[1])]
    return _section("Why people were lost", _table(("scope and rule", "requests"), rows))


def _section(title: str, body: str) -> str:
    return f"<section><h2>{escape(title)}</h2>{body}</section>"


def _table(heads: Sequence[str], rows: Sequence[tuple[bool, Sequence[str]]]) -> str:
    head = "".join(f'<th scope="col">{escape(each)}</th>' for each in heads)
    body = "".join(
        f"<tr{' class=chosen' if chosen else ''}>{''.join(f'<td>{escape(cell)}</td>' for cell in cells)}</tr>"
        for chosen, cells in rows
    )
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _share(tally: Tally) -> str:
    return f"{tally.blocked:.1%}" if tally.spend_micros else "-"


def _usd(micros: int) -> str:
    return f"${micros / 1e6:,.2f}"
