"""Everything that is found out about one maker of sound: a model, or the composer himself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from engine.api import GenerationRequest
from engine.training.corpus.clips import clip_for
from engine.training.corpus.piece import Piece
from engine.training.listening.asked import (
    Asked,
    ManySeeds,
    loops,
    many_seeds,
    mixes,
    other_mixes,
    stems,
)
from engine.training.listening.distances import (
    MEMORY_RATE,
    frechet,
    mean_pairwise,
    memory_map,
    nearest,
    pairwise,
)
from engine.training.listening.heard import PICTURE_RATE, SAMPLE_RATE
from engine.training.listening.judge import FIGURES, Figures, Listener, feature_rows, train_listener
from engine.training.listening.loops import WITHIN
from engine.training.listening.studio import Made, Maker, Studio, Tick

FEW, MANY = 8, 25  # steps that are compared
_TRAINED = (
    *range(2_000_000, 2_002_048),
    *range(2_100_000, 2_101_536),
    *range(3_000_000, 3_006_144),
    *range(4_000_000, 4_003_072),
)  # the house model's seeds
_UNSEEN = range(7_800_000, 7_900_000)  # no stage's
_TRAINED_S = 24.0


@dataclass(frozen=True)
class Size:
    """How many of each; the defaults take some ten minutes on two slow cores, then fewer."""

    mixes: int = 60
    stems: int = 20
    loops: int = 40  # a seam like the inside is beyond 95 % of it once in 20
    seeds: int = 16
    lessons: int = 720
    memory: int = 96  # training clips that copies are looked for in
    first: int = 0  # which of all mixes is asked for first

    @property
    def renders(self) -> int:
        asked = self.mixes + self.stems + self.loops + self.seeds
        return asked + self.mixes + self.lessons + 2 * self.memory

    def made(self, compared: bool) -> int:
        """Clips that a model is asked for."""
        sets = 3 if compared else 1
        return sets * self.mixes + self.stems + self.loops + self.seeds


QUICK = Size(mixes=20, stems=5, loops=4, seeds=6, lessons=360, memory=24)


@dataclass(frozen=True, eq=False)
class Questions:
    """What is asked, and how renders of the same answer: nothing here depends on a model."""

    mixes: list[Asked]
    stems: list[Asked]
    loops: list[Asked]
    seeds: ManySeeds
    listener: Listener
    other: NDArray[np.float64]  # embedded renders of other pieces
    trained: list[NDArray[np.float64]]  # memory maps of clips that the house model learnt from
    unseen: list[NDArray[np.float64]]  # as many of clips like them, that it did not
    played: Answers


@dataclass(frozen=True, eq=False)
class Answers:
    """The clips of one maker, in the order of the questions."""

    mixes: list[Made]
    stems: list[Made]
    loops: list[Made]
    seeds: list[Made]
    plain: list[Made] = field(default_factory=list)  # the mixes in plain words
    steps: list[Made] = field(default_factory=list)  # the mixes in the other number of steps


def prepare(studio: Studio, size: Size, tick: Tick = lambda: None) -> Questions:
    """Everything that is asked, its renders, and a listener taught on others."""
    listener = train_listener(studio, size.lessons, tick)
    whole = mixes(size.mixes, size.first)
    single, round_ = stems(size.stems), loops(size.loops)
    seeds = many_seeds(size.seeds)
    played = Answers(
        studio.play([each.piece for each in whole], tick),
        studio.play([each.piece for each in single], tick),
        studio.play([each.piece for each in round_], tick),
        studio.play(seeds.pieces, tick),
    )
    other = studio.play(other_mixes(size.mixes, size.first), tick)
    trained, unseen = (
        [map_of(made, _TRAINED_S) for made in studio.play(clips_of(size.memory, seeds_of), tick)]
        for seeds_of in (_TRAINED, _UNSEEN)
    )
    embedded = listener.ear.embedded(feature_rows(other))
    return Questions(whole, single, round_, seeds, listener, embedded, trained, unseen, played)


def clips_of(count: int, seeds: Sequence[int]) -> list[Piece]:
    """Clips as training has them, evenly from all of the seeds."""
    places = np.linspace(0, len(seeds) - 1, count).astype(int)
    return [clip_for(seeds[place], _TRAINED_S) for place in places]


def answer(
    maker: Maker, questions: Questions, seed: int = 0, other: Maker | None = None,
    tick: Tick = lambda: None,
) -> Answers:  # fmt: skip
    """`other`, where given, is the maker with the other number of steps, and plain words are
    asked too."""

    def make(requests: Sequence[GenerationRequest], by: Maker = maker) -> list[Made]:
        return _make(by, requests, seed, tick)

    told = [each.request() for each in questions.mixes]
    return Answers(
        make(told),
        make([each.request() for each in questions.stems]),
        make([each.request() for each in questions.loops]),
        make(questions.seeds.requests()),
        make([each.request(plain=True) for each in questions.mixes]) if other else [],
        make(told, other) if other else [],
    )


def answer_mixes(
    maker: Maker, questions: Questions, seed: int = 0, tick: Tick = lambda: None
) -> Answers:
    """The mixes, and the one prompt with its seeds; nothing else."""
    return Answers(
        _make(maker, [each.request() for each in questions.mixes], seed, tick),
        [],
        [],
        _make(maker, questions.seeds.requests(), seed, tick),
    )


def _make(maker: Maker, requests: Sequence[GenerationRequest], seed: int, tick: Tick) -> list[Made]:
    made = []
    for request in requests:
        assert request.seed is not None
        made.append(maker.make(replace(request, seed=request.seed + seed)))
        tick()
    return made


@dataclass(frozen=True, eq=False)
class Findings:
    """Figures of one maker. `each` has one entry a mix."""

    each: list[Figures]
    plain: list[Figures]
    steps: list[Figures]
    purity: list[float]
    seams_kept: float
    lengths_exact: float
    frechet: float
    seeds_apart: float
    seeds_least: float
    nearest: float  # of the training clips
    nearest_unseen: float

    def mean(self, name: str) -> float:
        return mean([figures[name] for figures in self.each])


def find(answers: Answers, questions: Questions) -> Findings:
    """Sets that were not asked have no entries, and figures of nan."""
    listener = questions.listener
    rounds = list(zip(answers.loops, questions.loops, strict=False))
    embedded = listener.ear.embedded(feature_rows(answers.mixes))
    seeds = [one.heard.picture for one in answers.seeds]
    return Findings(
        each=listener.figures(answers.mixes, questions.mixes),
        plain=listener.figures(answers.plain, questions.mixes[: len(answers.plain)], plain=True),
        steps=listener.figures(answers.steps, questions.mixes[: len(answers.steps)]),
        purity=listener.purity(answers.stems, questions.stems),
        seams_kept=mean([float(seam_kept(one)) for one in answers.loops]),
        lengths_exact=mean([float(length_exact(one, asked)) for one, asked in rounds]),
        frechet=frechet(embedded, questions.other),
        seeds_apart=mean_pairwise(seeds),
        seeds_least=float(pairwise(seeds).min()),
        nearest=_nearest(answers.mixes, questions.trained),
        nearest_unseen=_nearest(answers.mixes, questions.unseen),
    )


def _nearest(made: Sequence[Made], clips: Sequence[NDArray[np.float64]]) -> float:
    return min(nearest(map_of(one), clips) for one in made)


def seam_kept(made: Made) -> bool:
    return not made.heard.faults and made.heard.seam <= WITHIN


def length_exact(made: Made, asked: Asked) -> bool:
    """Exactly the asked bars, to the sample."""
    score = asked.piece.score
    bar_s = score.seconds_per_bar
    assert bar_s is not None
    assert score.bars is not None
    return made.heard.frames == round(score.bars * bar_s * SAMPLE_RATE)


def map_of(made: Made, least_s: float = 0.0) -> NDArray[np.float64]:
    """For `distances.nearest`. What is shorter than `least_s`, as loops are, goes round and round:
    a short piece of anything is like something in everything."""
    found = memory_map(made.heard.picture, PICTURE_RATE)
    turns = int(np.ceil(least_s * MEMORY_RATE / found.shape[1] - 0.01))
    return np.tile(found, (1, max(1, turns)))


def mean(values: Sequence[float]) -> float:
    """Over what could be measured; nan where nothing could."""
    known = [value for value in values if not np.isnan(value)]
    return float(np.mean(known)) if known else float("nan")


@dataclass(frozen=True)
class Loss:
    """How much less one set has than another in the row where it loses most."""

    name: str
    points: float  # of a hundred
    error: float  # standard error of the difference, in points


def most_lost(full: Sequence[Figures], less: Sequence[Figures]) -> Loss:
    """By the row whose loss stands out most beyond its standard error."""
    losses = [_lost(name, full, less) for name in FIGURES]
    known = [loss for loss in losses if not np.isnan(loss.points)]
    return max(known, key=lambda loss: loss.points - loss.error, default=losses[0])


def _lost(name: str, full: Sequence[Figures], less: Sequence[Figures]) -> Loss:
    """Unpaired where what is measured differs, as instruments named do: means are compared."""
    one, two = ([f[name] for f in figures] for figures in (full, less))
    apart = np.array([a - b for a, b in zip(one, two, strict=True)])
    apart = apart[~np.isnan(apart)]
    error = float(apart.std(ddof=1) / np.sqrt(len(apart))) if len(apart) > 1 else 0.0
    return Loss(name, 100 * (mean(one) - mean(two)), 100 * error)
