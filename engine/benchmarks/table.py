"""Figures, the benchmarks that measure them, and how both are shown."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class Figure:
    """One measured value. `bar` is the most that it may be, where there is such a promise."""

    name: str
    value: float
    unit: str
    bar: float | None = None

    @property
    def kept(self) -> bool | None:
        return None if self.bar is None else self.value <= self.bar

    def to_json(self) -> dict[str, Any]:
        return asdict(self) | {"kept": self.kept}


@dataclass(frozen=True)
class Setting:
    """What all benchmarks of one run share. The prompt is of usual length."""

    model: str
    seconds: float
    steps: int
    repeats: int
    prompt: str = "slow lo-fi hip hop with electric piano, upright bass and brushed drums, 75 bpm"


@dataclass(frozen=True)
class Benchmark:
    """`measure` yields its figures as they come."""

    name: str
    help: str
    measure: Callable[[Setting], Iterator[Figure]]


def lines(figures: Iterable[Figure]) -> Iterator[str]:
    """The table, line by line, as figures come in."""
    yield f"{'figure':<44} {'value':>10}  {'bar':>8}"
    for figure in figures:
        bar = "" if figure.bar is None else f"≤ {figure.bar:g}"
        verdict = {None: "", True: "kept", False: "MISSED"}[figure.kept]
        value = f"{figure.value:.3g} {figure.unit}"
        yield f"{figure.name:<44} {value:>10}  {bar:>8}  {verdict}".rstrip()
