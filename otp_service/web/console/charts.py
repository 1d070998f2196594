"""Charts drawn on the server as SVG: no script, no inline style, and the same figures as a table."""

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup, escape

WIDTH, HEIGHT, LEFT, BOTTOM, TOP = 720, 206, 44, 26, 8
LETTERS = "abcdef"
HEATS = 4


@dataclass(frozen=True, slots=True)
class Series:
    """One line, layer or row of bars: a name and a value for each label; None is a gap."""

    name: str
    values: Sequence[float | None]


def line(title: str, labels: Sequence[str], series: Sequence[Series], *, unit: str = "") -> Markup:
    """Lines over time, the first series on top of the legend."""
    top = _nice(max((value or 0 for each in series for value in each.values), default=0))
    drawn = Markup("").join(
        Markup('<path class="line series-{}" d="{}"/>').format(_letter(place), _path(each.values, top))
        for place, each in enumerate(series)
    )
    return _figure(title, labels, series, top, drawn, unit)


def area(title: str, labels: Sequence[str], series: Sequence[Series], *, unit: str = "") -> Markup:
    """Layers that add up, the first one at the bottom."""
    sums = [0.0] * len(labels)
    layers = []
    for place, each in enumerate(series):
        below, sums = sums, [under + (value or 0) for under, value in zip(sums, each.values, strict=True)]
        layers.append((place, below, sums))
    top = _nice(max(sums, default=0))
    drawn = Markup("").join(
        Markup('<path class="area series-{}" d="{}"/>').format(_letter(place), _band(below, above, top))
        for place, below, above in layers
    )
    return _figure(title, labels, series, top, drawn, unit)


def bars(title: str, labels: Sequence[str], series: Sequence[Series], *, unit: str = "") -> Markup:
    """Bars, those of several series side by side."""
    top = _nice(max((value or 0 for each in series for value in each.values), default=0))
    slot = (WIDTH - LEFT) / max(len(labels), 1)
    wide = slot * 0.76 / max(len(series), 1)
    drawn = []
    for place, each in enumerate(series):
        for at, value in enumerate(each.values):
            x, y = LEFT + at * slot + slot * 0.12 + place * wide, _y(value or 0, top)
            size = Markup('x="{:.1f}" y="{:.1f}" width="{:.1f}" height="{:.1f}"').format(
                x, y, max(wide - 1, 0.5), _y(0, top) - y
            )
            drawn.append(Markup('<rect class="bar series-{}" {}/>').format(_letter(place), size))
    return _figure(title, labels, series, top, Markup("").join(drawn), unit)


def heat(value: float | None, most: float, *, words: str = "", kind: str = "") -> Markup:
    """A table cell as warm as its value is near `most`; kinds: none, warm, hot."""
    degree = 0 if not value or most <= 0 else min(HEATS, 1 + int(value / most * HEATS * 0.999))
    text = words or ("–" if value is None else f"{value:,.0f}")
    return Markup('<td class="heat heat-{}{}">{}</td>').format(degree, f" {kind}" if kind else "", text)


def spark(values: Sequence[float | None], *, title: str) -> Markup:
    """A line without axes, as high as a row of text."""
    most = max((value or 0 for value in values), default=0) or 1
    step = 96 / max(len(values) - 1, 1)
    points = [(place * step, 21 - (value or 0) / most * 19) for place, value in enumerate(values)]
    return Markup(
        '<svg class="spark" viewBox="0 0 96 22" preserveAspectRatio="none" role="img"><title>{}</title>'
        '<path class="line" d="{}"/></svg>'
    ).format(title, _joined(points))


def _figure(
    title: str, labels: Sequence[str], series: Sequence[Series], top: float, drawn: Markup, unit: str
) -> Markup:
    svg = Markup('<svg viewBox="0 0 {} {}" role="img"><title>{}</title>{}{}{}</svg>').format(
        WIDTH, HEIGHT, title, _grid(top, unit), drawn, _below(labels)
    )
    return Markup('<figure class="chart card"><figcaption>{}</figcaption>{}{}{}</figure>').format(
        title, svg, _legend(series), _table(title, labels, series)
    )


def _grid(top: float, unit: str) -> Markup:
    lines = []
    for part in (0.0, 0.5, 1.0):
        y = _y(top * part, top)
        kind = "axis" if part == 0 else "grid"
        lines.append(Markup('<path class="{}" d="M{} {:.1f}H{}"/>').format(kind, LEFT, y, WIDTH))
        lines.append(
            Markup('<text x="{}" y="{:.1f}" text-anchor="end">{}</text>').format(
                LEFT - 6, y + 4, _short(top * part) + unit
            )
        )
    return Markup("").join(lines)


def _below(labels: Sequence[str]) -> Markup:
    every = max(1, -(-len(labels) // 8))
    shown = [(place, label) for place, label in enumerate(labels) if place % every == 0]
    return Markup("").join(
        Markup('<text x="{:.1f}" y="{}" text-anchor="middle"{}>{}</text>').format(
            _x(place, len(labels)), HEIGHT - 4, Markup(' class="also"') if at % 2 else "", label
        )
        for at, (place, label) in enumerate(shown)
    )


def _legend(series: Sequence[Series]) -> Markup:
    if len(series) < 2:
        return Markup("")
    return Markup('<ul class="legend">{}</ul>').format(
        Markup("").join(
            Markup(
                '<li><svg viewBox="0 0 8 8" aria-hidden="true"><rect class="swatch series-{}" width="8" height="8" '
                'rx="2"/></svg>{}</li>'
            ).format(_letter(place), each.name)
            for place, each in enumerate(series)
        )
    )


def _table(title: str, labels: Sequence[str], series: Sequence[Series]) -> Markup:
    heads = Markup("").join(Markup('<th scope="col" class="number">{}</th>').format(each.name) for each in series)
    rows = Markup("").join(
        Markup('<tr><th scope="row">{}</th>{}</tr>').format(
            label,
            Markup("").join(Markup('<td class="number">{}</td>').format(_told(each.values[at])) for each in series),
        )
        for at, label in enumerate(labels)
    )
    return Markup(
        '<details><summary>As a table</summary><div class="scroll" role="region" aria-label="{}" tabindex="0"><table>'
        '<caption class="unseen">{}</caption><thead><tr><td></td>{}</tr></thead><tbody>{}</tbody></table></div>'
        "</details>"
    ).format(title, title, heads, rows)


def _path(values: Sequence[float | None], top: float) -> str:
    """The line through the values, interrupted where there is none."""
    runs: list[list[tuple[float, float]]] = [[]]
    for place, value in enumerate(values):
        if value is None:
            runs.append([])
        else:
            runs[-1].append((_x(place, len(values)), _y(value, top)))
    return "".join(_joined(run) for run in runs if run)


def _band(below: Sequence[float], above: Sequence[float], top: float) -> str:
    over = [(_x(place, len(above)), _y(value, top)) for place, value in enumerate(above)]
    under = [(_x(place, len(below)), _y(value, top)) for place, value in enumerate(below)]
    return _joined([*over, *reversed(under)]) + "Z"


def _joined(points: Sequence[tuple[float, float]]) -> str:
    if len(points) == 1:
        points = [points[0], (points[0][0] + 0.1, points[0][1])]  # a line without length would not be drawn
    return "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in points) if points else ""


def _x(place: int, count: int) -> float:
    slot = (WIDTH - LEFT) / max(count, 1)
    return LEFT + slot * (place + 0.5)


def _y(value: float, top: float) -> float:
    return TOP + (HEIGHT - TOP - BOTTOM) * (1 - value / top)


def _nice(most: float) -> float:
    """A round number above."""
    if most <= 0:
        return 1.0
    size = 10.0 ** len(str(int(most))) / 10 if most >= 1 else 1.0
    steps = (
        [size * step for step in (1, 1.5, 2, 3, 4, 5, 6, 8, 10)] if most >= 1 else [0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1]
    )
    return next(step for step in steps if step >= most)


def _short(value: float) -> str:
    for size, mark in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if value >= size:
            return f"{value / size:.3g}{mark}"
    return f"{value:.3g}"


def _told(value: float | None) -> Markup:
    return escape("–" if value is None else f"{value:,.2f}".rstrip("0").rstrip("."))


def _letter(place: int) -> str:
    return LETTERS[place % len(LETTERS)]
