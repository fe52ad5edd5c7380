"""Attacks: whether the energy about an onset rises as it did, and nothing sounds before it."""

from __future__ import annotations

from collections.abc import Iterator

import librosa
import numpy as np
from numpy.typing import NDArray

from engine.training.fidelity.distances import Sound

STEP = 64  # samples, 1.5 ms
WINDOW = 128
AROUND = 20  # steps before and after an onset that are compared: 29 ms
BEFORE = slice(3, 17)  # of them, 25 to 4 ms before the onset
FLOOR_DB = -50.0  # below the onset's peak
FEWEST_DB = 12.0  # the least rise that is an attack

Envelope = NDArray[np.float64]


def onset_energy_error(original: Sound, coded: Sound) -> float:
    """Mean absolute difference in dB of the energy about each attack; nan without any.

    Windows of 2.9 ms every 1.5 ms, within 29 ms of the onset, floored 50 dB below its peak.
    """
    errors = [np.abs(one - two).mean() for one, two in _attacks(original, coded)]
    return float(np.mean(errors)) if errors else float("nan")


def pre_echo(original: Sound, coded: Sound) -> float:
    """How much louder in dB the 21 ms that lead to an attack became, on average; nan without any.

    Only what is louder than in the original counts, in the windows of `onset_energy_error`.
    """
    excess = [
        np.maximum(two[BEFORE] - one[BEFORE], 0).mean() for one, two in _attacks(original, coded)
    ]
    return float(np.mean(excess)) if excess else float("nan")


def _attacks(original: Sound, coded: Sound) -> Iterator[tuple[Envelope, Envelope]]:
    """The envelopes in dB below the original's peak about each attack, (2 · AROUND,)."""
    one, two = (_energy(sound) for sound in (original, coded))
    for at in _onsets(one):
        about = slice(at - AROUND, at + AROUND)
        peak = one[about].max()
        yield _below(one[about], peak), _below(two[about], peak)


def _below(energy: Envelope, peak: float) -> Envelope:
    return np.maximum(10 * np.log10(energy / peak + 1e-12), FLOOR_DB)


def _onsets(energy: Envelope) -> list[int]:
    """Steps at which the energy rises most, at least 12 dB within 9 ms, 58 ms apart."""
    level_db = 10 * np.log10(energy + 1e-8)
    rise = np.zeros_like(level_db)
    rise[6:] = level_db[6:] - level_db[:-6]
    peaks = librosa.util.peak_pick(
        rise, pre_max=2 * AROUND, post_max=2 * AROUND, pre_avg=AROUND, post_avg=AROUND,
        delta=0.0, wait=2 * AROUND,
    )  # fmt: skip
    inside = range(AROUND + 6, len(energy) - AROUND)
    return [int(p) - 3 for p in peaks if rise[p] >= FEWEST_DB and int(p) - 3 in inside]


def _energy(sound: Sound) -> Envelope:
    """Mean square of both channels, a window a step."""
    square = np.square(sound, dtype=np.float64).mean(axis=1)
    total = np.concatenate([[0.0], np.cumsum(square)])
    starts = np.arange(0, len(square) - WINDOW, STEP)
    return (total[starts + WINDOW] - total[starts]) / WINDOW + 1e-14
