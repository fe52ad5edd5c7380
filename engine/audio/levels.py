"""How loud a clip is: sample peak, true peak, RMS and loudness, all in dB.

Silence is −inf everywhere, so that callers compare instead of guarding.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import soxr
from numpy.typing import NDArray

from engine.audio.loudness import integrated_lufs as loudness_lufs

TRUE_PEAK_OVERSAMPLING = 4  # ITU-R BS.1770-4, annex 2


def to_db(amplitude: float) -> float:
    """Amplitude re full scale to dBFS; zero is −inf."""
    return 20.0 * math.log10(amplitude) if amplitude > 0.0 else -math.inf


def from_db(level_db: float) -> float:
    """dBFS to amplitude re full scale."""
    return 10.0 ** (level_db / 20.0)


def peak_db(audio: NDArray[np.float32]) -> float:
    """The largest sample of (frames, channels), in dBFS."""
    return to_db(float(max(audio.max(), -audio.min()))) if audio.size else -math.inf


def rms_db(audio: NDArray[np.float32]) -> float:
    """Root mean square over frames and channels, in dBFS (a full-scale sine is −3.01)."""
    if not audio.size:
        return -math.inf
    return to_db(math.sqrt(float(np.mean(np.square(audio, dtype=np.float64)))))


def true_peak_db(audio: NDArray[np.float32], sample_rate: int) -> float:
    """The waveform's peak between samples too, in dBTP, from 4× oversampling.

    Never below `peak_db`: what the file holds is also what it peaks at.
    """
    if not audio.size:
        return -math.inf
    over = soxr.resample(audio, sample_rate, sample_rate * TRUE_PEAK_OVERSAMPLING)
    return max(peak_db(over), peak_db(audio))


@dataclass(frozen=True)
class Levels:
    """Everything the export sheet shows about a clip's level."""

    peak_db: float
    true_peak_db: float
    rms_db: float
    loudness_lufs: float

    @classmethod
    def of(cls, audio: NDArray[np.float32], sample_rate: int) -> Levels:
        """Measure (frames, channels). Takes a few milliseconds a second of sound."""
        return cls(
            peak_db=peak_db(audio),
            true_peak_db=true_peak_db(audio, sample_rate),
            rms_db=rms_db(audio),
            loudness_lufs=loudness_lufs(audio, sample_rate),
        )

    def raised(self, gain_db: float) -> Levels:
        """The levels after a gain, without measuring again."""
        return Levels(
            self.peak_db + gain_db,
            self.true_peak_db + gain_db,
            self.rms_db + gain_db,
            self.loudness_lufs + gain_db,
        )
