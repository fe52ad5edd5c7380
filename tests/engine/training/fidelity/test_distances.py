"""Distances between sounds whose distance is known."""

from __future__ import annotations

import numpy as np
import pytest

from engine.training.fidelity import distances
from engine.training.fidelity.distances import SAMPLE_RATE, Sound

EQUAL = {
    distances.log_mel_distance: 0.0,
    distances.stft_distance: 0.0,
    distances.level_difference_error: 0.0,
    distances.coherence_error: 0.0,
    distances.chroma_correlation: 1.0,
    distances.same_key: 1.0,
}


@pytest.fixture
def noise() -> Sound:
    return np.random.default_rng(0).normal(0, 0.1, (SAMPLE_RATE, 2)).astype(np.float32)


def chord(*pitches: int, seconds: float = 1.0) -> Sound:
    """Sines at MIDI pitches, both channels alike."""
    time_s = np.arange(round(seconds * SAMPLE_RATE)) / SAMPLE_RATE
    sines = [np.sin(2 * np.pi * 440 * 2 ** ((pitch - 69) / 12) * time_s) for pitch in pitches]
    return np.repeat(0.1 * np.sum(sines, axis=0)[:, None], 2, axis=1).astype(np.float32)


def cadence(tonic: int, third: int) -> Sound:
    """I IV V I, the first degree with `third` semitones."""
    chords = [(0, third, 7), (5, 5 + third, 12), (7, 11, 14), (0, third, 7)]
    return np.concatenate([chord(*(tonic + step for step in each)) for each in chords])


@pytest.mark.parametrize("distance", EQUAL, ids=lambda distance: distance.__name__)
def test_a_sound_is_nowhere_but_at_itself(distance, noise: Sound) -> None:
    assert distance(noise, noise) == pytest.approx(EQUAL[distance], abs=1e-6)


def test_half_the_amplitude_is_six_decibels(noise: Sound) -> None:
    assert distances.log_mel_distance(noise, noise / 2) == pytest.approx(6.02, abs=0.01)
    # The convergence is a half; the log magnitudes are ln 2 apart.
    assert distances.stft_distance(noise, noise / 2) == pytest.approx(0.5 + np.log(2), abs=0.01)


def test_the_signal_to_distortion_ratio_is_that_of_the_noise_added(noise: Sound) -> None:
    other = np.random.default_rng(1).normal(0, 0.01, noise.shape)
    made = (0.3 * (noise + other)).astype(np.float32)
    assert distances.si_sdr(noise, made) == pytest.approx(20, abs=0.2)


def test_a_source_that_moves_is_told_in_decibels() -> None:
    middle = chord(60, 67)
    aside = middle * np.array([2.0, 1.0], np.float32)  # 6 dB to the left
    assert distances.level_difference_error(middle, aside) == pytest.approx(6.02, abs=0.3)
    assert distances.coherence_error(middle, aside) < 0.01


def test_wide_noise_folded_to_the_middle_loses_its_width(noise: Sound) -> None:
    folded = np.repeat(noise.mean(axis=1, keepdims=True), 2, axis=1)
    assert 0.5 < distances.coherence_error(noise, folded) < 1
    assert distances.level_difference_error(noise, folded) < 3


def test_chroma_knows_the_notes_and_not_their_loudness() -> None:
    one = np.concatenate([chord(60, 64, 67), chord(62, 65, 69)])
    assert distances.chroma_correlation(one, one / 3) == pytest.approx(1, abs=1e-3)
    moved = np.concatenate([chord(61, 65, 68), chord(63, 66, 70)])
    assert distances.chroma_correlation(one, moved) < 0.2


def test_sides_out_of_phase_have_the_chroma_of_sides_in_phase() -> None:
    one = chord(60, 64, 67)
    assert distances.chroma_correlation(one, one * np.array([1, -1], np.float32)) > 0.9999


def test_what_is_left_in_a_rest_has_no_chroma(noise: Sound) -> None:
    rest = np.zeros_like(noise)
    one, two = (np.concatenate([chord(60, 64, 67), rest + 1e-5 * each]) for each in (noise, 0))
    assert distances.chroma_correlation(one, two) > 0.99
    assert distances.chroma_correlation(one, np.concatenate([one[: len(one) // 2], noise])) > 0.9
    assert np.isnan(distances.chroma_correlation(rest, noise))
    assert distances.key_of(one) == distances.key_of(two)


@pytest.mark.parametrize("tonic", [0, 5, 9])
def test_keys_are_heard_in_cadences(tonic: int) -> None:
    assert distances.key_of(cadence(60 + tonic, 4)) == tonic
    assert distances.key_of(cadence(60 + tonic, 3)) == 12 + tonic
    assert distances.same_key(cadence(60, 4), cadence(63, 4)) == 0
