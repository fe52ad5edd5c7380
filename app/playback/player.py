"""Plays takes through PortAudio: one stream, one thread that looks after it, no Qt.

Three threads meet here. Any thread asks (`play`, `seek`, `set_volume`); a request is a changed
`Control`, which the audio thread picks up at its next block. Whatever may wait on a device or
on arithmetic (opening, starting, resampling, rescanning) runs on the player's own thread, so
that neither the window nor the sound ever stands still for it.
"""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np
import soxr
from numpy.typing import NDArray

from app.playback.devices import AudioSystem, DeviceState, PlaybackError, choose
from app.playback.history import Levels
from app.playback.mixer import SILENT, Audio, Control, Mixer

PREFERRED_RATE = 44_100
LEAD_IN_S = 0.03  # a sound server may swallow what comes first after a start
SHORTEST_LOOP_S = 0.02
IDLE_S = 5.0  # silence after which the device is let go to sleep
STALLED_S = 2.0  # a device that asks for nothing this long while playing is gone
_WATCH_S = 0.25
_LONGEST_DELAY_S = 2.0  # what a driver may believably report as its delay


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


class _Take(NamedTuple):
    audio: NDArray[np.float32]  # (frames, channels) as it was given
    sample_rate: int


_EMPTY = _Take(SILENT, PREFERRED_RATE)


class Player:
    """Two takes (0 is A, 1 is B) on one output."""

    def __init__(
        self, events: PlayerEvents, wanted: str = "", system: AudioSystem | None = None
    ) -> None:
        self._events = events
        self._system = system or AudioSystem()
        self._state = DeviceState(wanted=wanted)
        self._mixer = Mixer(PREFERRED_RATE)
        self._takes = [_EMPTY, _EMPTY]
        self._loop_s: tuple[float, float] | None = None
        self._stream: Any = None
        self._wanted = False  # the user asked to play and has not asked to stop
        self._running = False  # the stream is meant to be going
        self._started_at = self._sounded_at = 0.0
        self._lead_in = 0  # frames of silence still to play after a start
        self._called_at = 0.0  # when the device last asked for a block
        self._underruns = 0
        self._writing = threading.Lock()  # between those who ask; the audio thread never waits
        self._errands: queue.SimpleQueue[Callable[[], None] | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._work, name="player", daemon=True)
        self._thread.start()

    # Asked from any thread; each returns at once.

    def find_devices(self) -> None:
        """Look for outputs for the first time; `on_state` follows."""
        self._errands.put(self._open)

    def load(self, slot: int, audio: NDArray[np.float32], sample_rate: int) -> None:
        """Make (frames, channels) take `slot`, silently replacing what was there."""
        self._takes[slot] = _Take(audio, sample_rate)
        self._errands.put(lambda: self._prepare(slot))

    def play(self) -> None:
        self._wanted = True
        self._errands.put(self._play)

    def stop(self) -> None:
        """Fade out; playing goes on from what was heard last."""
        self._wanted = False
        position_s, _ = self._heard_position()
        self._ask(playing=False)
        self.seek(position_s)

    def seek(self, position_s: float) -> None:
        with self._writing:
            mixer = self._mixer
            frame = max(0, round(position_s * mixer.sample_rate))
            seek_id = mixer.control.seek_id + 1
            mixer.control = mixer.control._replace(seek_frame=frame, seek_id=seek_id)

    def set_loop(self, region_s: tuple[float, float] | None) -> None:
        """Repeat `region_s`; None plays through. The take's whole length loops seamlessly."""
        self._loop_s = region_s
        self._ask(loop=self._loop_frames())

    def set_active(self, slot: int) -> None:
        """Switch to the other take at the same place."""
        self._ask(active=slot)

    def set_gains(self, gains: tuple[float, float]) -> None:
        self._ask(gains=gains)

    def set_volume(self, amplitude: float) -> None:
        self._ask(volume=amplitude)

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
        position_s, over = self._heard_position()
        levels = self._mixer.history.take_levels(time.perf_counter())
        return Heard(position_s, self._wanted and not over, levels)

    def _heard_position(self) -> tuple[float, bool]:
        """Where the ear is, in seconds, and whether the take has come to its end."""
        mixer, now = self._mixer, time.perf_counter()
        control, rate = mixer.control, mixer.sample_rate
        block = mixer.history.block_at(now)
        if block is None or block.seek_id != control.seek_id:
            return control.seek_frame / rate, False
        passed = min(max(0.0, (now - block.heard_at) * rate), block.frames) * block.sounding
        over = control.playing and control.play_id == mixer.ended_id and not block.sounding
        return self._within_take(block.position, passed, control) / rate, over

    @staticmethod
    def _within_take(position: int, passed: float, control: Control) -> float:
        end = len(control.sources[control.active])
        if control.loop and position <= control.loop[1]:
            end = min(end, control.loop[1])
        return min(position + passed, float(max(end, position)))

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
        self._mixer.render(out, now + delay)
        if status.output_underflow and self._mixer.control.playing:
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

    def _ask(self, **changes: Any) -> None:
        with self._writing:
            self._mixer.control = self._mixer.control._replace(**changes)

    def _set_state(self, **changes: Any) -> None:
        self._state = replace(self._state, **changes)
        self._events.on_state(self._state)

    def _fail(self, error: PlaybackError) -> None:
        self._wanted = False
        self._let_go()
        self._ask(playing=False)
        self._set_state(in_use="", problem=error.message, remedy=error.remedy)
        self._events.on_notice(error.message, error.remedy)

    def _play(self) -> None:
        self._open()
        self._start()
        with self._writing:
            if not self._wanted:
                return
            control = self._mixer.control
            self._mixer.control = control._replace(playing=True, play_id=control.play_id + 1)

    def _open(self) -> None:
        """Have a stream on the wanted output, or on the one to fall back to."""
        if self._stream is not None:
            return
        devices = self._system.outputs()
        self._state = replace(self._state, outputs=tuple(device.name for device in devices))
        device = choose(devices, self._state.wanted)
        rate = self._system.rate_for(device, PREFERRED_RATE)
        self._adopt_rate(rate)
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
        self._lead_in = round(LEAD_IN_S * self._mixer.sample_rate)
        self._started_at = self._sounded_at = time.perf_counter()
        try:
            self._stream.start()
        except self._system.load().PortAudioError as error:
            raise PlaybackError(
                f"The output “{self._state.in_use}” does not start ({error}).",
                "Press Rescan, or choose another output.",
            ) from error
        self._running = True

    def _adopt_rate(self, rate: int) -> None:
        """Move everything that counts in frames to the rate that the device runs at."""
        if rate == self._mixer.sample_rate:
            return
        old, mixer = self._mixer, Mixer(rate)
        seek_frame = round(old.control.seek_frame * rate / old.sample_rate)
        mixer.control = old.control._replace(seek_frame=seek_frame)
        with self._writing:
            self._mixer = mixer
        for slot in range(len(self._takes)):
            self._prepare(slot)

    def _prepare(self, slot: int) -> None:
        """Bring a take to stereo at the stream's rate and hand it to the mixer."""
        take, rate = self._takes[slot], self._mixer.sample_rate
        audio = as_stereo(take.audio)
        if take.sample_rate != rate and len(audio):
            audio = np.ascontiguousarray(soxr.resample(audio, take.sample_rate, rate))
        with self._writing:
            control = self._mixer.control
            sources = (audio, control.sources[1]) if slot == 0 else (control.sources[0], audio)
            self._mixer.control = control._replace(sources=sources)
        self._ask(loop=self._loop_frames())

    def _loop_frames(self) -> tuple[int, int] | None:
        if self._loop_s is None:
            return None
        rate = self._mixer.sample_rate
        start, end = (max(0, round(edge * rate)) for edge in self._loop_s)
        return start, max(end, start + round(SHORTEST_LOOP_S * rate))

    def _choose(self, name: str) -> None:
        self._state = replace(self._state, wanted=name)
        self._move()

    def _rescan(self) -> None:
        self._move(rescan=True)

    def _move(self, *, rescan: bool = False) -> None:
        """Change the stream under the music, which goes on where it was heard last."""
        position_s, over = self._heard_position()
        self._fade_out()
        self._let_go()
        self.seek(position_s)
        if rescan:
            self._system.rescan()
        self._open()
        if self._wanted and not over:
            self._play()

    def _fade_out(self) -> None:
        """Leave no click behind when the stream is closed next."""
        self._ask(playing=False)
        deadline = time.perf_counter() + 0.5
        while self._running and not self._mixer.silent and time.perf_counter() < deadline:
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
        elif not self._mixer.silent:
            self._sounded_at = now
        elif now - self._sounded_at > IDLE_S:
            self._running = False
            self._stream.abort(ignore_errors=True)

    def _lost(self) -> None:
        """The device went away. Do not play on through another unasked: that could be loud."""
        gone, (position_s, _) = self._state.in_use, self._heard_position()
        self._wanted = False
        self._let_go()
        self._ask(playing=False)
        self.seek(position_s)
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


def as_stereo(audio: NDArray[np.float32]) -> Audio:
    """(frames, channels) as contiguous (frames, 2): one channel twice, or the first two."""
    stereo = audio[:, :2] if audio.shape[1] >= 2 else np.repeat(audio, 2, axis=1)
    return np.ascontiguousarray(stereo, np.float32)
