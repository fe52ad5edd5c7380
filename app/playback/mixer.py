"""What the audio thread does: turn the take and the user's wishes into blocks of samples.

No PortAudio here, so that every rule of playback is tested sample by sample. The owner writes
wishes by replacing `Mixer.control`, one immutable tuple, and the audio thread reads it once a
block; what was played comes back through `History`. Neither side ever waits for the other.

Whatever would click (stop, seek, another take, a region's turn) becomes a crossfade between
voices. What the material itself holds is left alone: a take starts and loops sample by sample.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from app.playback.history import History

FADE_S = 0.005
VOLUME_GLIDE_S = 0.015
MAX_BLOCK = 4096
SILENT = np.zeros((0, 2), np.float32)

Audio = NDArray[np.float32]  # (frames, 2), contiguous, at the stream's rate


class Control(NamedTuple):
    """What the user wants to hear. A new `seek_id` or `play_id` makes a request happen once."""

    sources: tuple[Audio, Audio] = (SILENT, SILENT)  # A and B
    gains: tuple[float, float] = (1.0, 1.0)  # level match of A and B
    active: int = 0
    playing: bool = False
    play_id: int = 0
    loop: tuple[int, int] | None = None  # frames, half open
    volume: float = 1.0
    seek_frame: int = 0
    seek_id: int = 0


class Voice:
    """One reader of one take, faded in or out; past the take's end it holds the last frame."""

    def __init__(self, fade: int) -> None:
        rise = (0.5 - 0.5 * np.cos(np.pi * (np.arange(fade) + 0.5) / fade)).astype(np.float32)
        self._rise = np.repeat(rise[:, None], 2, axis=1)
        self._fall = np.ascontiguousarray(self._rise[::-1])
        self._length = fade
        self._done = fade  # frames of the present ramp already played
        self.rising = False
        self.audio: Audio = SILENT
        self.gain = 1.0
        self.cursor = 0

    @property
    def silent(self) -> bool:
        return not self.rising and self._done >= self._length

    def begin(self, audio: Audio, gain: float, cursor: int, *, fade: bool) -> None:
        self.audio, self.gain, self.cursor = audio, gain, cursor
        self.rising, self._done = True, 0 if fade else self._length

    def release(self) -> None:
        """Fade out from wherever the fade in had got to."""
        self.rising, self._done = False, self._length - self._done

    def add_to(self, out: Audio, scratch: Audio) -> None:
        """Play `len(out)` more frames on top of what `out` holds."""
        part, inside = scratch[: len(out)], min(len(out), len(self.audio) - self.cursor)
        inside = max(inside, 0)
        np.multiply(self.audio[self.cursor : self.cursor + inside], self.gain, out=part[:inside])
        if inside < len(part):
            np.multiply(self.audio[-1:], self.gain, out=part[inside:])
        self._shape(part)
        np.add(out, part, out=out)
        self.cursor += len(part)

    def _shape(self, part: Audio) -> None:
        count = min(len(part), self._length - self._done)
        ramp = self._rise if self.rising else self._fall
        np.multiply(part[:count], ramp[self._done : self._done + count], out=part[:count])
        if not self.rising:
            part[count:] = 0.0
        self._done += count


class Mixer:
    """Renders blocks. Only the audio thread calls `render`; anyone may replace `control`."""

    def __init__(self, sample_rate: int) -> None:
        self.sample_rate = sample_rate
        self.control = Control()
        self.history = History()
        self.ended_id = -1  # the play_id whose take ran out
        self._seen = self.control
        self._voices = tuple(Voice(max(1, round(FADE_S * sample_rate))) for _ in range(6))
        self._main: Voice | None = None
        self._cursor = 0  # where playing goes on when no voice is up
        self._volume = self.control.volume
        self._scratch = np.zeros((MAX_BLOCK, 2), np.float32)
        self._ramp = np.zeros((MAX_BLOCK, 2), np.float32)
        self._count = np.repeat(np.arange(1, MAX_BLOCK + 1, dtype=np.float32)[:, None], 2, axis=1)
        self._levels = np.zeros((4, 2), np.float32)  # highest, −lowest, sum of squares, unused

    @property
    def silent(self) -> bool:
        """True when no voice sounds, so that stopping the stream cannot click."""
        return all(voice.silent for voice in self._voices)

    def render(self, out: Audio, heard_at: float) -> None:
        """Fill `out` (frames, 2), which will be heard from `heard_at` on."""
        for start in range(0, len(out), MAX_BLOCK):
            part = out[start : start + MAX_BLOCK]
            self._render_part(part, heard_at + start / self.sample_rate)

    def _render_part(self, out: Audio, heard_at: float) -> None:
        control = self.control
        if self.silent:
            self._volume = control.volume  # what is not heard need not glide
        self._follow(control)
        position = self._main.cursor if self._main else self._cursor
        sounding = self._main is not None
        out.fill(0.0)
        self._mix(out, control)
        self._measure(out)
        self._apply_volume(out, control.volume)
        self.history.write(
            heard_at, position, len(out), control.seek_id, control.play_id, sounding, self._levels
        )

    def _follow(self, control: Control) -> None:
        """Carry out what changed since the last block."""
        seen, self._seen = self._seen, control
        audio, gain = control.sources[control.active], control.gains[control.active]
        cursor = self._main.cursor if self._main else self._cursor
        if control.seek_id != seen.seek_id:
            cursor = control.seek_frame
        elif self._main and _left_behind(cursor, seen.loop, control.loop):
            cursor = control.loop[0] if control.loop else cursor
        cursor = min(cursor, len(audio))
        wanted = control.playing and control.play_id != self.ended_id and len(audio) > 0
        main = self._main
        if main and wanted and main.audio is audio and main.gain == gain and main.cursor == cursor:
            return
        self._cursor = cursor
        self._release()
        if wanted:
            self._start(audio, gain, cursor)

    def _start(self, audio: Audio, gain: float, cursor: int) -> None:
        """From the very beginning a take sounds as it is; from anywhere else it is faded in."""
        self._main = next((voice for voice in self._voices if voice.silent), self._voices[0])
        self._main.begin(audio, gain, cursor, fade=cursor > 0)

    def _release(self) -> None:
        if self._main:
            self._main.release()
            self._main = None

    def _mix(self, out: Audio, control: Control) -> None:
        done = 0
        while done < len(out):
            count = min(len(out) - done, self._frames_to_turn(control))
            for voice in self._voices:
                if not voice.silent:
                    voice.add_to(out[done : done + count], self._scratch)
            done += count
            if self._main and self._frames_to_turn(control) <= 0:
                self._turn(control, self._main)

    def _frames_to_turn(self, control: Control) -> int:
        """Frames until the main voice meets the loop's end or the take's."""
        if self._main is None:
            return MAX_BLOCK
        end = len(self._main.audio)
        if control.loop and self._main.cursor <= control.loop[1]:
            end = min(end, control.loop[1])
        return end - self._main.cursor

    def _turn(self, control: Control, main: Voice) -> None:
        """Go back to the loop's start, or end the take."""
        if control.loop is None:
            self._cursor, self.ended_id = main.cursor, control.play_id
            self._release()
        elif control.loop[0] == 0 and main.cursor == len(main.audio):
            main.cursor = 0
        else:
            start = control.loop[0] if control.loop[0] < len(main.audio) else 0
            self._release()
            self._start(main.audio, main.gain, start)

    def _measure(self, out: Audio) -> None:
        """Levels before the volume, so that the slider never changes what the meter says."""
        levels, scratch = self._levels, self._scratch[: len(out)]
        np.max(out, axis=0, out=levels[0])
        np.min(out, axis=0, out=levels[1])
        np.negative(levels[1], out=levels[1])
        np.multiply(out, out, out=scratch)
        np.sum(scratch, axis=0, out=levels[2])

    def _apply_volume(self, out: Audio, volume: float) -> None:
        """Glide towards `volume`: a straight line within the block, exponential over blocks."""
        if volume == self._volume == 1.0:
            return
        reach = 1.0 - np.exp(-len(out) / (VOLUME_GLIDE_S * self.sample_rate))
        target = self._volume + (volume - self._volume) * float(reach)
        target = volume if abs(target - volume) < 1e-4 else target
        ramp = self._ramp[: len(out)]
        np.multiply(self._count[: len(out)], (target - self._volume) / len(out), out=ramp)
        np.add(ramp, self._volume, out=ramp)
        np.multiply(out, ramp, out=out)
        self._volume = target


def _left_behind(cursor: int, old: tuple[int, int] | None, new: tuple[int, int] | None) -> bool:
    """True when the loop was moved away from under a cursor that was inside it."""
    if old is None or new is None or old == new:
        return False
    return old[0] <= cursor < old[1] and not new[0] <= cursor < new[1]
