"""Figures, the benchmarks that measure them, and how both are shown."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass, fields
from typing import Any

from engine.api import GenerationRequest


@dataclass(frozen=True)
class Figure:
    """One measured value. `bar` is the most that it may be, where there is such a promise.

    With `at_least` it is the least. `value` is None where it could not be measured; `note` then
    says why, else what is to be known about it.
    """

    name: str
    value: float | None
    unit: str
    bar: float | None = None
    note: str = ""
    at_least: bool = False

    @classmethod
    def from_json(cls, plain: dict[str, Any]) -> Figure:
        return cls(**{part.name: plain[part.name] for part in fields(cls)})

    @property
    def kept(self) -> bool | None:
        if self.bar is None or self.value is None:
            return None
        return self.value >= self.bar if self.at_least else self.value <= self.bar

    @property
    def bar_told(self) -> str:
        return "" if self.bar is None else f"{'≥' if self.at_least else '≤'} {self.bar:.4g}"

    @property
    def verdict(self) -> str:
        return {None: "", True: "kept", False: "MISSED"}[self.kept]

    def to_json(self) -> dict[str, Any]:
        return asdict(self) | {"kept": self.kept}


@dataclass(frozen=True)
class Setting:
    """What all benchmarks of one run share. The prompt is of usual length.

    `only` is part of the names of the rows wanted, where a benchmark can leave others out. Raises
    `InvalidRequest` for clips that cannot be asked for.
    """

    model: str
    seconds: float
    steps: int
    repeats: int
    prompt: str = "slow lo-fi hip hop with electric piano, upright bass and brushed drums, 75 bpm"
    only: str = ""

    def __post_init__(self) -> None:
        GenerationRequest(self.prompt, duration_s=self.seconds, steps=self.steps)

    def wants(self, row: str) -> bool:
        return self.only.casefold() in row.casefold()


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
        value = "—" if figure.value is None else f"{plain(figure.value)} {figure.unit}"
        said = "  ".join(part for part in (figure.verdict, figure.note) if part)
        yield f"{figure.name:<44} {value:>10}  {figure.bar_told:>8}  {said}".rstrip()


def plain(value: float) -> str:
    """Three digits, or all those before the point."""
    return f"{value:.0f}" if abs(value) >= 1_000 else f"{value:.3g}"
