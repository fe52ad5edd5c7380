"""`undertone evaluate`: the questions, a model's answers, and the rows that come of them."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from engine.models.base import Model
from engine.models.registry import Registry
from engine.training.asking import Sampling, generator
from engine.training.listening.findings import (
    FEW,
    MANY,
    Answers,
    Findings,
    Questions,
    Size,
    answer,
    find,
    prepare,
)
from engine.training.listening.page import page
from engine.training.listening.rows import Row, rows, table
from engine.training.listening.store import Store, engine_print, fingerprint
from engine.training.listening.studio import Maker, Studio, Tick


@dataclass(frozen=True, eq=False)
class Report:
    rows: list[Row]
    questions: Questions
    answers: Answers
    found: Findings
    real: Findings
    stages_s: dict[str, float]  # how long each stage took

    def text(self) -> str:
        return "\n".join((*table(self.rows), "", *self._notes()))

    def _notes(self) -> list[str]:
        taken = ", ".join(f"{name} {seconds:.0f} s" for name, seconds in self.stages_s.items())
        return [
            f"{len(self.questions.mixes)} prompts in held-out words; “real” is what the composer's "
            "renders of the same requests get.",
            f"It took: {taken}.",
        ]

    def page(self) -> str:
        return page(self.questions, self.answers, self.found, self.real, self.text())

    def to_json(self) -> dict[str, Any]:
        return {
            "rows": [row.to_json() for row in self.rows],
            "prompts": [asked.text for asked in self.questions.mixes],
            "each": [_finite(figures) for figures in self.found.each],
            "each_real": [_finite(figures) for figures in self.real.each],
            "stages_s": self.stages_s,
        }


def _finite(figures: dict[str, float]) -> dict[str, float | None]:
    """JSON has no word for what could not be measured but null."""
    return {name: value if math.isfinite(value) else None for name, value in figures.items()}


@dataclass(frozen=True)
class Setting:
    """What the report is about: a model's name or folder, and how it is asked."""

    model: str = "house"
    against: str | None = None
    way: Sampling = field(default_factory=Sampling)
    seed: int = 0
    size: Size = field(default_factory=Size)
    out: Path | None = None


class Stages:
    """Times each stage, and shows a bar for it where `bars`."""

    def __init__(self, bars: bool = True) -> None:
        self.bars, self.seconds = bars, dict[str, float]()

    def run(self, name: str, total: int, work: Callable[[Tick], Any]) -> Any:
        from tqdm import tqdm

        began = time.perf_counter()
        with tqdm(total=total, desc=name, unit="clip", disable=not self.bars) as bar:
            result = work(lambda: bar.update())
        self.seconds[name] = time.perf_counter() - began
        return result


def report_on(
    maker: Maker, studio: Studio, size: Size, seed: int = 0, *,
    other: Maker | None = None, few_is_other: bool = True, against: Maker | None = None,
    speed: Callable[[], float] | None = None, stages: Stages | None = None,
) -> Report:  # fmt: skip
    """The report on any maker; `other` is the same with the other number of steps."""
    stages = stages or Stages(bars=False)
    questions: Questions = stages.run(
        "renders", size.renders, lambda tick: prepare(studio, size, tick)
    )
    answers: Answers = stages.run(
        "generating", size.made(other is not None),
        lambda tick: answer(maker, questions, seed, other, tick),
    )  # fmt: skip
    previous = against and stages.run(
        "the other weights",
        size.made(False),
        lambda tick: answer(against, questions, seed, None, tick),
    )
    took_s = stages.run("speed", 1, lambda tick: speed()) if speed else None
    found, real = stages.run(
        "measuring", 1, lambda tick: (find(answers, questions), find(questions.played, questions))
    )
    told = rows(found, real, find(previous, questions) if previous else None, took_s, few_is_other)
    return Report(told, questions, answers, found, real, stages.seconds)


def evaluate_model(setting: Setting, store: Store, workers: int = 2, bars: bool = True) -> Report:
    """The report on a model on disk. Raises what `Registry.load` does."""
    from engine.training.listening.speed import seconds_for

    model = Asking.of(setting.model, store, setting.out)
    against = Asking.of(setting.against, store, setting.out) if setting.against else None
    way = setting.way.settled(model.model.info)
    few_is_other = way.steps != FEW
    return report_on(
        model.maker(way), Studio(store, workers), setting.size, setting.seed,
        other=model.maker(replace(way, steps=FEW if few_is_other else MANY)),
        few_is_other=few_is_other,
        against=against.maker(setting.way) if against else None,
        speed=lambda: seconds_for(model.registry, model.id, FEW), stages=Stages(bars),
    )  # fmt: skip


@dataclass(frozen=True, eq=False)
class Asking:
    """A model that is loaded; `out` keeps its clips."""

    registry: Registry
    id: str
    model: Model
    store: Store
    out: Path | None = None

    @classmethod
    def of(cls, word: str, store: Store, out: Path | None = None) -> Asking:
        """`word` is a model's name, or its folder."""
        from engine.device import choose, prepare_process

        prepare_process()
        registry, id = Registry.having(word)
        return cls(registry, id, registry.load(id, choose()), store, out)

    def maker(self, way: Sampling) -> Maker:
        weights = fingerprint([self.registry.path(self.id)])
        return Maker(
            f"{weights}/{engine_print()}/{way.settled(self.model.info)}",
            generator(self.model, way, self.out),
            None if self.out else self.store,
        )
