"""`undertone evaluate codec`: renders that no codec was fitted to, there and back, measured."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

import numpy as np

from engine.training.corpus.dataset import render_seed
from engine.training.fidelity import distances, onsets, tones
from engine.training.fidelity.coders import Coder
from engine.training.fidelity.distances import Sound
from engine.training.workers import on_one_thread, worker_pool

FIRST_SEED = 8_000_000  # no other stage's pieces begin there
CLIP_S = 10.0
SPEED_S = 30.0
SPEED_RUNS = 3


class Row(NamedTuple):
    """One line of the table. The bar holds for the house codec; `bar_of` is the coder to match."""

    name: str
    unit: str
    bar: float | None = None
    at_least: bool = False
    bar_of: str | None = None


CLIP_ROWS: dict[Row, Callable[[Sound, Sound], float]] = {
    Row("log-mel distance", "dB", bar_of="MP3 96"): distances.log_mel_distance,
    Row("multi-resolution STFT distance", ""): distances.stft_distance,
    Row("SI-SDR (own phases: no bar)", "dB"): distances.si_sdr,
    Row("stereo: error of level difference", "dB"): distances.level_difference_error,
    Row("stereo: error of coherence", ""): distances.coherence_error,
    Row("chroma correlation", "", 0.995, True): distances.chroma_correlation,
    Row("same key heard", "%", 99.0, True): lambda a, b: 100 * distances.same_key(a, b),
    Row("onsets: energy error", "dB"): onsets.onset_energy_error,
    Row("onsets: pre-echo", "dB"): onsets.pre_echo,
}
CENTS = Row("pure tones: pitch error", "cents", 3.0)
CENTS_DETUNED = Row(f"the same, {tones.DETUNED_CENTS:g} cents sharp", "cents", 3.0)
FLATNESS = Row("pure tones: flatness above theirs", "dB")
SPEED = Row("encode and decode, times real time", "", 50.0, True)


TONES = (
    *((tone, False) for tone in tones.tones()),
    *((tone, True) for tone in tones.tones(tones.DETUNED_CENTS)),
)
Found = list[tuple[Row, float]]


@dataclass(frozen=True)
class FidelityReport:
    """`values[row][coder]` is a mean over what could be measured, nan where nothing could."""

    coders: tuple[str, ...]
    values: dict[Row, dict[str, float]]
    clips: int


def evaluate_coders(
    coders: Sequence[Coder],
    clips: int,
    workers: int = 2,
    progress: Callable[[int], None] = lambda _: None,
) -> FidelityReport:
    """Every coder on the same `clips` renders and tones. 0 workers measure in this process.

    The speed is measured first, alone, since it needs the whole machine. `progress` is told how
    many of the clips and `TONES` are done.
    """
    speed = {coder.name: speed_of(coder) for coder in coders}
    gathered: dict[Row, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    for done, found in enumerate(_measured(coders, clips, workers), 1):
        for coder, measured in zip(coders, found, strict=True):
            for row, value in measured:
                gathered[row][coder.name].append(value)
        progress(done)
    values = {
        row: {name: _mean(each) for name, each in by_coder.items()}
        for row, by_coder in gathered.items()
    }
    return FidelityReport(tuple(coder.name for coder in coders), values | {SPEED: speed}, clips)


def clip(number: int, seconds: float | None = None) -> Sound:
    """The held-out render of that number, (frames, 2); `CLIP_S` long unless told."""
    return render_seed(FIRST_SEED + number, seconds or CLIP_S)[1]


def speed_of(coder: Coder) -> float:
    """Seconds of sound coded and decoded in a second, the best of some runs after a first one."""
    sound = clip(0, SPEED_S)
    taken = []
    for _ in range(1 + SPEED_RUNS):
        began = time.perf_counter()
        coder(sound)
        taken.append(time.perf_counter() - began)
    return SPEED_S / min(taken[1:])


def _measured(coders: Sequence[Coder], clips: int, workers: int) -> Iterator[list[Found]]:
    """For each clip, then each tone: what was found for each coder."""
    measure = partial(_measure, coders, clips)
    jobs = range(clips + len(TONES))
    if workers == 0:
        yield from map(measure, jobs)
        return
    with worker_pool(workers, on_one_thread) as pool:
        yield from pool.map(measure, jobs)


def _measure(coders: Sequence[Coder], clips: int, job: int) -> list[Found]:
    if job >= clips:
        tone, detuned = TONES[job - clips]
        return [measure_tone(tone, detuned, coder(tone.sound)) for coder in coders]
    original = clip(job)
    return [measure_clip(original, coder(original)) for coder in coders]


def measure_clip(original: Sound, coded: Sound) -> Found:
    return [(row, read(original, coded)) for row, read in CLIP_ROWS.items()]


def measure_tone(tone: tones.Tone, detuned: bool, coded: Sound) -> Found:
    """The flatness is told against the tone's own, which is the measure's floor."""
    off = tones.cents_off(tone, coded)
    if detuned:
        return [(CENTS_DETUNED, off)]
    above = tones.flatness_db(coded) - tones.flatness_db(tone.sound)
    return [(CENTS, off), (FLATNESS, above)]


def _mean(values: Sequence[float]) -> float:
    known = [value for value in values if not np.isnan(value)]
    return float(np.mean(known)) if known else float("nan")
