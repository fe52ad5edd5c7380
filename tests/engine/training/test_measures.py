"""The measures on sounds whose truth is known: click tracks, chords, damage."""

from __future__ import annotations

import numpy as np
import pytest

from engine.score import Chord, Score
from engine.training import measures
from engine.training.evaluation import SAMPLE_RATE, DrumDetector, picture_distance
from engine.training.measures import Mono

SECONDS = 10.0


def clicks(bpm: float, per_beat: float = 1.0, late_s: float = 0.0, seed: int = 0) -> Mono:
    """Short bursts of noise, each second one louder, at `per_beat` times the tempo."""
    rng = np.random.default_rng(seed)
    out = np.zeros(int(SECONDS * SAMPLE_RATE), np.float32)
    burst = rng.normal(0, 0.3, 2_000) * np.exp(-np.arange(2_000) / 300)
    period_s = 60 / bpm / per_beat
    for beat in range(int((SECONDS - 0.2) / period_s)):
        start = int((beat * period_s + late_s) * SAMPLE_RATE)
        out[start : start + 2_000] += (1.0 if beat % 2 == 0 else 0.6) * burst
    return out


def tone(*freq_hz: float, seconds: float = SECONDS) -> Mono:
    time_s = np.arange(int(seconds * SAMPLE_RATE)) / SAMPLE_RATE
    return sum(0.1 * np.sin(2 * np.pi * f * time_s) for f in freq_hz).astype(np.float32)  # type: ignore[union-attr]


@pytest.mark.parametrize("bpm", [75.0, 96.0, 120.0, 174.0])
def test_a_click_tracks_tempo_is_found(bpm: float) -> None:
    assert measures.same_tempo(measures.tempo_bpm(clicks(bpm), SAMPLE_RATE), bpm)


def test_octaves_pass_for_a_tempo_and_other_ratios_do_not() -> None:
    assert measures.same_tempo(150, 75)
    assert measures.same_tempo(37.6, 75)
    assert measures.same_tempo(77.9, 75)
    assert not measures.same_tempo(78.1, 75)
    assert not measures.same_tempo(112.5, 75)


def test_the_grid_tells_right_places_from_late_ones_and_other_tempos() -> None:
    on_it = measures.on_grid(clicks(100, per_beat=2), SAMPLE_RATE, 100)
    late = measures.on_grid(clicks(100, per_beat=2, late_s=0.075), SAMPLE_RATE, 100)
    elsewhere = measures.on_grid(clicks(113.7, per_beat=2), SAMPLE_RATE, 100)
    assert on_it.share > 0.95
    assert on_it.above_chance > 0.9
    assert late.share < 0.1
    assert elsewhere.above_chance == pytest.approx(0, abs=0.3)
    assert on_it.chance == pytest.approx(0.4)


def test_silence_has_no_onset_on_the_grid() -> None:
    assert measures.on_grid(np.zeros(SAMPLE_RATE, np.float32), SAMPLE_RATE, 100).share == 0


def test_a_chord_agrees_with_itself_and_not_with_another() -> None:
    triad = tone(261.6, 329.6, 392.0)
    score = Score(120.0, 4, None, (Chord(0, ""),), 5)
    other = Score(120.0, 4, None, (Chord(6, ""),), 5)
    assert measures.chord_agreement(triad, SAMPLE_RATE, score) > 0.9
    assert measures.chord_agreement(triad, SAMPLE_RATE, other) < 0.1
    assert np.isnan(measures.chord_agreement(triad, SAMPLE_RATE, Score(tempo_bpm=120.0)))


def test_faults_are_named_and_sound_has_none() -> None:
    good = np.stack([tone(440, seconds=1)] * 2, axis=1)
    assert measures.faults(good) == []
    assert measures.faults(np.zeros_like(good)) == ["silent"]
    assert "clipped in" in measures.faults((20 * good).clip(-1, 1))[0]
    broken = good.copy()
    broken[5] = np.nan
    assert "not a number" in measures.faults(broken)


def test_the_drum_detector_learns_clicks_from_tones() -> None:
    sounds = [clicks(90 + 10 * i, 2, seed=i) for i in range(4)]
    sounds += [tone(220 + 30 * i, 330 + 20 * i) for i in range(4)]
    features = np.array([measures.drum_features(sound, SAMPLE_RATE) for sound in sounds])
    detector = DrumDetector(features, np.arange(8) < 4)
    assert [detector(each) for each in features] == [True] * 4 + [False] * 4
    assert detector(measures.drum_features(clicks(133, 2, seed=9) + tone(300), SAMPLE_RATE))
    assert not detector(measures.drum_features(tone(261.6, 392.0), SAMPLE_RATE))


def test_pictures_of_one_sound_are_alike_and_of_two_are_not() -> None:
    one, two = (np.stack([clicks(bpm)] * 2, axis=1) for bpm in (80, 130))
    assert picture_distance(one, one) == pytest.approx(0, abs=1e-6)
    assert picture_distance(one, two) > 0.2
    assert picture_distance(np.zeros_like(one), one) == 0
