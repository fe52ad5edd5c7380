"""Which way of asking a model serves best: samplers, guidance, how it is tamed, and where.

Each way is asked for the same mixes and the same prompt with several seeds, and measured as the
report measures. Nothing here is a promise, so there are no bars: a table to choose from.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import product

from engine.benchmarks.table import plain
from engine.diffusion.schedules import sigmas
from engine.models.base import Model
from engine.sampling import SIGMA, Refinement, SamplerName
from engine.training.asking import Interval, Sampling
from engine.training.listening import judge
from engine.training.listening.findings import Answers, Findings, Questions, answer_mixes, find
from engine.training.listening.studio import Maker, Tick, coded

ALL: Interval = SIGMA
COLUMNS: dict[str, Callable[[Findings], float]] = {
    "tempo": lambda f: 100 * f.mean(judge.TEMPO),
    "onsets": lambda f: 100 * f.mean(judge.GRID),
    "key": lambda f: 100 * f.mean(judge.KEY),
    "chords": lambda f: 100 * f.mean(judge.CHORDS),
    "style": lambda f: 100 * f.mean(judge.STYLE),
    "instr.": lambda f: 100 * f.mean(judge.INSTRUMENTS),
    "Fréchet": lambda f: f.frechet,
    "seeds": lambda f: f.seeds_apart,
    "nearest": lambda f: f.nearest,
}
"""What is told of each way, in percent or as distances; see the report for what they mean."""


@dataclass(frozen=True, eq=False)
class Choice:
    """One way, what a clip costs by it, and what was found. Real renders cost nothing."""

    name: str
    passes: int | None
    found: Findings


def ways(
    steps: Sequence[int], scales: Sequence[float], intervals: Sequence[Interval],
    rescales: Sequence[float], samplers: Sequence[SamplerName],
) -> list[Sampling]:  # fmt: skip
    """All combinations."""
    return [Sampling(*each) for each in product(steps, scales, intervals, rescales, samplers)]


def name_of(way: Sampling) -> str:
    assert way.interval is not None
    low, high = way.interval
    levels = "at all σ" if way.interval == ALL else f"at σ {low:g}–{high:g}"
    tamed = f" rescaled {way.rescale:g}" if way.rescale else ""
    walked = f"{way.steps} steps" + (f" of {way.sampler}" if way.sampler else "")
    return f"{walked}, guidance {way.guidance:g}{tamed} {levels}"


def passes(way: Sampling, model: Model) -> int:
    """How often the network sees one clip: twice where guidance acts, once elsewhere."""
    info = model.info
    way = way.settled(info)
    assert way.steps is not None
    assert way.sampler is not None
    levels = sigmas(info.schedule, way.steps, *model.sigma_range)[:-1].tolist()
    costs = way.sampler.costs(way.steps)
    refinement = Refinement(interval=way.interval)
    guided = [way.guidance != 1 and refinement.guides_at(level) for level in levels]
    return sum(cost * (1 + twice) for cost, twice in zip(costs, guided, strict=True))


def compare(
    asked: Sequence[Sampling], maker: Callable[[Sampling], Maker], model: Model,
    questions: Questions, seed: int = 0, through_codec: bool = False, tick: Tick = lambda: None,
) -> Iterator[Choice]:  # fmt: skip
    """Each way in turn, after what real renders get, and get through the model's codec."""
    played = questions.played
    yield Choice("real renders", None, find(Answers(played.mixes, [], [], played.seeds), questions))
    if through_codec:
        whole, seeds = [each.piece for each in questions.mixes], questions.seeds.pieces
        mixes, alike = (coded(pieces, model.codec, tick) for pieces in (whole, seeds))
        found = find(Answers(mixes, [], [], alike), questions)
        yield Choice("the same through the codec", None, found)
    for way in asked:
        answers = answer_mixes(maker(way), questions, seed, tick)
        yield Choice(name_of(way), passes(way, model), find(answers, questions))


def head() -> str:
    return f"{'way':<64}{'passes':>8}" + "".join(f"{name:>9}" for name in COLUMNS)


def line(choice: Choice) -> str:
    cost = "–" if choice.passes is None else str(choice.passes)
    cells = "".join(f"{plain(read(choice.found)):>9}" for read in COLUMNS.values())
    return f"{choice.name:<64}{cost:>8}{cells}"
