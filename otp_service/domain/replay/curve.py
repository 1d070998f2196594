"""Plots of a replay as SVG: no script, no font, no file from elsewhere."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 720, 260, 56, 30, 16, 40


@dataclass(frozen=True, slots=True)
class Point:
    """A point of a curve; shares from 0 to 1."""

    x: float
    y: float
    name: str = ""
    chosen: bool = False


def curve(title: str, across: str, upward: str, points: Sequence[Point]) -> str:
    """A line through points that have names, with a ring around the one that was chosen."""
    most = max((point.x for point in points), default=0) or 0.001
    placed = [(_x(point.x / most), _y(point.y), point) for point in points]
    path = "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y, _ in placed) if placed else "M0 0"
    dots = "".join(
        f'<circle class="{"chosen" if point.chosen else "dot"}" cx="{x:.1f}" cy="{y:.1f}" r="5">'
        f"<title>{escape(point.name)}: {point.y:.2%}, {point.x:.3%}</title></circle>"
        f'<text x="{x:.1f}" y="{y + 20:.1f}" text-anchor="middle">{escape(point.name)}</text>'
        for x, y, point in placed
    )
    marks = [(_x(part), f"{most * part:.2%}") for part in (0, 0.5, 1)]
    return _framed(title, f'<path class="line a" d="{path}"/>{dots}', across, upward, marks)


def layers(title: str, labels: Sequence[str], lines: Sequence[tuple[str, Sequence[float]]]) -> str:
    """Lines over time, from nothing to the greatest value of all."""
    most = max((value for _, values in lines for value in values), default=0) or 1
    drawn = "".join(
        f'<path class="line {letter}" d="{_path([value / most for value in values])}">'
        f"<title>{escape(name)}</title></path>"
        for letter, (name, values) in zip("abc", lines, strict=False)
    )
    every = max(1, -(-len(labels) // 6))
    marks = [(_x(place / max(1, len(labels) - 1)), label) for place, label in enumerate(labels) if place % every == 0]
    return _framed(title, drawn, "", "", marks, tops=("0", f"{most / 2:,.2f}", f"{most:,.2f}"))


def _path(values: Sequence[float]) -> str:
    last = max(1, len(values) - 1)
    return "M" + "L".join(f"{_x(place / last):.1f} {_y(value):.1f}" for place, value in enumerate(values))


def _x(part: float) -> float:
    return LEFT + part * (WIDTH - LEFT - RIGHT)


def _y(part: float) -> float:
    return HEIGHT - BOTTOM - part * (HEIGHT - TOP - BOTTOM)


def _framed(
    title: str,
    drawn: str,
    across: str,
    upward: str,
    marks: Sequence[tuple[float, str]],
    tops: Sequence[str] = ("0 %", "50 %", "100 %"),
) -> str:
    grid = "".join(
        f'<path class="grid" d="M{LEFT} {_y(part):.1f}H{WIDTH - RIGHT}"/>'
        f'<text x="{LEFT - 6}" y="{_y(part) + 4:.1f}" text-anchor="end">{escape(label)}</text>'
        for part, label in zip((0, 0.5, 1), tops, strict=True)
    )
    below = "".join(
        f'<text x="{x:.1f}" y="{HEIGHT - BOTTOM + 16}" text-anchor="middle">{escape(text)}</text>' for x, text in marks
    )
    names = (
        f'<text x="{WIDTH - RIGHT}" y="{HEIGHT - 6}" text-anchor="end">{escape(across)}</text>'
        f'<text x="{LEFT}" y="{TOP - 4}">{escape(upward)}</text>'
    )
    body = f"<title>{escape(title)}</title>{grid}{below}{names}{drawn}"
    return f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img">{body}</svg>'
