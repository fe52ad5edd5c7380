"""Pure tones through a codec: whether they stay where they were, and stay pure."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.training.fidelity.distances import SAMPLE_RATE, Sound

SECONDS = 3.0
AMPLITUDE = 0.3
NOTES = tuple(range(33, 106, 3))  # MIDI: 55 Hz to 3.5 kHz by minor thirds
DETUNED_CENTS = 37.0  # no note of a tuned instrument
_FADE_S = 0.05
_BLACKMAN_HARRIS = (0.35875, -0.48829, 0.14128, -0.01168)


@dataclass(frozen=True)
class Tone:
    freq_hz: float
    sound: Sound  # (frames, 2)


def tones(cents: float = 0.0) -> list[Tone]:
    """A steady sine for each of `NOTES`, all `cents` above equal temperament at 440 Hz."""
    return [_tone(440.0 * 2 ** ((note - 69) / 12 + cents / 1_200)) for note in NOTES]


def _tone(freq_hz: float) -> Tone:
    time_s = np.arange(round(SECONDS * SAMPLE_RATE)) / SAMPLE_RATE
    fade = np.clip(np.minimum(time_s, SECONDS - time_s) / _FADE_S, 0, 1)
    sine = AMPLITUDE * np.sin(np.pi / 2 * fade) ** 2 * np.sin(2 * np.pi * freq_hz * time_s)
    return Tone(freq_hz, np.repeat(sine[:, None], 2, axis=1).astype(np.float32))


def cents_off(tone: Tone, coded: Sound) -> float:
    """How far the loudest partial of `coded` lies from the tone, in cents, without its sign.

    By the phase that a bin of a long window gains in a short hop, which for a steady sine is
    exact to hundredths of a cent; within a semitone of the tone, and 100 where nothing is there.
    """
    size, hop = 65_536, 256
    steady = _steady(coded)
    first, second = (_spectrum(steady[start : start + size]) for start in (0, hop))
    near = np.arange(len(first)) * SAMPLE_RATE / size
    power = np.abs(first) * (np.abs(1_200 * np.log2(np.maximum(near, 1) / tone.freq_hz)) < 100)
    loudest = int(power.argmax())
    if power[loudest] < 1e-3 * size / 4:
        return 100.0
    gained = np.angle(second[loudest] / first[loudest])
    turns = np.round(loudest * hop / size - gained / (2 * np.pi)) + gained / (2 * np.pi)
    return float(abs(1_200 * np.log2(turns * SAMPLE_RATE / hop / tone.freq_hz)))


def flatness_db(coded: Sound) -> float:
    """Spectral flatness of the steady part up to 16 kHz: geometric over arithmetic mean power, dB.

    Windows of 46 ms, floored 100 dB below each window's strongest bin, so that a pure tone is
    near −80 dB and noise is near −2.5; buzz, roughness and hiss all raise it.
    """
    size = 2_048
    steady = _steady(coded)
    windows = np.lib.stride_tricks.sliding_window_view(steady, size)[:: size // 2]
    power = np.abs(_spectrum(windows))[:, : round(16_000 * size / SAMPLE_RATE)] ** 2
    power = np.maximum(power, 1e-10 * power.max(axis=1, keepdims=True) + 1e-12)
    flat_db = 10 * np.log10(power).mean(axis=1) - 10 * np.log10(power.mean(axis=1))
    return float(flat_db.mean())


def _steady(coded: Sound) -> NDArray[np.float64]:
    """The middle 1.6 s of one channel."""
    middle = len(coded) // 2
    reach = round(0.8 * SAMPLE_RATE)
    return coded[middle - reach : middle + reach, 0].astype(np.float64)


def _spectrum(windows: NDArray[np.float64]) -> NDArray[np.complex128]:
    """Through Blackman and Harris's window, whose sidelobes are 92 dB down."""
    angle = 2 * np.pi * np.arange(windows.shape[-1]) / windows.shape[-1]
    shape = sum(part * np.cos(k * angle) for k, part in enumerate(_BLACKMAN_HARRIS))
    return np.fft.rfft(windows * shape)
