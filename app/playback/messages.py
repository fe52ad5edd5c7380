"""What the player tells, and what the window and the player's process say to each other."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

from app.playback.devices import DeviceState
from app.playback.history import Levels

SHORTEST_LOOP_S = 0.02
Request = tuple[int, str, tuple[Any, ...]]


@dataclass(frozen=True)
class PlayerEvents:
    """Called on the player's thread; the receiver hands them on to its own."""

    on_state: Callable[[DeviceState], None]
    on_notice: Callable[[str, str], None]  # what happened, what to do


class Heard(NamedTuple):
    """What is coming out of the speakers at this moment."""

    position_s: float
    playing: bool
    levels: Levels | None


class Report(NamedTuple):
    """What is heard at `at` (`perf_counter`, the same clock in every process).

    `request` is the number of the last request carried out before.
    """

    request: int
    at: float
    heard: Heard
    underruns: int


class NoticeText(NamedTuple):
    text: str
    remedy: str


News = Report | NoticeText | DeviceState
