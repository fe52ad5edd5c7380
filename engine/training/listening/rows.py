"""The report's rows: each figure beside the same for real renders, with its bar and verdict."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from engine.benchmarks.table import Figure, plain
from engine.training.listening import judge
from engine.training.listening.findings import FEW, MANY, Findings, Loss, mean, most_lost

# What share of the renders' own figure is asked for; None: no bar.
_SHARES: dict[str, float | None] = {
    judge.TEMPO: 0.95, judge.GRID: 0.95, judge.DRUMS: None, judge.KEY: 0.90, judge.CHORDS: 0.90,
    judge.STYLE: 0.90, judge.INSTRUMENTS: 0.90, judge.FAULTLESS: 1.0,
}  # fmt: skip
_PURE = _SEAMLESS = 95.0  # percent
_MOST_LOST = 5.0  # points
_FRECHET = 2.0  # times the renders'
_VARIED = 0.8  # of the renders'
_SPEED_S = 0.5


@dataclass(frozen=True)
class Row:
    figure: Figure
    real: float | None = None  # what real renders get
    against: float | None = None  # what the other weights get

    def to_json(self) -> dict[str, Any]:
        return self.figure.to_json() | {"real": self.real, "against": self.against}


def rows(
    found: Findings, real: Findings, against: Findings | None = None,
    speed_s: float | None = None, few_is_other: bool = True,
) -> list[Row]:  # fmt: skip
    """`few_is_other` tells whether `found.steps` has fewer steps than the rest, or more."""
    return [
        *(_share(name, share, found, real, against) for name, share in _SHARES.items()),
        *_stems_and_loops(found, real, against),
        *_losses(found, few_is_other),
        *_sets(found, real, against),
        *([_speed(speed_s)] if speed_s is not None else []),
    ]


def _share(
    name: str, share: float | None, found: Findings, real: Findings, against: Findings | None
) -> Row:
    value, ceiling = _percent(found.mean(name)), _percent(real.mean(name))
    bar = None if share is None or ceiling is None else share * ceiling
    figure = Figure(name, value, "%", bar, at_least=True)
    return Row(figure, ceiling, _percent(against.mean(name)) if against else None)


def _stems_and_loops(found: Findings, real: Findings, against: Findings | None) -> Iterator[Row]:
    def row(name: str, bar: float, read: Any) -> Row:
        ceiling = _percent(read(real))
        bar = bar if ceiling is None else min(bar, ceiling)  # nobody is asked for more than is real
        figure = Figure(name, _percent(read(found)), "%", bar, at_least=True)
        return Row(figure, ceiling, _percent(read(against)) if against else None)

    yield row(judge.PURITY, _PURE, lambda f: mean(f.purity))
    yield row("loops: seam like the inside", _SEAMLESS, lambda f: f.seams_kept)
    yield row("loops: length exact to the sample", 100.0, lambda f: f.lengths_exact)


def _losses(found: Findings, few_is_other: bool) -> Iterator[Row]:
    if found.plain:
        yield _loss("held-out wording against plain", most_lost(found.plain, found.each))
    if found.steps:
        few, many = (found.steps, found.each) if few_is_other else (found.each, found.steps)
        yield _loss(f"{FEW} steps against {MANY}", most_lost(many, few))


def _loss(name: str, loss: Loss) -> Row:
    """Chance alone moves a row; only what is lost beyond a standard error counts."""
    note = f"most in “{loss.name}”, ± {loss.error:.1f}"
    return Row(
        Figure(f"{name}: most lost", _known(loss.points), "points", _MOST_LOST + loss.error, note)
    )


def _sets(found: Findings, real: Findings, against: Findings | None) -> Iterator[Row]:
    def row(name: str, bar: float | None, at_least: bool, read: Any) -> Row:
        figure = Figure(name, _known(read(found)), "", bar, at_least=at_least)
        return Row(figure, _known(read(real)), _known(read(against)) if against else None)

    yield row(
        "Fréchet distance to other renders", _FRECHET * real.frechet, False, lambda f: f.frechet
    )
    varied = _VARIED * real.seeds_apart
    yield row("seeds of one prompt: mean distance", varied, True, lambda f: f.seeds_apart)
    yield row("the same, the two most alike", None, True, lambda f: f.seeds_least)
    yield row("distance to the nearest training clip", real.nearest, True, lambda f: f.nearest)
    yield row("to the nearest of as many others", None, True, lambda f: f.nearest_unseen)


def _speed(seconds: float) -> Row:
    return Row(Figure(f"10 s in {FEW} steps, warm, previews on", seconds, "s", _SPEED_S))


def _percent(value: float) -> float | None:
    return _known(100 * value)


def _known(value: float) -> float | None:
    return value if math.isfinite(value) else None


def table(told: Sequence[Row]) -> Iterator[str]:
    """For people: value, the other weights', real renders', bar, verdict."""
    against = any(row.against is not None for row in told)
    heads = ["generated", *(["against"] if against else []), "real"]
    yield f"{'what':<48}" + "".join(f"{head:>10}" for head in heads) + f"  {'bar':>8}"
    for row in told:
        figure = row.figure
        values = [figure.value, *([row.against] if against else []), row.real]
        cells = "".join(f"{_told(value):>10}" for value in values)
        name = f"{figure.name}, {figure.unit}" if figure.unit else figure.name
        said = "  ".join(part for part in (figure.verdict, figure.note) if part)
        yield f"{name:<48}{cells}  {figure.bar_told:>8}  {said}".rstrip()


def _told(value: float | None) -> str:
    return "–" if value is None else plain(value)
