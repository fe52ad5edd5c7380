"""Tempo and grid of click tracks, whose truth is known."""

from __future__ import annotations

import numpy as np
import pytest

from engine.training.listening import rhythm
from engine.training.listening.heard import SAMPLE_RATE, hear
from engine.training.listening.rhythm import Envelope

SECONDS = 10.0


def clicks(times_s: np.ndarray) -> Envelope:
    """The onset strength of short bursts of noise, every other one louder."""
    rng = np.random.default_rng(0)
    out = np.zeros(int(SECONDS * SAMPLE_RATE), np.float32)
    burst = rng.normal(0, 0.3, 2_000) * np.exp(-np.arange(2_000) / 300)
    for number, start_s in enumerate(times_s[times_s < SECONDS - 0.1]):
        start = round(start_s * SAMPLE_RATE)
        out[start : start + 2_000] += (1.0 if number % 2 == 0 else 0.6) * burst
    return hear(np.stack([out, out], axis=1)).envelope


def beats(bpm: float, per_beat: float = 1.0) -> np.ndarray:
    return np.arange(0, SECONDS, 60 / bpm / per_beat)


@pytest.mark.parametrize("bpm", [71.3, 96.0, 118.6, 149.0, 174.0])
def test_a_click_tracks_tempo_is_found_to_a_part_in_three_hundred(bpm: float) -> None:
    found = rhythm.tempo_bpm(clicks(beats(bpm, 2)))
    assert min(abs(found / (bpm * f) - 1) for f in (0.5, 1, 2)) < 0.003
    assert rhythm.same_tempo(found, bpm)


def test_one_percent_is_the_same_tempo_and_two_are_not() -> None:
    assert rhythm.same_tempo(100.9, 100)
    assert rhythm.same_tempo(50.4, 100)
    assert not rhythm.same_tempo(102, 100)
    assert not rhythm.same_tempo(150, 100)


def test_the_grid_tells_right_places_from_late_ones_and_silence_from_both() -> None:
    on_it = clicks(beats(100, 2))
    late = clicks(beats(100, 2) + 0.075)
    assert rhythm.on_grid(on_it, 100) > 0.95
    assert rhythm.on_grid(late, 100) < 0.1
    assert np.isnan(rhythm.on_grid(np.zeros(1_000, np.float32), 100))


def test_a_swung_clip_keeps_to_the_swung_grid_alone() -> None:
    swung = clicks(rhythm.grid_s(SECONDS, 90, swing=0.66, swing_steps=2)[::2])
    assert rhythm.on_grid(swung, 90, 0.66, 2) > 0.95
    assert rhythm.on_grid(swung, 90) < 0.7


def test_a_straight_grid_is_even() -> None:
    steps = np.diff(rhythm.grid_s(4.0, 120))
    assert steps == pytest.approx(0.125)
