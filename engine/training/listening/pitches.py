"""Which pitches sound when: peaks of the spectrum, sorted into semitones."""

from __future__ import annotations

import librosa
import numpy as np
from numpy.typing import NDArray

LOW, HIGH = 28, 88  # MIDI pitches that are listened for, 41 Hz to 1.2 kHz
RATE = 11_025  # of the sound that is looked at
HOP = 512
_WINDOW = 4_096
_OFF = 0.35  # semitones beside a pitch at which a peak counts for nothing
_REGISTERS = ((28, 52), (48, 72), (64, 88))  # bass, middle, treble

Pitches = NDArray[np.floating]  # (HIGH − LOW, columns of 46 ms)
Vector = NDArray[np.float64]  # (registers × 12,), C first in each


def pitches(sound: NDArray[np.float32], sample_rate: int) -> NDArray[np.float32]:
    """(60, columns): how strongly each semitone sounds in (frames,) of sound.

    A peak's frequency is refined by a parabola through the logarithms of three bins (Smith &
    Serra 1987), so that two semitones apart in the bass are told apart.
    """
    low = librosa.resample(sound, orig_sr=sample_rate, target_sr=RATE)
    size = np.abs(librosa.stft(low, n_fft=_WINDOW, hop_length=HOP))
    left, middle, right = size[:-2], size[1:-1], size[2:]
    a, b, c = (np.log(part + 1e-9) for part in (left, middle, right))
    off = np.clip(0.5 * (a - c) / (a - 2 * b + c - 1e-12), -0.5, 0.5)
    freq_hz = (np.arange(1, len(size) - 1)[:, None] + off) * RATE / _WINDOW
    pitch = 69.0 + 12.0 * np.log2(np.maximum(freq_hz, 1.0) / 440.0)
    nearest = np.round(pitch).astype(int)
    peak = (middle > left) & (middle >= right) & (nearest >= LOW) & (nearest < HIGH)
    weight = middle * np.maximum(0.0, 1.0 - np.abs(pitch - nearest) / _OFF)
    out = np.zeros((HIGH - LOW, size.shape[1]), np.float32)
    row, column = np.nonzero(peak)
    np.add.at(out, (nearest[row, column] - LOW, column), weight[row, column])
    return out


def vector(columns: Pitches) -> Vector:
    """The pitch classes of some columns, in three registers, each of length 1."""
    mean = np.sqrt(np.maximum(np.asarray(columns, np.float64), 0.0)).mean(axis=1)
    told = np.zeros((len(_REGISTERS), 12))
    for register, (low, high) in zip(told, _REGISTERS, strict=True):
        np.add.at(register, np.arange(low, high) % 12, mean[low - LOW : high - LOW])
    return (told / np.maximum(np.linalg.norm(told, axis=1, keepdims=True), 1e-9)).ravel()


def columns_a_second() -> float:
    return RATE / HOP
