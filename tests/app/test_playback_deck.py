"""What the deck makes of a take before it is heard."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from app.playback.deck import Deck, overlaid

RATE, OTHER = 44_100, 48_000


def tone(rate: int, seconds: float) -> NDArray[np.float32]:
    """A note that goes on into its own beginning, at neither end near zero."""
    phase = 2 * np.pi * 440 * np.arange(round(seconds * rate)) / rate + 1.0
    return np.repeat((0.5 * np.sin(phase))[:, None], 2, axis=1).astype(np.float32)


def prepared(is_loop: bool) -> NDArray[np.float32]:
    deck = Deck()
    deck.adopt_rate(OTHER)
    deck.put(0, tone(RATE, 1.0), RATE, is_loop)
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
    control = deck._mixer.control
    assert control.loop == (0, len(control.sources[0]))


@pytest.mark.parametrize("rate", [RATE, OTHER])
def test_a_piece_is_heard_where_it_was_laid_and_stays_when_the_rate_changes(rate: int) -> None:
    deck, piece = Deck(), tone(RATE, 0.5)
    deck.adopt_rate(rate)
    deck.put(0, np.zeros((RATE, 2), np.float32), RATE)
    silent = deck._mixer.control.sources[0]
    deck.lay(0, RATE // 4, piece)
    assert not silent.any()  # what is playing does not change under the audio thread
    for now in (rate, OTHER, RATE):
        deck.adopt_rate(now)
        audio = deck._mixer.control.sources[0]
        inside = audio[round(0.26 * now) : round(0.74 * now)]
        expected = tone(now, 0.5)[round(0.01 * now) :][: len(inside)]
        assert len(audio) == now
        np.testing.assert_allclose(inside, expected, atol=2e-3)
        assert np.abs(audio[: round(0.24 * now)]).max() < 1e-3
        assert np.abs(audio[round(0.76 * now) :]).max() < 1e-3


def test_a_piece_goes_over_into_what_was_there_but_not_at_the_ends_of_the_whole() -> None:
    whole, piece = np.full((1_000, 2), 0.5, np.float32), np.full((400, 2), -0.5, np.float32)
    middle = overlaid(whole, piece, 300, RATE)
    assert float(np.abs(np.diff(middle, axis=0)).max()) < 0.01
    np.testing.assert_array_equal(middle[500], piece[0])
    assert (middle[:300] == 0.5).all()
    assert (middle[700:] == 0.5).all()
    np.testing.assert_array_equal(overlaid(whole, piece, 0, RATE)[0], piece[0])
    np.testing.assert_array_equal(overlaid(whole, piece, 900, RATE)[-1], piece[0])
    np.testing.assert_array_equal(overlaid(whole, piece, 1_000, RATE), whole)
