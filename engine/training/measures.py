"""What a listener would check, measured on sound alone: tempo, grid, drums, harmony, damage."""

from __future__ import annotations

from dataclasses import dataclass

import librosa
import numpy as np
from numpy.typing import NDArray

from engine.score import Score

HOP = 256
GRID_TOLERANCE_S = 0.030
TEMPO_TOLERANCE = 0.04

Mono = NDArray[np.float32]


def mono(audio: NDArray[np.float32]) -> Mono:
    """(frames, channels) → (frames,)"""
    return audio.mean(axis=1)


def onset_envelope(sound: Mono, sample_rate: int) -> NDArray[np.float32]:
    return librosa.onset.onset_strength(y=sound, sr=sample_rate, hop_length=HOP, n_fft=1024)


def tempo_bpm(sound: Mono, sample_rate: int) -> float:
    """librosa's estimate, blind to what was asked (Ellis 2007's autocorrelation with a prior)."""
    envelope = onset_envelope(sound, sample_rate)
    return float(librosa.feature.tempo(onset_envelope=envelope, sr=sample_rate, hop_length=HOP)[0])


def same_tempo(found: float, asked: float) -> bool:
    """Within 4 % of the asked tempo or of its octave, or of three to two in triple time."""
    return any(abs(found / (asked * f) - 1) <= TEMPO_TOLERANCE for f in (0.5, 1.0, 2.0))


@dataclass(frozen=True)
class Grid:
    """Share of onsets within 30 ms of a sixteenth, and what random onsets would get."""

    share: float
    chance: float

    @property
    def above_chance(self) -> float:
        """0 for onsets at random times, 1 for all on the grid."""
        return (self.share - self.chance) / (1 - self.chance)


def on_grid(sound: Mono, sample_rate: int, asked_bpm: float) -> Grid:
    """Each onset counts by its strength; the grid starts at 0 s, as generated music does."""
    envelope = onset_envelope(sound, sample_rate)
    frames = librosa.onset.onset_detect(
        onset_envelope=envelope, sr=sample_rate, hop_length=HOP, backtrack=False
    )
    sixteenth_s = 15.0 / asked_bpm
    chance = min(1.0, 2 * GRID_TOLERANCE_S / sixteenth_s)
    if len(frames) == 0:
        return Grid(0.0, chance)
    # The envelope peaks one hop after the energy rises.
    time_s = (frames - 1) * HOP / sample_rate
    away_s = np.abs(time_s - np.round(time_s / sixteenth_s) * sixteenth_s)
    weight = envelope[frames]
    return Grid(float(weight[away_s <= GRID_TOLERANCE_S].sum() / weight.sum()), chance)


def drum_features(sound: Mono, sample_rate: int) -> NDArray[np.float64]:
    """Four numbers that drums move: percussive share, and how sudden the treble and bass are."""
    spectrum = np.abs(librosa.stft(sound, n_fft=1024, hop_length=HOP))
    harmonic, percussive = librosa.decompose.hpss(spectrum, margin=2.0)
    percussive_share = np.log10((percussive**2).sum() / ((harmonic**2).sum() + 1e-9) + 1e-6)
    freq_hz = librosa.fft_frequencies(sr=sample_rate, n_fft=1024)
    return np.array(
        [
            percussive_share,
            _suddenness(spectrum[freq_hz > 5_000]),
            _suddenness(spectrum[(freq_hz > 1_000) & (freq_hz < 5_000)]),
            np.log10((spectrum[freq_hz > 5_000] ** 2).sum() / (spectrum**2).sum() + 1e-6),
        ]
    )


def _suddenness(spectrum: NDArray[np.float32]) -> float:
    """Upper decile of the rise in level, in dB a hop."""
    level = 10 * np.log10((spectrum**2).mean(axis=0) + 1e-8)
    return float(np.percentile(np.diff(level), 97))


def chord_agreement(sound: Mono, sample_rate: int, score: Score) -> float:
    """Share of chroma energy, bar by bar, on the asked chord's tones, 0 to 1."""
    bar_s = score.seconds_per_bar
    if bar_s is None or not score.chords:
        return float("nan")
    chroma = librosa.feature.chroma_stft(
        y=sound, sr=sample_rate, n_fft=8_192, hop_length=2_048, tuning=0.0
    )
    time_s = np.arange(chroma.shape[1]) * 2_048 / sample_rate
    total = on_chord = 0.0
    for column, second in zip(chroma.T, time_s, strict=True):
        chord = score.chord_at(int(second / bar_s))
        assert chord is not None
        energy = column**2
        total += float(energy.sum())
        on_chord += float(energy[list(chord.pitch_classes)].sum())
    return on_chord / total if total else 0.0


def faults(audio: NDArray[np.float32]) -> list[str]:
    """What no clip may be: not a number, silent, or clipped for a millisecond or more."""
    found = []
    if not np.isfinite(audio).all():
        found.append("not a number")
    if float(np.sqrt(np.square(audio).mean())) < 10 ** (-50 / 20):
        found.append("silent")
    over = np.abs(audio) >= 1.0
    if over.mean() > 1e-3:
        found.append(f"clipped in {over.mean():.1%} of samples")
    return found
