"""Levels of signals whose levels are known."""

import math

import numpy as np
import pyloudnorm
import pytest

from engine.audio import loudness
from engine.audio.levels import (
    Levels,
    from_db,
    loudness_lufs,
    peak_db,
    rms_db,
    to_db,
    true_peak_db,
)

RATE = 48_000


def sine(freq_hz: float, amplitude: float = 1.0, phase: float = 0.0) -> np.ndarray:
    angle = 2 * np.pi * freq_hz * np.arange(2 * RATE) / RATE + phase
    return np.repeat((amplitude * np.sin(angle)).astype(np.float32)[:, None], 2, axis=1)


def test_decibels_and_amplitudes_are_inverse() -> None:
    assert from_db(to_db(0.25)) == pytest.approx(0.25)
    assert to_db(0.0) == -math.inf
    assert from_db(-math.inf) == 0.0


def test_a_full_scale_sine() -> None:
    audio = sine(1000)
    assert peak_db(audio) == pytest.approx(0.0, abs=1e-3)
    assert rms_db(audio) == pytest.approx(-3.0103, abs=1e-3)


def test_a_negative_peak_counts() -> None:
    audio = np.array([[0.1], [-0.5]], np.float32)
    assert peak_db(audio) == pytest.approx(-6.02, abs=0.01)


def test_true_peak_sees_between_samples() -> None:
    # At a quarter of the rate with 45° of phase every sample is at 0.707 of the crest.
    audio = sine(RATE / 4, phase=math.pi / 4)
    assert peak_db(audio) == pytest.approx(-3.01, abs=0.01)
    assert true_peak_db(audio[:RATE], RATE) == pytest.approx(0.0, abs=0.6)


def test_loudness_of_the_standards_reference_tone() -> None:
    # EBU Tech 3341, case 1: a 1 kHz stereo sine that peaks at −23 dBFS reads −23 LUFS.
    assert loudness_lufs(sine(1000, from_db(-23.0)), RATE) == pytest.approx(-23.0, abs=0.1)


@pytest.mark.parametrize("frames", [0, 100, RATE])
def test_silence_and_scraps_are_minus_infinity(frames: int) -> None:
    silence = np.zeros((frames, 2), np.float32)
    assert Levels.of(silence, RATE) == Levels(*[-math.inf] * 4)


def test_raised_equals_measuring_again() -> None:
    audio = sine(440, 0.1)
    raised, measured = Levels.of(audio, RATE).raised(6.0), Levels.of(audio * from_db(6.0), RATE)
    assert raised.peak_db == pytest.approx(measured.peak_db, abs=1e-3)
    assert raised.loudness_lufs == pytest.approx(measured.loudness_lufs, abs=1e-3)


@pytest.mark.parametrize("rate", [44_100, 48_000])  # below, pyloudnorm's shelf warps otherwise
@pytest.mark.parametrize("seconds", [0.5, 3.0, 12.3])
def test_loudness_agrees_with_pyloudnorm(rate: int, seconds: float) -> None:
    noise = np.random.default_rng(3)
    frames = round(seconds * rate)
    swell = np.abs(np.sin(np.arange(frames) / rate)) ** 4  # both gates have something to close on
    audio = (noise.normal(0, 0.2, (frames, 2)) * swell[:, None]).astype(np.float32)
    audio += 0.2 * np.sin(2 * np.pi * 55 * np.arange(frames) / rate).astype(np.float32)[:, None]
    expected = pyloudnorm.Meter(rate).integrated_loudness(audio.astype(np.float64))
    assert loudness_lufs(audio, rate) == pytest.approx(expected, abs=0.05)


def test_the_filters_are_the_standards_at_48_khz() -> None:
    # ITU-R BS.1770-4, tables 1 and 2.
    zeros, poles = loudness._shelf(48_000)
    table = [1.53512485958697, -2.69169618940638, 1.19839281085285]
    np.testing.assert_allclose(np.array(zeros) / poles[0], table, atol=1e-10)
    table = [1.0, -1.69065929318241, 0.73248077421585]
    np.testing.assert_allclose(np.array(poles) / poles[0], table, atol=1e-10)
    table = [1.0, -1.99004745483398, 0.99007225036621]
    np.testing.assert_allclose(loudness._high_pass(48_000)[1], table, atol=1e-10)
