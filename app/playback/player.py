"""Plays takes through PortAudio: one stream, one thread that looks after it, no Qt.

What is to be heard is the deck's, which answers any thread at once. Whatever may wait on a
device or on arithmetic (opening, starting, resampling, rescanning) runs on the player's own
thread, so that neither the window nor the sound ever stands still for it.
"""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.playback.deck import PREFERRED_RATE, Deck
from app.playback.devices import AudioSystem, DeviceState, PlaybackError, choose
from app.playback.messages import Heard, PlayerEvents
from app.playback.mixer import Audio

LEAD_IN_S = 0.03  # a sound server may swallow what comes first after a start
IDLE_S = 5.0  # silence after which the device is let go to sleep
STALLED_S = 2.0  # a device that asks for nothing this long while playing is gone
_WATCH_S = 0.25
_LONGEST_DELAY_S = 2.0  # what a driver may believably report as its delay


class Player:
    """Two takes (0 is A, 1 is B) on one output."""

    def __init__(
        self, events: PlayerEvents, wanted: str = "", system: AudioSystem | None = None
    ) -> None:
        self._events = events
        self._system = system or AudioSystem()
        self._state = DeviceState(wanted=wanted)
        self._deck = Deck()
        self._stream: Any = None
        self._running = False  # the stream is meant to be going
        self._started_at = self._sounded_at = 0.0
        self._lead_in = 0  # frames of silence still to play after a start
        self._called_at = 0.0  # when the device last asked for a block
        self._underruns = 0
        self._errands: queue.SimpleQueue[Callable[[], None] | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._work, name="player", daemon=True)
        self._thread.start()

    # Asked from any thread; each returns at once.

    def find_devices(self) -> None:
        """Look for outputs for the first time; `on_state` follows."""
        self._errands.put(self._open)

    def load(
        self, slot: int, audio: NDArray[np.float32], sample_rate: int, is_loop: bool = False
    ) -> None:
        """Make (frames, channels) take `slot`, silently replacing what was there."""
        self._errands.put(lambda: self._deck.put(slot, audio, sample_rate, is_loop))

    def lay(self, slot: int, begin: int, piece: NDArray[np.float32]) -> None:
        """Lay (frames, channels) at take `slot`'s rate over it, from its frame `begin` on."""
        self._errands.put(lambda: self._deck.lay(slot, begin, piece))

    def play(self) -> None:
        self._deck.wanted = True
        self._errands.put(self._play)

    def stop(self) -> None:
        """Fade out; playing goes on from what was heard last."""
        self._deck.stop()

    def seek(self, position_s: float) -> None:
        self._deck.seek(position_s)

    def set_loop(self, region_s: tuple[float, float] | None) -> None:
        """Repeat `region_s`; None plays through. The take's whole length loops seamlessly."""
        self._deck.set_loop(region_s)

    def set_active(self, slot: int) -> None:
        """Switch to the other take at the same place."""
        self._deck.set_active(slot)

    def set_gains(self, gains: tuple[float, float]) -> None:
        self._deck.set_gains(gains)

    def set_volume(self, amplitude: float) -> None:
        self._deck.set_volume(amplitude)

    def choose_device(self, name: str) -> None:
        """Play through the output called `name`, "" for the system's default."""
        self._errands.put(lambda: self._choose(name))

    def rescan(self) -> None:
        self._errands.put(self._rescan)

    def close(self) -> None:
        """Fade out, let go of the device and join the thread. Safe to call twice."""
        if self._thread.is_alive():
            self._errands.put(self._close_gently)
            self._errands.put(None)
            self._thread.join(timeout=5.0)

    @property
    def underruns(self) -> int:
        """How often the device ran dry since the start."""
        return self._underruns

    def heard(self) -> Heard:
        """The present position, with levels since the last call. One caller only."""
        return self._deck.heard()

    # The audio thread.

    def _callback(self, out: Audio, frames: int, when: Any, status: Any) -> None:
        now = time.perf_counter()
        self._called_at = now
        if self._lead_in > 0:
            self._lead_in -= frames
            out.fill(0.0)
            return
        delay = when.outputBufferDacTime - when.currentTime
        if not 0.0 <= delay <= _LONGEST_DELAY_S:
            delay = 0.0
        self._deck.render(out, now + delay)
        if status.output_underflow and self._deck.playing:
            self._underruns += 1

    # The player's own thread.

    def _work(self) -> None:
        while True:
            try:
                errand = self._errands.get(timeout=_WATCH_S if self._running else None)
            except queue.Empty:
                errand = self._watch
            if errand is None:
                return
            try:
                errand()
            except PlaybackError as error:
                self._fail(error)

    def _set_state(self, **changes: Any) -> None:
        self._state = replace(self._state, **changes)
        self._events.on_state(self._state)

    def _fail(self, error: PlaybackError) -> None:
        self._let_go()
        self._deck.give_up()
        self._set_state(in_use="", problem=error.message, remedy=error.remedy)
        self._events.on_notice(error.message, error.remedy)

    def _play(self) -> None:
        self._open()
        self._start()
        self._deck.begin()

    def _open(self) -> None:
        """Have a stream on the wanted output, or on the one to fall back to."""
        if self._stream is not None:
            return
        devices = self._system.outputs()
        self._state = replace(self._state, outputs=tuple(device.name for device in devices))
        device = choose(devices, self._state.wanted)
        rate = self._system.rate_for(device, PREFERRED_RATE)
        self._deck.adopt_rate(rate)
        self._stream = self._system.open(device, rate, self._callback)
        self._set_state(in_use=device.name, problem="", remedy="")
        if self._state.fallen_back:
            self._events.on_notice(
                f"The output “{self._state.wanted}” is not there; “{device.name}” plays instead.",
                "Connect it and press Rescan, or choose another output.",
            )

    def _start(self) -> None:
        if self._stream.active:
            return
        self._stream.stop()
        self._called_at = 0.0
        self._lead_in = round(LEAD_IN_S * self._deck.sample_rate)
        self._started_at = self._sounded_at = time.perf_counter()
        try:
            self._stream.start()
        except self._system.load().PortAudioError as error:
            raise PlaybackError(
                f"The output “{self._state.in_use}” does not start ({error}).",
                "Press Rescan, or choose another output.",
            ) from error
        self._running = True

    def _choose(self, name: str) -> None:
        self._state = replace(self._state, wanted=name)
        self._move()

    def _rescan(self) -> None:
        self._move(rescan=True)

    def _move(self, *, rescan: bool = False) -> None:
        """Change the stream under the music, which goes on where it was heard last."""
        position_s, over = self._deck.position()
        self._fade_out()
        self._let_go()
        self._deck.seek(position_s)
        if rescan:
            self._system.rescan()
        self._open()
        if self._deck.wanted and not over:
            self._play()

    def _fade_out(self) -> None:
        """Leave no click behind when the stream is closed next."""
        self._deck.pause()
        deadline = time.perf_counter() + 0.5
        while self._running and not self._deck.silent and time.perf_counter() < deadline:
            time.sleep(0.005)
        if self._running:
            time.sleep(min(0.2, float(self._stream.latency)))

    def _let_go(self) -> None:
        stream, self._stream, self._running = self._stream, None, False
        if stream is not None:
            stream.close(ignore_errors=True)

    def _close_gently(self) -> None:
        self._fade_out()
        self._let_go()

    def _watch(self) -> None:
        """While the stream goes: notice a device that went away, and rest after long silence."""
        now = time.perf_counter()
        last = max(self._called_at, self._started_at)
        if not self._stream.active or now - last > STALLED_S:
            self._lost()
        elif not self._deck.silent:
            self._sounded_at = now
        elif now - self._sounded_at > IDLE_S:
            self._running = False
            self._stream.abort(ignore_errors=True)

    def _lost(self) -> None:
        """The device went away. Do not play on through another unasked: that could be loud."""
        gone, (position_s, _) = self._state.in_use, self._deck.position()
        self._let_go()
        self._deck.give_up()
        self._deck.seek(position_s)
        try:
            self._system.rescan()
            self._open()
        except PlaybackError as error:
            message = f"The output “{gone}” went away, and there is no other."
            raise PlaybackError(message, error.remedy) from error
        self._events.on_notice(
            f"The output “{gone}” went away, so playing stopped.",
            f"Press Play to go on through “{self._state.in_use}”.",
        )
