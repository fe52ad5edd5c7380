"""When a listening ear is given newer sound, on a clock turned by hand."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from engine.audition import DELAY_S, LONGER, SHARE, Audition

RATE, COST_S, STEP_S = 1_000, 0.03, 0.04
PIECE_S = LONGER * (STEP_S + DELAY_S)


@dataclass
class Listening:
    """An audition of a clip of ten seconds, of which every piece costs `COST_S`."""

    now: float = 100.0
    made: list[tuple[float, float]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.audition = Audition(clock=lambda: self.now)
        codec = SimpleNamespace(sample_rate=RATE)
        self.samples, self.model = 10 * RATE, SimpleNamespace(codec=codec)

    def excerpt(self, latents: Any, begin_s: float, length_s: float) -> tuple[int, Any]:
        self.now += COST_S
        self.made.append((begin_s, length_s))
        begin = round(begin_s * RATE)
        return begin, np.zeros((min(round(length_s * RATE), self.samples - begin), 2))

    def step(self, ear_s: float | None, pause_s: float = STEP_S, later_s: float = 0.0) -> bool:
        """Whether a piece came with an estimate that is `later_s` younger than the last."""
        self.now += later_s
        self.audition.ear_s = ear_s
        return self.audition.piece(self, None, pause_s) is not None  # type: ignore[arg-type]


def test_nobody_who_does_not_listen_costs_anything() -> None:
    listening = Listening()
    assert not listening.step(None)
    assert listening.now == 100.0


def test_the_first_piece_comes_at_once_from_the_ear_on() -> None:
    listening = Listening()
    assert listening.step(3.5)
    assert listening.made == [(3.5, pytest.approx(PIECE_S))]


def test_newer_pieces_take_no_more_than_their_share_of_the_time() -> None:
    listening = Listening()
    steps = 0
    while listening.now < 104.0:
        steps += listening.step(listening.now - 100.0, later_s=0.04)
    assert steps > 10
    assert COST_S * steps <= SHARE * 4.0 + COST_S


def test_an_ear_that_would_run_dry_or_has_moved_gets_a_piece_whatever_it_costs() -> None:
    listening = Listening()
    assert listening.step(3.0)
    assert not listening.step(3.1)
    assert listening.step(3.0 + PIECE_S - DELAY_S)
    assert listening.step(2.0)
    assert listening.step(7.0)
    assert not listening.step(7.1)
    assert not listening.step(None)
    assert listening.step(7.2)


@pytest.mark.parametrize("pause_s", [0.5, 3.0])
def test_a_piece_lasts_over_a_long_pause(pause_s: float) -> None:
    listening = Listening()
    assert listening.step(1.0, pause_s)
    ((_, length_s),) = listening.made
    assert length_s >= pause_s + DELAY_S + 0.5


def test_before_the_clip_s_end_there_is_nothing_to_run_out_of() -> None:
    listening = Listening()
    assert listening.step(9.5)
    assert not listening.step(9.9)
