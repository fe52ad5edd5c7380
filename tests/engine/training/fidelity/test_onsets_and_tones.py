"""Attacks with and without an echo before them; tones moved by known cents, pure and rough."""

from __future__ import annotations

import numpy as np
import pytest

from engine.training.fidelity import onsets, tones
from engine.training.fidelity.distances import SAMPLE_RATE, Sound


def strokes() -> Sound:
    """Four decaying strokes of noise a second, over next to nothing."""
    rng = np.random.default_rng(0)
    time_s = np.arange(2 * SAMPLE_RATE) / SAMPLE_RATE
    decay = np.exp(-((time_s - 0.1) % 0.25) * 40) * (time_s > 0.1)
    noise = rng.normal(0, 1, (len(time_s), 2))
    return (0.2 * decay[:, None] * noise + 1e-4 * noise).astype(np.float32)


def test_attacks_are_found_and_equal_to_themselves() -> None:
    sound = strokes()
    assert len(list(onsets._attacks(sound, sound))) == 8
    assert onsets.onset_energy_error(sound, sound) == 0
    assert onsets.pre_echo(sound, sound) == 0


def test_a_stroke_heard_early_is_an_echo_before_it() -> None:
    sound = strokes()
    early = sound.copy()
    early[:-441] += 0.3 * sound[441:]  # 10 ms before, 10 dB below
    late = sound.copy()
    late[441:] += 0.3 * sound[:-441]
    assert onsets.pre_echo(sound, early) > 5
    assert onsets.pre_echo(sound, late) < 0.5
    assert onsets.onset_energy_error(sound, early) > 3


def test_sound_without_attacks_has_no_figure() -> None:
    steady = tones.tones()[3].sound
    assert np.isnan(onsets.onset_energy_error(steady, steady))
    assert np.isnan(onsets.pre_echo(steady, steady))


@pytest.mark.parametrize("number", [0, 12, 24])
@pytest.mark.parametrize("cents", [-31.0, 0.5, 12.0])
def test_cents_are_read_exactly(number: int, cents: float) -> None:
    tone = tones.tones()[number]
    moved = tones.tones(cents)[number].sound
    assert tones.cents_off(tone, moved) == pytest.approx(abs(cents), abs=0.02)


def test_where_nothing_sounds_the_tone_is_lost() -> None:
    tone = tones.tones()[8]
    assert tones.cents_off(tone, np.zeros_like(tone.sound)) == 100


def test_roughness_raises_the_flatness() -> None:
    tone = tones.tones()[8]
    time_s = np.arange(len(tone.sound)) / SAMPLE_RATE
    buzzing = tone.sound * (1 + 0.1 * np.sign(np.sin(2 * np.pi * 90 * time_s)))[:, None]
    noise = np.random.default_rng(0).normal(0, 1, tone.sound.shape)
    pure, rough, white = (tones.flatness_db(s) for s in (tone.sound, buzzing, noise))
    assert pure < -60
    assert pure + 20 < rough < white
    assert white == pytest.approx(-2.5, abs=0.3)
