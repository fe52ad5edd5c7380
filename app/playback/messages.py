"""What the window and the player's process say to each other."""

from __future__ import annotations

from typing import Any, NamedTuple

from app.playback.devices import DeviceState
from app.playback.player import Heard

Request = tuple[int, str, tuple[Any, ...]]


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
