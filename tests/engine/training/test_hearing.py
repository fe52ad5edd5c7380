"""The ear on sounds whose truth is known."""

from __future__ import annotations

import numpy as np
import pytest

from engine.score import Key
from engine.training import hearing

RATE = 44_100
NAMES = ("C", "A minor", "F# minor", "Eb")


def clicks(bpm: float, seconds: float = 12.0) -> hearing.Mono:
    rng = np.random.default_rng(0)
    out = np.zeros(int(seconds * RATE), np.float32)
    burst = rng.normal(0, 0.3, 2_000) * np.exp(-np.arange(2_000) / 300)
    for beat in range(int((seconds - 0.1) * bpm / 60)):
        start = round(beat * 60 / bpm * RATE)
        out[start : start + 2_000] += (1.0 if beat % 4 == 0 else 0.7) * burst
    return out


def chord(pitches: tuple[int, ...], seconds: float = 2.0) -> hearing.Mono:
    time_s = np.arange(int(seconds * RATE)) / RATE
    tones = [np.sin(2 * np.pi * 440 * 2 ** ((pitch - 69) / 12) * time_s) for pitch in pitches]
    return (0.1 * np.sum(tones, axis=0)).astype(np.float32)


@pytest.mark.parametrize("bpm", [71.3, 97.0, 118.6, 174.0])
def test_a_tempo_is_found_to_a_part_in_three_hundred(bpm: float) -> None:
    sound = clicks(bpm)
    assert hearing.tempo_error(hearing.tempo_bpm(sound, RATE), bpm) < 0.003
    assert hearing.nearest_tempo(sound, RATE, 1.025 * bpm) == pytest.approx(bpm, rel=0.003)


def test_octaves_are_no_error_and_thirds_are() -> None:
    assert hearing.tempo_error(60, 120) == hearing.tempo_error(240, 120) == 0
    assert hearing.tempo_error(80, 120) > 0.3


def test_onsets_are_found_to_five_milliseconds() -> None:
    found = hearing.onsets_s(clicks(90.0), RATE)
    wanted = np.arange(1, 17) * 60 / 90.0
    assert np.abs(wanted[:, None] - found[None]).min(axis=1).max() < 0.005


@pytest.mark.parametrize("name", NAMES)
def test_a_cadence_has_its_key(name: str) -> None:
    key = Key.parse(name)
    third = 4 if "minor" not in name else 3
    home = 60 + key.tonic - 12
    tonic = (home, home + third, home + 7)
    fourth = (home, home + 5, home + 5 + third)
    fifth = (home - 1, home + 2, home + 7)
    sound = np.concatenate([chord(each) for each in (tonic, fourth, fifth, tonic)])
    found = hearing.key_of(sound, RATE)
    assert found.key == key
    assert found.rank(key) == 0


def test_each_bar_has_its_own_chroma() -> None:
    sound = np.concatenate([chord((60, 64, 67)), chord((65, 69, 72))])
    bars = hearing.chroma_by_bar(sound, RATE, 2.0)
    assert bars.shape == (2, 12)
    assert set(np.argsort(bars[0])[-3:]) == {0, 4, 7}
    assert set(np.argsort(bars[1])[-3:]) == {5, 9, 0}
