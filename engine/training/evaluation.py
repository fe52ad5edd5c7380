"""What was asked against what came out, beside the same figures for real renders.

`undertone evaluate` generates a clip for each of 24 held-out prompts, has the composer and the
synthesizer play the same request, and measures both with the same instruments.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from engine.api import GenerationRequest
from engine.score import Score
from engine.styles import style
from engine.training import measures
from engine.training.corpus.composer import compose
from engine.training.corpus.prompts import EvaluationPrompt, evaluation_prompts
from engine.training.corpus.render import Renderer

Sound = NDArray[np.float32]  # (frames, 2)
Generate = Callable[[GenerationRequest], tuple[Sound, Score]]
SAMPLE_RATE = 44_100


@dataclass(frozen=True)
class Measured:
    """One sound held against one prompt."""

    prompt: EvaluationPrompt
    tempo_bpm: float
    grid: measures.Grid
    drums: bool
    chords: float
    faults: tuple[str, ...]

    @property
    def tempo_kept(self) -> bool:
        return measures.same_tempo(self.tempo_bpm, self.prompt.tempo_bpm)

    @property
    def drums_kept(self) -> bool:
        return self.drums == self.prompt.drums


class DrumDetector:
    """Tells drums from sound by Fisher's linear discriminant, fitted on renders alone."""

    def __init__(self, features: NDArray[np.float64], has_drums: NDArray[np.bool_]) -> None:
        self._mean, self._spread = features.mean(0), features.std(0) + 1e-9
        z = (features - self._mean) / self._spread
        yes, no = z[has_drums], z[~has_drums]
        within = np.cov(yes.T) + np.cov(no.T) + 1e-3 * np.eye(z.shape[1])
        self._weights = np.linalg.solve(within, yes.mean(0) - no.mean(0))
        self._threshold = float(self._weights @ (yes.mean(0) + no.mean(0)) / 2)

    def __call__(self, features: NDArray[np.float64]) -> bool:
        z = (features - self._mean) / self._spread
        return bool(z @ self._weights > self._threshold)

    @classmethod
    def from_renders(
        cls, renderer: Renderer, fitted: int = 160, held_out: int = 60, first_seed: int = 9_000_000
    ) -> tuple[Self, float]:
        """A detector fitted to `fitted` renders, and its accuracy on `held_out` others."""
        features, has_drums = [], []
        for i in range(fitted + held_out):
            piece = compose(first_seed + i, drums=i % 2 == 0, duration_s=10.0)
            sound = measures.mono(renderer.render(piece))
            features.append(measures.drum_features(sound, SAMPLE_RATE))
            has_drums.append(piece.has_drums)
        detector = cls(np.array(features[:fitted]), np.array(has_drums[:fitted]))
        found = [detector(each) for each in features[fitted:]]
        return detector, float(np.mean(np.equal(found, has_drums[fitted:])))


def measure(sound: Sound, score: Score, prompt: EvaluationPrompt, drums: DrumDetector) -> Measured:
    one = measures.mono(sound)
    return Measured(
        prompt=prompt,
        tempo_bpm=measures.tempo_bpm(one, SAMPLE_RATE),
        grid=measures.on_grid(one, SAMPLE_RATE, prompt.tempo_bpm),
        drums=drums(measures.drum_features(one, SAMPLE_RATE)),
        chords=measures.chord_agreement(one, SAMPLE_RATE, score),
        faults=tuple(measures.faults(sound)),
    )


def real_render(prompt: EvaluationPrompt, renderer: Renderer, seed: int) -> tuple[Sound, Score]:
    """The same request played by the composer and the synthesizer."""
    piece = compose(
        seed, style=prompt.style, tempo_bpm=prompt.tempo_bpm, drums=prompt.drums, duration_s=10.0,
        beats_per_bar=style(prompt.style).beats_per_bar,
    )  # fmt: skip
    return renderer.render(piece), piece.score


@dataclass(frozen=True)
class Report:
    """Figures over all prompts, for generated sound and for real renders."""

    generated: tuple[Measured, ...]
    real: tuple[Measured, ...]
    seeds_differ: float  # 1 − correlation of two seeds' log-mel pictures, the least over prompts
    detector_accuracy: float

    def rows(self) -> list[tuple[str, float, float]]:
        """(what, generated, real renders); shares from 0 to 1."""
        return [
            (name, _mean(read, self.generated), _mean(read, self.real))
            for name, read in _FIGURES.items()
        ]


_FIGURES: dict[str, Callable[[Measured], float]] = {
    "tempo within 4 % or its octave": lambda m: float(m.tempo_kept),
    "onsets on the sixteenth grid": lambda m: m.grid.share,
    "the same, above chance": lambda m: m.grid.above_chance,
    "drums present or absent as asked": lambda m: float(m.drums_kept),
    "chroma energy on the asked chords": lambda m: m.chords,
    "not silent, clipped or NaN": lambda m: float(not m.faults),
}


def _mean(read: Callable[[Measured], float], measured: Sequence[Measured]) -> float:
    """Over what could be measured; nan where nothing could."""
    values = [value for value in map(read, measured) if not np.isnan(value)]
    return float(np.mean(values)) if values else float("nan")


def evaluate(
    generate: Generate,
    seed: int = 0,
    prompts: Sequence[EvaluationPrompt] = evaluation_prompts(),
    progress: Callable[[int], None] = lambda _: None,
) -> Report:
    """Generate and render `prompts`; `generate` answers with sound at `SAMPLE_RATE` and score."""
    renderer = Renderer()
    detector, accuracy = DrumDetector.from_renders(renderer)
    generated, real, distances = [], [], []
    for number, prompt in enumerate(prompts):
        sound, score = generate(GenerationRequest(prompt.text, seed=seed + number))
        other, _ = generate(GenerationRequest(prompt.text, seed=seed + 1_000 + number))
        distances.append(picture_distance(sound, other))
        generated.append(measure(sound, score, prompt, detector))
        real.append(measure(*real_render(prompt, renderer, seed + number), prompt, detector))
        progress(number + 1)
    return Report(tuple(generated), tuple(real), min(distances), accuracy)


def picture_distance(a: Sound, b: Sound) -> float:
    """1 − the correlation of two log-mel pictures; 0 where one of them is flat."""
    from engine.audio.spectrogram import log_mel

    one, two = (log_mel(sound, SAMPLE_RATE).level_db.ravel() for sound in (a, b))
    one, two = one - one.mean(), two - two.mean()
    size = float(np.linalg.norm(one) * np.linalg.norm(two))
    return 1.0 - float(one @ two) / size if size else 0.0
