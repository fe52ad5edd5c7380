"""The two sides of the A/B switch: which takes they hold and how they are made equally loud."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from engine.api import Clip
from engine.audio.levels import from_db, loudness_lufs


class TakeSlot(IntEnum):
    A = 0
    B = 1

    @property
    def other(self) -> TakeSlot:
        return TakeSlot(1 - self)


@dataclass(frozen=True, eq=False)
class LoadedTake:
    """Sound that can be played: `audio` is (frames, channels), never changed afterwards.

    Of what still forms, the player has more than `audio` tells, and there is nothing to draw.
    """

    audio: NDArray[np.float32]
    sample_rate: int
    title: str = ""
    is_loop: bool = False  # made to go on into its own beginning
    forms: bool = False  # pieces of it are still laid over `audio`

    @classmethod
    def of(cls, clip: Clip, title: str) -> LoadedTake:
        is_loop = bool(clip.request.score.loop)
        return cls(clip.audio, clip.sample_rate, title, is_loop)

    @property
    def duration_s(self) -> float:
        return len(self.audio) / self.sample_rate

    def loudness_lufs(self) -> float:
        """Integrated loudness; slow, for the background."""
        return loudness_lufs(self.audio, self.sample_rate)


class Slots:
    """A and B. Loudness arrives later than the takes; until then nothing is matched."""

    def __init__(self) -> None:
        self._takes: dict[TakeSlot, LoadedTake | None] = dict.fromkeys(TakeSlot)
        self._loudness: dict[TakeSlot, float | None] = dict.fromkeys(TakeSlot)

    def __getitem__(self, slot: TakeSlot) -> LoadedTake | None:
        return self._takes[slot]

    def put(self, slot: TakeSlot, take: LoadedTake | None) -> None:
        self._takes[slot], self._loudness[slot] = take, None

    def unmeasured(self) -> list[LoadedTake]:
        """Takes whose loudness is needed: none before both slots are full."""
        if None in self._takes.values():
            return []
        missing = [slot for slot in TakeSlot if self._loudness[slot] is None]
        takes = [take for slot in missing if (take := self._takes[slot]) is not None]
        return [take for take in takes if not take.forms]

    def set_loudness(self, take: LoadedTake, loudness: float) -> None:
        """Remember what was measured, wherever that take still is."""
        for slot in TakeSlot:
            if self._takes[slot] is take:
                self._loudness[slot] = loudness

    def match_db(self, slot: TakeSlot) -> float:
        """The gain that makes both takes equally loud, never above 0 dB so that none clips."""
        own, other = self._loudness[slot], self._loudness[slot.other]
        if own is None or other is None or not (math.isfinite(own) and math.isfinite(other)):
            return 0.0
        return min(0.0, other - own)

    def gains(self) -> tuple[float, float]:
        """The match of A and B as amplitudes."""
        return from_db(self.match_db(TakeSlot.A)), from_db(self.match_db(TakeSlot.B))
