"""The harmony ear on synthetic triads: taught in one octave of keys, asked in others."""

from __future__ import annotations

import numpy as np
import pytest

from engine.score import Chord, Key, Mode, Score
from engine.training.listening.harmony import HarmonyEar, bars, train_harmony, triad
from engine.training.listening.heard import SAMPLE_RATE
from engine.training.listening.pitches import LOW, Pitches, pitches

BAR_S = 2.0


def tones(midi: tuple[int, ...], seconds: float = BAR_S) -> np.ndarray:
    time_s = np.arange(int(seconds * SAMPLE_RATE)) / SAMPLE_RATE
    waves = [np.sin(2 * np.pi * 440 * 2 ** ((pitch - 69) / 12) * time_s) for pitch in midi]
    return (0.1 * np.sum(waves, axis=0)).astype(np.float32)


def progression(tonic: int, mode: Mode) -> tuple[Pitches, Score]:
    """I IV V I, or i iv v i, with the root in the bass."""
    quality = "" if mode is Mode.MAJOR else "m"
    chords = tuple(Chord((tonic + step) % 12, quality) for step in (0, 5, 7, 0))
    sound = np.concatenate(
        [tones((36 + c.root, *(60 + tone for tone in c.pitch_classes))) for c in chords]
    )
    score = Score(120.0, 4, Key(tonic, mode), chords, 4, False)
    return pitches(sound, SAMPLE_RATE), score


@pytest.fixture(scope="module")
def ear() -> HarmonyEar:
    told = [progression(tonic, mode) for tonic in (0, 3, 7, 10) for mode in Mode]
    return train_harmony([heard for heard, _ in told], [score for _, score in told])


@pytest.mark.parametrize("mode", list(Mode))
@pytest.mark.parametrize("tonic", [1, 5, 8])
def test_keys_and_chords_are_heard_in_keys_that_were_not_taught(
    ear: HarmonyEar, tonic: int, mode: Mode
) -> None:
    heard, score = progression(tonic, mode)
    assert ear.key(heard) == score.key
    assert ear.chords_kept(heard, score) == 1.0
    other = Score(120.0, 4, score.key, (Chord((tonic + 1) % 12),), 4, False)
    assert ear.chords_kept(heard, other) == 0.0


def test_pitches_are_told_a_semitone_apart_in_the_bass() -> None:
    for pitch in (33, 34, 35, 60):
        heard = pitches(tones((pitch,)), SAMPLE_RATE).mean(axis=1)
        assert int(heard.argmax()) + LOW == pitch


def test_only_triads_with_a_perfect_fifth_are_asked() -> None:
    asked = {name: triad(Chord.parse(name)) for name in ("C", "C#m7", "Dsus4", "Bdim", "A9", "G5")}
    assert asked == {"C": 0, "C#m7": 13, "Dsus4": None, "Bdim": None, "A9": 9, "G5": None}
    heard, score = progression(0, Mode.MAJOR)
    assert bars(heard, Score(tempo_bpm=120.0)) == []
    assert [place for _, place in bars(heard, score)] == [0, 5, 7, 0]
