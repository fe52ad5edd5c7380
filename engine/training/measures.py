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


_TREBLE, _PRESENCE, _BASS = (6_000, 14_000), (2_000, 6_000), (0, 200)  # Hz
_STROKES = 20  # the strongest rises of treble that are looked at


def drum_features(sound: Mono, sample_rate: int) -> NDArray[np.float64]:
    """Twelve numbers that drums move: how noisy, sudden and bright a sound is, and when.

    Struck skins and cymbals are noise that begins at once: the spectrum is flat where the treble
    rises most, and between the strokes it is not.
    """
    power = np.abs(librosa.stft(sound, n_fft=1024, hop_length=HOP)) ** 2
    freq_hz = librosa.fft_frequencies(sr=sample_rate, n_fft=1024)
    bands = [
        power[(freq_hz >= low) & (freq_hz < high)] for low, high in (_TREBLE, _PRESENCE, _BASS)
    ]
    treble_db, presence_db, bass_db = (10 * np.log10(b.mean(axis=0) + 1e-6) for b in bands)
    # A floor below what is heard beside the rest: the noise of near silence says nothing.
    floor = 0.01 * power.mean()
    treble_flatness, presence_flatness = (_flatness(band + floor) for band in bands[:2])
    strokes = np.argsort(np.diff(treble_db))[-_STROKES:] + 1
    return np.array(
        [
            treble_flatness[strokes].mean(),
            presence_flatness[strokes].mean(),
            treble_db[strokes].mean(),
            np.percentile(treble_flatness, 90),
            np.percentile(presence_flatness, 90),
            *(np.percentile(np.diff(db), 97) for db in (treble_db, presence_db, bass_db)),
            10 * np.log10(bands[0].mean() / (power.mean() + 1e-12) + 1e-6),
            treble_db.std(),
            treble_flatness.mean(),
            presence_flatness.mean(),
        ]
    )


def _flatness(power: NDArray[np.floating]) -> NDArray[np.floating]:
    """Log of geometric over arithmetic mean, a frame: 0 for white noise, far below for tones."""
    return np.log(power + 1e-12).mean(axis=0) - np.log(power.mean(axis=0) + 1e-12)


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
