"""What an ear that knows nothing of the truth finds in a sound: tempo, key, onsets, harmony.

librosa listens; here its answers are made fine enough to hold a label against: a tempo to a part
in a thousand, an onset to a few milliseconds.
"""

from __future__ import annotations

from dataclasses import dataclass

import librosa
import numpy as np
from numpy.typing import NDArray

from engine.score import Key, Mode

Mono = NDArray[np.float32]
HOP = 256
_ONSET_HOP, _ONSET_WINDOW = 64, 512
_CHROMA_RATE, _CHROMA_WINDOW, _CHROMA_HOP = 11_025, 4_096, 512
_CHROMA_HZ = (60.0, 700.0)

# How well each pitch class fits a key on C, by listeners (Krumhansl & Kessler 1982).
PROFILES: dict[Mode, tuple[float, ...]] = {
    Mode.MAJOR: (6.35, 2.23, 3.48, 2.33, 4.38, 4.09, 2.52, 5.19, 2.39, 3.66, 2.29, 2.88),
    Mode.MINOR: (6.33, 2.68, 3.52, 5.38, 2.60, 3.53, 2.54, 4.75, 3.98, 2.69, 3.34, 3.17),
}


def tempo_bpm(sound: Mono, sample_rate: int) -> float:
    """Beats a minute: librosa's estimate, made finer by how sound repeats over many beats.

    librosa's own answer is a lag of whole frames, 1.2 % apart at 120 bpm. Its octave may be
    wrong, as a listener's may.
    """
    envelope = _envelope(sound, sample_rate)
    coarse = float(
        librosa.feature.tempo(onset_envelope=envelope, sr=sample_rate, hop_length=HOP)[0]
    )
    return _refined(envelope, sample_rate / HOP, coarse)


def nearest_tempo(sound: Mono, sample_rate: int, near_bpm: float) -> float:
    """The tempo within 4 % of `near_bpm` at whose beats the sound repeats itself best."""
    return _refined(_envelope(sound, sample_rate), sample_rate / HOP, near_bpm)


def _envelope(sound: Mono, sample_rate: int) -> NDArray[np.floating]:
    return librosa.onset.onset_strength(y=sound, sr=sample_rate, hop_length=HOP)


def _refined(envelope: NDArray[np.floating], frame_rate: float, near_bpm: float) -> float:
    alike = librosa.autocorrelate(envelope - envelope.mean())
    lags = np.arange(len(alike))
    alike = alike / np.maximum(len(alike) - lags, 1)
    candidates = near_bpm * np.linspace(0.96, 1.04, 801)
    beat = 60.0 * frame_rate / candidates
    most = int(0.6 * len(alike) / beat.max())
    score = np.zeros_like(candidates)
    for multiple in range(1, max(most, 1) + 1):
        score += np.interp(multiple * beat, lags, alike)
    return float(candidates[int(np.argmax(score))])


def tempo_error(found: float, true: float) -> float:
    """Relative distance of two tempi, octaves apart allowed."""
    return min(abs(found / (true * octave) - 1) for octave in (0.25, 0.5, 1.0, 2.0, 4.0))


def chroma(sound: Mono, sample_rate: int) -> NDArray[np.float64]:
    """Strength of each pitch class, (12, frames of 46 ms), C first.

    Only spectral peaks from 60 to 700 Hz count: fundamentals lie there, and the third harmonic,
    which would pass for the fifth, mostly above.
    """
    low = librosa.resample(sound, orig_sr=sample_rate, target_sr=_CHROMA_RATE)
    size = np.abs(librosa.stft(low, n_fft=_CHROMA_WINDOW, hop_length=_CHROMA_HOP))
    freq_hz = librosa.fft_frequencies(sr=_CHROMA_RATE, n_fft=_CHROMA_WINDOW)
    peaks = np.zeros_like(size)
    inside = size[1:-1]
    peaks[1:-1] = inside * ((inside > size[:-2]) & (inside >= size[2:]))
    peaks *= ((freq_hz > _CHROMA_HZ[0]) & (freq_hz < _CHROMA_HZ[1]))[:, None]
    bank = librosa.filters.chroma(sr=_CHROMA_RATE, n_fft=_CHROMA_WINDOW, tuning=0.0, octwidth=None)
    return np.sqrt(bank @ peaks**2)


def chroma_by_bar(sound: Mono, sample_rate: int, bar_s: float) -> NDArray[np.float64]:
    """(bars, 12) of the whole bars in `sound`, each of length 1; the first tenth is left out,
    where the bar before still rings."""
    found = chroma(sound, sample_rate)
    time_s = np.arange(found.shape[1]) * _CHROMA_HOP / _CHROMA_RATE
    bars = int(len(sound) / sample_rate / bar_s + 1e-6)
    out = np.zeros((bars, 12))
    for bar in range(bars):
        here = (time_s >= (bar + 0.1) * bar_s) & (time_s < (bar + 0.98) * bar_s)
        out[bar] = found[:, here].sum(axis=1)
    return out / np.maximum(np.linalg.norm(out, axis=1, keepdims=True), 1e-9)


@dataclass(frozen=True)
class KeyHeard:
    key: Key
    strengths: dict[Key, float]  # correlation with each key's profile

    def rank(self, key: Key) -> int:
        """0 for the key that fits best."""
        return sorted(self.strengths, key=lambda k: -self.strengths[k]).index(key)


def key_of(sound: Mono, sample_rate: int) -> KeyHeard:
    """The key by Krumhansl's algorithm: the profile that the chroma correlates with best."""
    told = chroma(sound, sample_rate).sum(axis=1)
    strengths = {
        Key(tonic, mode): float(np.corrcoef(told, np.roll(PROFILES[mode], tonic))[0, 1])
        for mode in Mode
        for tonic in range(12)
    }
    return KeyHeard(max(strengths, key=lambda key: strengths[key]), strengths)


def onsets_s(sound: Mono, sample_rate: int) -> NDArray[np.float64]:
    """Where something begins, in seconds, to some 3 ms.

    librosa finds the onsets; each is then moved back to where its rise began.
    """
    envelope = librosa.onset.onset_strength(
        y=sound, sr=sample_rate, hop_length=_ONSET_HOP, n_fft=_ONSET_WINDOW,
        lag=2, max_size=3, n_mels=40,
    )  # fmt: skip
    return librosa.onset.onset_detect(
        onset_envelope=envelope, sr=sample_rate, hop_length=_ONSET_HOP, units="time", delta=0.1,
        wait=int(0.03 * sample_rate / _ONSET_HOP),
    )  # fmt: skip
