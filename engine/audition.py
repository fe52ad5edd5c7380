"""Sound while it forms: when an ear that goes on listening is given a newer piece, and how long.

A piece is a draft of the newest estimate from the ear's place on. Making one holds up the
sampling. So the ear gets a newer one as often as that costs a fixed share of the time, and at once
where what it has would end before the next can come.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor

    from engine.pipeline import Generation, Sound

SHARE = 0.15  # of the time that newer pieces may take
DELAY_S = 0.3  # on the way to the ear, the output's own delay included
LONGER = 3  # a piece, than what must lie before the ear: a newer one is not needed every time


class Audition:
    """One job's. `ear_s` is where in its clip it is heard; None while nobody listens."""

    def __init__(self, clock: Callable[[], float] = time.perf_counter) -> None:
        self.ear_s: float | None = None
        self._clock = clock
        self._given_s = (0.0, 0.0)  # where the last piece begins and ends
        self._rests_until = 0.0

    def piece(
        self, generation: Generation, latents: Tensor, pause_s: float
    ) -> tuple[int, Sound] | None:
        """The first frame and (frames, channels), where a newer piece of `latents` is due.

        `pause_s` says how long it takes until the next estimate, or the whole clip, is there.
        """
        ear_s, began = self.ear_s, self._clock()
        if ear_s is None:
            self._given_s = (0.0, 0.0)
            return None
        ahead_s = pause_s + DELAY_S
        if began < self._rests_until and self._has(ear_s, ahead_s, generation):
            return None
        begin, audio = generation.excerpt(latents, ear_s, LONGER * ahead_s)
        rate = generation.model.codec.sample_rate
        self._given_s = begin / rate, (begin + len(audio)) / rate
        now = self._clock()
        self._rests_until = now + (now - began) * (1 / SHARE - 1)
        return begin, audio

    def _has(self, ear_s: float, ahead_s: float, generation: Generation) -> bool:
        """Whether the last piece lies `ahead_s` before the ear, or up to the clip's end."""
        begin_s, end_s = self._given_s
        needed_s = min(ear_s + ahead_s, generation.samples / generation.model.codec.sample_rate)
        return begin_s <= ear_s < end_s and needed_s <= end_s
