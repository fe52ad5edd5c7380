"""Two takes, a loop and a position, in seconds: what is to be heard, whatever device plays it.

Any thread asks; a request is a changed `Control`, which the audio thread picks up at its next
block and never waits for. Only `put`, `lay` and `adopt_rate` take time, for resampling and
copying: they belong on the player's own thread.
"""

from __future__ import annotations

import math
import threading
import time
from typing import Any, NamedTuple

import numpy as np
import soxr
from numpy.typing import NDArray

from app.playback.messages import SHORTEST_LOOP_S, Heard
from app.playback.mixer import SILENT, Audio, Control, Mixer

PREFERRED_RATE = 44_100


class _Take(NamedTuple):
    audio: NDArray[np.float32]  # (frames, channels) as it was given
    sample_rate: int
    is_loop: bool = False


_AROUND_S = 0.05  # longer than the resampler's filter
_EDGE_S = 0.005  # of a piece, where it goes over into what it is laid on
_EMPTY = _Take(SILENT, PREFERRED_RATE)


class Deck:
    """Take 0 is A, take 1 is B; both follow one position."""

    def __init__(self) -> None:
        self._mixer = Mixer(PREFERRED_RATE)
        self._takes = [_EMPTY, _EMPTY]
        self._loop_s: tuple[float, float] | None = None
        self._writing = threading.Lock()  # between those who ask
        self.wanted = False  # the user asked to play and has not asked to stop

    # Asked from any thread; each returns at once.

    def stop(self) -> None:
        """Fade out; playing goes on from what was heard last."""
        self.wanted = False
        position_s, _ = self.position()
        self.pause()
        self.seek(position_s)

    def pause(self) -> None:
        """Fade out; what is wanted stays wanted."""
        self._ask(playing=False)

    def seek(self, position_s: float) -> None:
        with self._writing:
            mixer = self._mixer
            frame = max(0, round(position_s * mixer.sample_rate))
            seek_id = mixer.control.seek_id + 1
            mixer.control = mixer.control._replace(seek_frame=frame, seek_id=seek_id)

    def set_loop(self, region_s: tuple[float, float] | None) -> None:
        self._loop_s = region_s
        self._ask(loop=self._loop_frames())

    def set_active(self, slot: int) -> None:
        self._ask(active=slot)

    def set_gains(self, gains: tuple[float, float]) -> None:
        self._ask(gains=gains)

    def set_volume(self, amplitude: float) -> None:
        self._ask(volume=amplitude)

    def heard(self) -> Heard:
        """The present position, with levels since the last call. One caller only."""
        position_s, over = self.position()
        levels = self._mixer.history.take_levels(time.perf_counter())
        return Heard(position_s, self.wanted and not over, levels)

    def position(self) -> tuple[float, bool]:
        """Where the ear is, in seconds, and whether the take has come to its end."""
        mixer, now = self._mixer, time.perf_counter()
        control, rate = mixer.control, mixer.sample_rate
        block = mixer.history.block_at(now)
        if block is None or block.seek_id != control.seek_id:
            return control.seek_frame / rate, False
        passed = min(max(0.0, (now - block.heard_at) * rate), block.frames) * block.sounding
        over = control.playing and control.play_id == mixer.ended_id and not block.sounding
        return _within_take(block.position, passed, control) / rate, over

    # The audio thread.

    def render(self, out: Audio, heard_at: float) -> None:
        """Fill `out`, which is heard at `heard_at`."""
        self._mixer.render(out, heard_at)

    @property
    def playing(self) -> bool:
        return self._mixer.control.playing

    # The player's own thread.

    @property
    def sample_rate(self) -> int:
        return self._mixer.sample_rate

    @property
    def silent(self) -> bool:
        """True when stopping the stream cannot click."""
        return self._mixer.silent

    def begin(self) -> None:
        """Let it sound, unless the user has changed their mind meanwhile."""
        with self._writing:
            control = self._mixer.control
            if self.wanted:
                self._mixer.control = control._replace(playing=True, play_id=control.play_id + 1)

    def give_up(self) -> None:
        """There is nothing to play through."""
        self.wanted = False
        self.pause()

    def adopt_rate(self, rate: int) -> None:
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

    def put(
        self, slot: int, audio: NDArray[np.float32], sample_rate: int, is_loop: bool = False
    ) -> None:
        """Have (frames, channels) in `slot` instead of what was there."""
        self._takes[slot] = _Take(audio, sample_rate, is_loop)
        self._prepare(slot)

    def lay(self, slot: int, begin: int, piece: NDArray[np.float32]) -> None:
        """Lay (frames, channels) over what is in `slot`, from its frame `begin` on."""
        take, rate = self._takes[slot], self._mixer.sample_rate
        whole = overlaid(as_stereo(take.audio), as_stereo(piece), begin, take.sample_rate)
        self._takes[slot] = take._replace(audio=whole)
        if take.sample_rate != rate:
            resampled = soxr.resample(as_stereo(piece), take.sample_rate, rate)
            begin = round(begin * rate / take.sample_rate)
            whole = overlaid(self._mixer.control.sources[slot], resampled, begin, rate)
        self._hand_over(slot, whole)

    def _prepare(self, slot: int) -> None:
        """Bring a take to stereo at the stream's rate and hand it to the mixer."""
        take, rate = self._takes[slot], self._mixer.sample_rate
        audio = as_stereo(take.audio)
        if take.sample_rate != rate and len(audio):
            change = _resampled_around if take.is_loop else soxr.resample
            audio = np.ascontiguousarray(change(audio, take.sample_rate, rate))
        self._hand_over(slot, audio)

    def _hand_over(self, slot: int, audio: Audio) -> None:
        with self._writing:
            control = self._mixer.control
            sources = (audio, control.sources[1]) if slot == 0 else (control.sources[0], audio)
            self._mixer.control = control._replace(sources=sources)
        self._ask(loop=self._loop_frames())

    def _ask(self, **changes: Any) -> None:
        with self._writing:
            self._mixer.control = self._mixer.control._replace(**changes)

    def _loop_frames(self) -> tuple[int, int] | None:
        if self._loop_s is None:
            return None
        rate = self._mixer.sample_rate
        start, end = (max(0, round(edge * rate)) for edge in self._loop_s)
        return start, max(end, start + round(SHORTEST_LOOP_S * rate))


def as_stereo(audio: NDArray[np.float32]) -> Audio:
    """(frames, channels) as contiguous (frames, 2): one channel twice, or the first two."""
    stereo = audio[:, :2] if audio.shape[1] >= 2 else np.repeat(audio, 2, axis=1)
    return np.ascontiguousarray(stereo, np.float32)


def overlaid(whole: Audio, piece: Audio, begin: int, rate: int) -> Audio:
    """A copy of `whole` with `piece` from frame `begin` on, as far as it reaches.

    At either end what was there goes over into it, unless it is the end of the whole.
    """
    laid, piece = whole.copy(), piece[: max(0, len(whole) - begin)]
    share = np.ones((len(piece), 1), np.float32)
    ramp = np.linspace(0, 1, min(round(_EDGE_S * rate), len(piece) // 2), dtype=np.float32)[:, None]
    if begin > 0:
        share[: len(ramp)] = ramp
    if begin + len(piece) < len(whole):
        share[len(piece) - len(ramp) :] = ramp[::-1]
    under = laid[begin : begin + len(piece)]
    under += share * (piece - under)
    return laid


def _resampled_around(audio: Audio, rate: int, target_rate: int) -> Audio:
    """A loop at another rate: its end is heard before its start, so that no seam is heard."""
    unit = rate // math.gcd(rate, target_rate)  # frames that are whole ones at both rates
    margin = unit * math.ceil(_AROUND_S * rate / unit)
    lead = margin * target_rate // rate
    wrapped = np.pad(audio, ((margin, margin), (0, 0)), mode="wrap")
    frames = round(len(audio) / rate * target_rate)
    return soxr.resample(wrapped, rate, target_rate)[lead : lead + frames]


def _within_take(position: int, passed: float, control: Control) -> float:
    end = len(control.sources[control.active])
    if control.loop and position <= control.loop[1]:
        end = min(end, control.loop[1])
    return min(position + passed, float(max(end, position)))
