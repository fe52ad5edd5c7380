"""What the deck makes of a take before it is heard."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from app.playback.deck import Deck

RATE, OTHER = 44_100, 48_000


def tone(rate: int, seconds: float) -> NDArray[np.float32]:
    """A note that goes on into its own beginning, at neither end near zero."""
    phase = 2 * np.pi * 440 * np.arange(round(seconds * rate)) / rate + 1.0
    return np.repeat((0.5 * np.sin(phase))[:, None], 2, axis=1).astype(np.float32)


def prepared(is_loop: bool) -> NDArray[np.float32]:
    deck = Deck()
    deck.adopt_rate(OTHER)
    deck.put(0, tone(RATE, 1.0), RATE, is_loop)
    deck.prepare(0)
    return deck._mixer.control.sources[0]


@pytest.mark.parametrize("is_loop", [True, False])
def test_a_loop_at_another_rate_has_no_seam(is_loop: bool) -> None:
    audio = prepared(is_loop)
    assert len(audio) == OTHER
    seam = np.concatenate([audio[-200:], audio[:200]])
    ideal = np.concatenate([tone(OTHER, 1.0)[-200:], tone(OTHER, 1.0)[:200]])
    error_db = 20 * np.log10(np.abs(seam - ideal).max() / 0.5)
    assert bool(error_db < -60) is is_loop


def test_the_whole_loop_is_what_repeats() -> None:
    deck = Deck()
    deck.adopt_rate(OTHER)
    frames = round(RATE * 60 / 93 * 4)  # a bar at 93 bpm: no whole number of frames at 48 kHz
    deck.put(0, np.zeros((frames, 2), np.float32), RATE, is_loop=True)
    deck.set_loop((0.0, frames / RATE))
    deck.prepare(0)
    control = deck._mixer.control
    assert control.loop == (0, len(control.sources[0]))
