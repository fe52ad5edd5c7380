"""How many seconds a job still takes: evaluations like those before, decoding like last time."""

from __future__ import annotations

import time
from collections.abc import Callable

SLOW_DECODING = 0.05  # seconds a second of sound, which a slow machine takes


class Pace:
    """Told what a job does as it does it; keeps what earlier jobs taught about decoding."""

    def __init__(self, clock: Callable[[], float] = time.perf_counter) -> None:
        self._clock = clock
        self._decode_share = 0.0  # seconds of decoding a second of sound
        self._duration_s = 0.0
        self._started = self._first_done = self._last_done = 0.0
        self._prepared = 0  # evaluations of the first step
        self._each_s = 0.0  # an evaluation, as far as is known

    def start(self, duration_s: float) -> None:
        """A job for `duration_s` of sound begins."""
        self._duration_s = duration_s
        self._started = self._clock()
        self._prepared = 0

    def step_done(self, done: int, total: int) -> float:
        """Seconds left after a step, with `done` of `total` evaluations of the network made.

        The first step, which prepares, counts only while it is alone.
        """
        self._last_done = self._clock()
        if not self._prepared:
            self._prepared, self._first_done = done, self._last_done
            self._each_s = (self._last_done - self._started) / done
        else:
            self._each_s = (self._last_done - self._first_done) / (done - self._prepared)
        return self._each_s * (total - done) + self._decode_share * self._duration_s

    def pause_s(self, evaluations: int) -> float:
        """How long the next step takes, which makes `evaluations`; with none, the decoding."""
        if evaluations:
            return self._each_s * evaluations
        return max(self._decode_share, SLOW_DECODING) * self._duration_s

    def decoded(self) -> None:
        """The clip is decoded; its last step was just before."""
        self._decode_share = (self._clock() - self._last_done) / self._duration_s
