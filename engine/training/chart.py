"""Curves as an SVG picture, drawn with nothing but text: training knows no plotting library."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape

WIDTH, HEIGHT = 760, 420
LEFT, RIGHT, TOP, BOTTOM = 70, 20, 40, 55  # margins around the plot
COLOURS = ("#2f6fde", "#d9622b", "#2f9e68", "#8b5bb5")


@dataclass(frozen=True)
class Curve:
    """`points` are (x, y), from left to right."""

    name: str
    points: Sequence[tuple[float, float]]


def line_chart(curves: Sequence[Curve], title: str, x_label: str, y_label: str) -> str:
    """The whole file. Curves without points are left out; so is the plot without any curve."""
    shown = [curve for curve in curves if curve.points]
    parts = [_text(LEFT, 24, title, size=15)]
    if shown:
        xs, ys = zip(*(point for curve in shown for point in curve.points), strict=True)
        across = _scale(min(0.0, *xs), max(xs), LEFT, WIDTH - RIGHT)
        up = _scale(min(ys), max(ys), HEIGHT - BOTTOM, TOP)
        parts += _grid(xs, ys, across, up, x_label, y_label)
        for number, curve in enumerate(shown):
            colour = COLOURS[number % len(COLOURS)]
            line = " ".join(f"{across(x):.1f},{up(y):.1f}" for x, y in curve.points)
            parts.append(
                f'<polyline points="{line}" fill="none" stroke="{colour}" stroke-width="1.5"/>'
            )
            parts.append(
                _text(WIDTH - RIGHT - 8, TOP + 16 + 18 * number, curve.name, "end", colour)
            )
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}">'
    return "\n".join(
        [head, f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>', *parts, "</svg>\n"]
    )


def ticks(low: float, high: float, most: int = 6) -> list[float]:
    """Round numbers from `low` to `high`, 1, 2 or 5 times a power of ten apart."""
    span = high - low
    if not span > 0:
        return [low]
    power = 10.0 ** math.floor(math.log10(span / most))
    step = next(power * m for m in (1, 2, 5, 10) if span / (power * m) <= most)
    first = math.ceil(low / step - 1e-9)
    last = math.floor(high / step + 1e-9)
    return [n * step for n in range(first, last + 1)]


def _scale(low: float, high: float, start: float, end: float) -> Callable[[float], float]:
    span = high - low or 1.0
    return lambda value: start + (value - low) / span * (end - start)


def _grid(
    xs: Sequence[float],
    ys: Sequence[float],
    across: Callable[[float], float],
    up: Callable[[float], float],
    x_label: str,
    y_label: str,
) -> list[str]:
    bottom, parts = HEIGHT - BOTTOM, []
    for y in ticks(min(ys), max(ys)):
        parts.append(
            f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{up(y):.1f}" y2="{up(y):.1f}" '
            'stroke="#e4e4e4"/>'
        )
        parts.append(_text(LEFT - 8, up(y) + 4, f"{y:g}", "end"))
    for x in ticks(min(0.0, *xs), max(xs)):
        parts.append(_text(across(x), bottom + 18, f"{x:g}", "middle"))
    middle = (LEFT + WIDTH - RIGHT) / 2
    parts.append(
        f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{bottom}" y2="{bottom}" stroke="#888"/>'
    )
    parts.append(_text(middle, HEIGHT - 12, x_label, "middle"))
    parts.append(_text(WIDTH - RIGHT, 24, y_label, "end"))
    return parts


def _text(
    x: float, y: float, words: str, anchor: str = "start", colour: str = "#333", size: int = 12
) -> str:
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill="{colour}" '
        f'font-family="sans-serif" font-size="{size}">{escape(words)}</text>'
    )
