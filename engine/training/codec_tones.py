"""Pure tones among the codec's training crops: what instruments teach too little of.

No instrument of the corpus is a sine, and a decoder that never heard one places it a few cents
aside and surrounds it with what usually surrounds a note. Half of the voices are out of tune.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

NOTES = range(28, 109)  # MIDI
LONGEST_S = 3.0


def tones(rng: np.random.Generator, samples: int, sample_rate: int = 44_100) -> NDArray[np.float32]:
    """(2, samples): one to three voices of sines, each note panned anew.

    A voice is in equal temperament at 440 Hz, or all of it is up to half a semitone off.
    """
    sound = np.zeros((2, samples), np.float32)
    for _ in range(rng.integers(1, 4)):
        at, cents = 0, rng.choice([0.0, rng.uniform(-50, 50)])
        while at < samples:
            length = round(sample_rate * rng.uniform(0.2, LONGEST_S))
            note = _note(rng, cents, min(length, samples - at), sample_rate)
            left = rng.uniform(0.2, 0.8)
            sound[:, at : at + len(note)] += np.sqrt([[2 * left], [2 - 2 * left]]) * note
            at += length
    return sound


def _note(
    rng: np.random.Generator, cents: float, samples: int, sample_rate: int
) -> NDArray[np.float64]:
    """A sine that is faded in and out over 5 to 50 ms, steady or decaying."""
    freq_hz = 440.0 * 2 ** ((rng.choice(NOTES) - 69) / 12 + cents / 1_200)
    time_s = np.arange(samples) / sample_rate
    fade_s = rng.uniform(0.005, 0.05)
    fade = np.clip(np.minimum(time_s, time_s[::-1]) / fade_s, 0, 1)
    decay = np.exp(-time_s * rng.choice([0.0, 0.0, rng.uniform(0, 4)]))
    amplitude = 10 ** rng.uniform(-1.8, -0.45)
    phase = rng.uniform(0, 2 * np.pi)
    return amplitude * fade * decay * np.sin(2 * np.pi * freq_hz * time_s + phase)
