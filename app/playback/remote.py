"""The player as the window holds it: every wish goes to the player's own process.

The process starts with the first wish that needs sound. All wishes are remembered, so that it
can be started again, after a crash too, and carry on with the same takes and settings.
"""

from __future__ import annotations

import contextlib
import pickle
import queue
import subprocess
import sys
import threading
from functools import partial
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.playback.devices import DeviceState
from app.playback.history import Levels
from app.playback.messages import Heard, News, NoticeText, PlayerEvents, Report, Request

ROOT = Path(__file__).resolve().parents[2]
CLOSE_TIMEOUT_S = 2.0
_CLOSE = ""  # ends the thread that writes, and with it the process's input
_AHEAD_S = 0.03  # how far a position may be carried on from the last report
_TREMBLE_S = 0.05  # a playhead that goes back by less than this only trembles


class RemotePlayer:
    """The methods of `player.Player`; none but `close` waits for the other process.

    Nothing is told after `close`, whatever the process had still to say: who listened may be gone.
    """

    def __init__(self, events: PlayerEvents, wanted: str = "") -> None:
        self._events = events
        self._wanted = wanted
        self._kept: dict[Any, tuple[str, tuple[Any, ...]]] = {}  # what a new process is told
        self._number = 0
        self._expected = Heard(0.0, False, None)  # until a report answers request `_needed`
        self._needed = 0
        self._report = Report(0, 0.0, self._expected, 0)
        self._levels: Levels | None = None
        self._shown_s = 0.0
        self._lock = threading.Lock()
        self._telling = threading.RLock()  # an event may close the player
        self._closed = False
        self._outbox: queue.SimpleQueue[Request] | None = None
        self._process: subprocess.Popen[bytes] | None = None

    def find_devices(self) -> None:
        self._send("find_devices")

    def load(
        self, slot: int, audio: NDArray[np.float32], sample_rate: int, is_loop: bool = False
    ) -> None:
        self._keep(("load", slot), "load", slot, audio, sample_rate, is_loop)

    def lay(self, slot: int, begin: int, piece: NDArray[np.float32]) -> None:
        """Not remembered: what a new process is told is the take alone."""
        if self._outbox is not None:
            self._send("lay", slot, begin, piece)

    def set_loop(self, region_s: tuple[float, float] | None) -> None:
        self._keep("loop", "set_loop", region_s)

    def set_active(self, slot: int) -> None:
        self._keep("active", "set_active", slot)

    def set_gains(self, gains: tuple[float, float]) -> None:
        self._keep("gains", "set_gains", gains)

    def set_volume(self, amplitude: float) -> None:
        self._keep("volume", "set_volume", amplitude)

    def seek(self, position_s: float) -> None:
        self._expect(Heard(position_s, self.heard_now().playing, None))
        self._keep("seek", "seek", position_s)
        self._needed = self._number

    def play(self) -> None:
        self._expect(Heard(self.heard_now().position_s, True, None))
        self._send("play")
        self._needed = self._number

    def stop(self) -> None:
        position_s = self.heard_now().position_s
        self._expect(Heard(position_s, False, None))
        self._kept["seek"] = ("seek", (position_s,))
        if self._outbox is not None:
            self._send("stop")
            self._needed = self._number

    def choose_device(self, name: str) -> None:
        self._wanted = name
        self._send("choose_device", name)

    def rescan(self) -> None:
        self._send("rescan")

    def close(self) -> None:
        """Fade out and end the process. Safe to call twice."""
        with self._telling:
            self._closed = True
        process, outbox = self._process, self._outbox
        self._process = self._outbox = None
        if outbox is not None:
            outbox.put((0, _CLOSE, ()))
        if process is None:
            return
        try:
            process.wait(CLOSE_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    @property
    def underruns(self) -> int:
        """How often the device ran dry since its process started."""
        return self._report.underruns

    def heard(self) -> Heard:
        """The present position, with levels since the last call. One caller only."""
        with self._lock:
            levels, self._levels = self._levels, None
        return self.heard_now()._replace(levels=levels)

    def heard_now(self) -> Heard:
        """As `heard`, leaving the levels for it."""
        report = self._report
        if self._outbox is None or report.request < self._needed:
            return self._expected
        position_s, playing, _ = report.heard
        if playing:
            position_s += min(max(0.0, perf_counter() - report.at), _AHEAD_S)
            position_s = self._within_loop(report.heard.position_s, position_s)
            if 0.0 < self._shown_s - position_s < _TREMBLE_S:
                position_s = self._shown_s
        self._shown_s = position_s
        return Heard(position_s, playing, None)

    def _within_loop(self, from_s: float, to_s: float) -> float:
        _, (region_s,) = self._kept.get("loop", ("", (None,)))
        return min(to_s, region_s[1]) if region_s and from_s <= region_s[1] else to_s

    # Sending.

    def _expect(self, heard: Heard) -> None:
        self._expected, self._shown_s = heard, heard.position_s

    def _keep(self, key: Any, method: str, *arguments: Any) -> None:
        """Tell it now where there is a process, and every process to come."""
        self._kept[key] = (method, arguments)
        if self._outbox is not None:
            self._send(method, *arguments)

    def _send(self, method: str, *arguments: Any) -> None:
        if self._outbox is None:
            self._outbox = queue.SimpleQueue()
            threading.Thread(target=self._run, args=(self._outbox,), daemon=True).start()
            for kept_method, kept_arguments in self._kept.values():
                self._post(kept_method, kept_arguments)
            self._needed = self._number
        self._post(method, arguments)

    def _post(self, method: str, arguments: tuple[Any, ...]) -> None:
        assert self._outbox is not None
        self._number += 1
        self._outbox.put((self._number, method, arguments))

    # Threads beside the process.

    def _run(self, outbox: queue.SimpleQueue[Request]) -> None:
        """Start the process, then pass requests on as they come."""
        process = _start_server(self._wanted)
        self._process = process
        listen = partial(self._listen, process, outbox)
        threading.Thread(target=listen, name="player news", daemon=True).start()
        assert process.stdin is not None
        with contextlib.suppress(OSError), process.stdin:
            while (request := outbox.get())[1] != _CLOSE:
                pickle.dump(request, process.stdin, pickle.HIGHEST_PROTOCOL)
                process.stdin.flush()

    def _listen(self, process: subprocess.Popen[bytes], outbox: queue.SimpleQueue[Request]) -> None:
        assert process.stdout is not None
        with contextlib.suppress(EOFError, pickle.UnpicklingError), process.stdout:
            while True:
                self._take_in(pickle.load(process.stdout))
        process.wait()
        if outbox is self._outbox:
            self._lost()

    def _take_in(self, news: News) -> None:
        if isinstance(news, Report):
            with self._lock:
                self._levels = _loudest(self._levels, news.heard.levels)
            self._report = news
        else:
            self._tell(news)

    def _tell(self, news: NoticeText | DeviceState) -> None:
        with self._telling:
            if self._closed:
                return
            if isinstance(news, NoticeText):
                self._events.on_notice(*news)
            else:
                self._events.on_state(news)

    def _lost(self) -> None:
        """The process ended by itself; the next wish starts another."""
        self._outbox = self._process = None
        self._expected = Heard(self._shown_s, False, None)
        self._kept["seek"] = ("seek", (self._shown_s,))
        self._needed = self._number + 1
        text, remedy = "The sound process ended unexpectedly.", "Press Play to start it again."
        self._tell(DeviceState(wanted=self._wanted, problem=text, remedy=remedy))
        self._tell(NoticeText(text, remedy))


def _start_server(wanted: str) -> subprocess.Popen[bytes]:
    """Start `app.playback.server`, ahead of other programs where the system allows it."""
    flags = getattr(subprocess, "HIGH_PRIORITY_CLASS", 0)  # Windows only, as is the next
    flags |= getattr(subprocess, "CREATE_NO_WINDOW", 0)
    return subprocess.Popen(
        [sys.executable, "-m", "app.playback.server", wanted],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        creationflags=flags,
    )


def _loudest(one: Levels | None, other: Levels | None) -> Levels | None:
    """Both reports as one, when the window looks less often than they come."""
    if one is None or other is None:
        return one or other
    peak = (max(one.peak[0], other.peak[0]), max(one.peak[1], other.peak[1]))
    return Levels(peak, (max(one.rms[0], other.rms[0]), max(one.rms[1], other.rms[1])))
