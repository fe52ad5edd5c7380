"""Log-mel spectrograms and the frequency axis they are drawn on.

The mel scale is Slaney's (Auditory Toolbox, 1998): linear to 1 kHz, logarithmic above.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike, NDArray

from engine.api import Picture

FLOOR_DB = -120.0
LOW_HZ = 30.0
HIGH_HZ = 20_000.0
WINDOW_S = 0.046  # about 2048 samples at 44.1 kHz
HOP_S = 0.0116  # about 512 samples at 44.1 kHz

_HZ_PER_MEL = 200.0 / 3.0
_BREAK_HZ = 1000.0
_BREAK_MEL = _BREAK_HZ / _HZ_PER_MEL
_MELS_PER_NEPER = 27.0 / math.log(6.4)
_CHUNK = 256  # windows transformed at once: keeps memory flat over minutes of sound

# From most to least welcome on an axis; `FrequencyScale.ticks` keeps those that fit.
_TICKS_HZ = (1000, 10_000, 100, 5000, 2000, 500, 200, 20_000, 3000, 7000, 15_000, 50, 300, 700)


def hz_to_mel(hz: ArrayLike) -> NDArray[np.float64]:
    """Frequency in Hz to Slaney mels; any shape."""
    hz = np.asarray(hz, np.float64)
    above = _BREAK_MEL + _MELS_PER_NEPER * np.log(np.maximum(hz, _BREAK_HZ) / _BREAK_HZ)
    return np.where(hz < _BREAK_HZ, hz / _HZ_PER_MEL, above)


def mel_to_hz(mel: ArrayLike) -> NDArray[np.float64]:
    """Slaney mels to Hz; the inverse of `hz_to_mel`."""
    mel = np.asarray(mel, np.float64)
    above = _BREAK_HZ * np.exp((np.maximum(mel, _BREAK_MEL) - _BREAK_MEL) / _MELS_PER_NEPER)
    return np.where(mel < _BREAK_MEL, mel * _HZ_PER_MEL, above)


def mel_frequencies(mels: int, low_hz: float, high_hz: float) -> NDArray[np.float64]:
    """Centres of `mels` bands in Hz, evenly spaced in mels, both ends included."""
    low, high = hz_to_mel([low_hz, high_hz])
    return mel_to_hz(np.linspace(low, high, mels))


@dataclass(frozen=True)
class FrequencyScale:
    """The picture's vertical axis: 0 is `low_hz`, 1 is `high_hz`, mels in between."""

    low_hz: float
    high_hz: float

    def transform(self, freq_hz: ArrayLike) -> NDArray[np.float64]:
        """Hz to height in 0..1 (outside it for frequencies off the picture)."""
        low, high = hz_to_mel([self.low_hz, self.high_hz])
        return (hz_to_mel(freq_hz) - low) / (high - low)

    def inverse(self, height: ArrayLike) -> NDArray[np.float64]:
        """Height in 0..1 to Hz."""
        low, high = hz_to_mel([self.low_hz, self.high_hz])
        return mel_to_hz(low + np.asarray(height, np.float64) * (high - low))

    def ticks(self, min_gap: float = 0.06) -> tuple[tuple[float, str], ...]:
        """Round frequencies with labels, rising, no two closer than `min_gap` of the height."""
        kept: list[int] = []
        for hz in _TICKS_HZ:
            height = float(self.transform(hz))
            clear = all(abs(height - float(self.transform(k))) >= min_gap for k in kept)
            if 0.0 <= height <= 1.0 and clear:
                kept.append(hz)
        return tuple((float(hz), format_hz(hz)) for hz in sorted(kept))


def format_hz(freq_hz: float) -> str:
    """A frequency for people: "440 Hz", "1.2 kHz"."""
    return f"{freq_hz / 1000:.3g} kHz" if freq_hz >= 1000 else f"{freq_hz:.0f} Hz"


def log_mel(
    audio: NDArray[np.float32],  # (frames, channels)
    sample_rate: int,
    *,
    mels: int = 192,
    low_hz: float = LOW_HZ,
    high_hz: float | None = None,
    columns: int | None = None,
) -> Picture:
    """The picture of `audio`: levels in dB, where a full-scale sine is 0 dB in its band.

    Two neighbouring bands share a tone that lies between them, so it reads up to 4 dB lower.
    The channels' powers are averaged. The columns tile the clip exactly; `columns` defaults
    to one every 11.6 ms. Raises `ValueError` for audio that is not (frames, channels).
    """
    if audio.ndim != 2 or not len(audio):
        raise ValueError(f"audio must be (frames, channels) and not empty, got {audio.shape}")
    high_hz = min(HIGH_HZ, sample_rate / 2) if high_hz is None else high_hz
    window = _window_size(sample_rate)
    count = columns or max(1, round(len(audio) / (HOP_S * sample_rate)))
    bands = _bands(sample_rate, window, mels, low_hz, high_hz)
    power = np.empty((count, mels), np.float32)
    for start in range(0, count, _CHUNK):
        index = np.arange(start, min(start + _CHUNK, count))
        power[index] = _mean_power(audio, window, (index + 0.5) * len(audio) / count) @ bands
    level_db = np.maximum(10.0 * np.log10(np.maximum(power, 1e-20)), FLOOR_DB)
    return Picture(
        level_db=np.ascontiguousarray(level_db.T, np.float32),
        low_hz=low_hz,
        high_hz=high_hz,
        duration_s=len(audio) / sample_rate,
    )


def _window_size(sample_rate: int) -> int:
    return 2 ** round(math.log2(WINDOW_S * sample_rate))


@lru_cache(maxsize=8)
def _hann(size: int) -> NDArray[np.float32]:
    """A periodic Hann window scaled so that a full-scale sine's spectrum has power 1."""
    hann = 0.5 - 0.5 * np.cos(2.0 * np.pi * np.arange(size) / size)
    return (hann * 2.0 / math.sqrt(size * float(np.sum(hann**2)))).astype(np.float32)


def _mean_power(
    audio: NDArray[np.float32], window: int, centres: NDArray[np.float64]
) -> NDArray[np.float32]:
    """Power spectra around `centres` (in frames), (len(centres), window // 2 + 1)."""
    starts = np.floor(centres).astype(np.int64) - window // 2
    first, last = int(starts[0]), int(starts[-1]) + window
    inside = audio[max(first, 0) : min(last, len(audio))]
    padded = np.pad(inside, ((max(-first, 0), max(last - len(audio), 0)), (0, 0)))
    windows = np.lib.stride_tricks.sliding_window_view(padded, window, axis=0)  # (n, ch, window)
    spectra = np.fft.rfft(windows[starts - first] * _hann(window))
    return (spectra.real**2 + spectra.imag**2).mean(axis=1, dtype=np.float32)


@lru_cache(maxsize=16)
def _bands(
    sample_rate: int, window: int, mels: int, low_hz: float, high_hz: float
) -> NDArray[np.float32]:
    """Triangles over the FFT's bins, (window // 2 + 1, mels), one at its centre.

    No triangle is narrower than one bin on either side, so that no band is empty.
    """
    low, high = hz_to_mel([low_hz, high_hz])
    step = (high - low) / max(mels - 1, 1)
    edges = mel_to_hz(np.linspace(low - step, high + step, mels + 2))
    bin_hz = sample_rate / window
    left = np.maximum(edges[1:-1] - edges[:-2], bin_hz)
    right = np.maximum(edges[2:] - edges[1:-1], bin_hz)
    offset = np.arange(window // 2 + 1)[:, None] * bin_hz - edges[None, 1:-1]
    return np.clip(1.0 - np.where(offset < 0, -offset / left, offset / right), 0.0, 1.0).astype(
        np.float32
    )


def pooled(level_db: NDArray[np.float32], shape: Sequence[int]) -> NDArray[np.float32]:
    """`level_db` shrunk to `shape` by the loudest value of each cell, for small pictures.

    A side that is already smaller is repeated to fill it.
    """
    for axis, size in enumerate(shape):
        edges = np.arange(size) * level_db.shape[axis] // size
        level_db = np.maximum.reduceat(level_db, edges, axis=axis)
    return level_db
