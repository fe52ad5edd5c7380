"""Sound from pieces: FluidSynth where it is installed, TinySoundFont where it is not.

Both render in blocks between events, so that Python touches no sample on the way. One piece
gives the same samples every time with the same synthesizer and soundfont.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from engine.errors import EngineError
from engine.training.corpus.latency import MOST_LATE_S, latency_s
from engine.training.corpus.piece import DRUM_CHANNEL, Note, Part, Piece

SAMPLE_RATE = 44_100
TARGET_RMS_DB = -16.0
PEAK = 0.95

_BLOCK = 64  # frames; FluidSynth's own block, events take effect at its edges
_SILENCE = 1e-5  # RMS, −100 dB
_ALL_CHANNELS, _LINEAR = -1, 1  # FluidSynth's interpolation: a third faster than its cubic
_KNEE = 0.7  # above it peaks are rounded off instead of pulling the whole piece down
_MOST_OVER = 1.5  # how far peaks may pass 1.0 before rounding
_TAIL = 8_192  # frames in which voices told to stop are gone
_VOLUME, _PAN, _REVERB = 7, 10, 91
_LEAD = round(MOST_LATE_S * SAMPLE_RATE / _BLOCK) * _BLOCK  # frames before the beginning
_LOOP_TAIL = 8 * SAMPLE_RATE  # frames after which cymbals, pads and reverb have died away

SOUNDFONT_VARIABLE = "UNDERTONE_SOUNDFONT"
_FOLDERS = (
    "/usr/share/sounds/sf2", "/usr/share/sounds/sf3", "/usr/share/soundfonts",
    "/usr/local/share/soundfonts", "/opt/homebrew/share/soundfonts", "C:/soundfonts",
)  # fmt: skip
_NAMES = ("FluidR3_GM.sf2", "FluidR3Mono_GM.sf3")

Audio = NDArray[np.float32]


def find_soundfont(names: tuple[str, ...] = _NAMES) -> Path:
    """The first soundfont of `names` in the usual places; an environment variable leads.

    Raises `EngineError`, which says what to install, when there is none.
    """
    given = os.environ.get(SOUNDFONT_VARIABLE)
    candidates = [Path(given)] if given else [Path(f, n) for n in names for f in _FOLDERS]
    for path in candidates:
        if path.is_file():
            return path
    raise EngineError(
        f"No soundfont was found ({' or '.join(names)}).",
        "Install FluidR3 (on Debian: apt install fluidsynth fluid-soundfont-gm) or set "
        f"{SOUNDFONT_VARIABLE} to a General MIDI soundfont.",
    )


class Synthesizer(Protocol):
    """What the renderer asks of a synthesizer. Rates and volumes are MIDI's."""

    def begin(self) -> None:
        """Start from the state of a synthesizer just opened, exactly."""

    def set_up(self, part: Part) -> None:
        """Give the part's channel its sound, volume, place and reverb."""

    def note_on(self, channel: int, pitch: int, velocity: int) -> None: ...

    def note_off(self, channel: int, pitch: int) -> None: ...

    def render_into(self, out: Audio) -> None:
        """Fill `out` (frames, 2) with what sounds next; frames is a multiple of 64."""


class FluidSynthesizer:
    """FluidSynth through pyfluidsynth, with reverb, rendering 32-bit float.

    A reset leaves traces of the last piece in its voices and reverb, so every piece gets a new
    instance; samples load when a sound is chosen, which keeps that to some 15 ms.
    """

    def __init__(self, soundfont: Path, sample_rate: int = SAMPLE_RATE) -> None:
        with contextlib.redirect_stdout(None):  # where CI is set, it prints
            import fluidsynth

        self._api = fluidsynth
        self._soundfont, self._sample_rate = soundfont, sample_rate
        self._write_float = fluidsynth._fl.fluid_synth_write_float
        self._write_float.argtypes = [
            ctypes.c_void_p, ctypes.c_int, ctypes.c_void_p, ctypes.c_int, ctypes.c_int,
            ctypes.c_void_p, ctypes.c_int, ctypes.c_int,
        ]  # fmt: skip
        self._open()

    def _open(self) -> None:
        settings = {
            "synth.chorus.active": 0, "synth.reverb.active": 1, "synth.polyphony": 192,
            "synth.dynamic-sample-loading": 1,
        }  # fmt: skip
        self._synth = self._api.Synth(
            gain=0.3, samplerate=float(self._sample_rate), channels=16, **settings
        )
        self._api._fl.fluid_synth_set_interp_method(
            ctypes.c_void_p(self._synth.synth), _ALL_CHANNELS, _LINEAR
        )
        self._synth.set_reverb(roomsize=0.45, damping=0.4, width=0.7, level=0.5)
        self._font = self._synth.sfload(str(self._soundfont))
        if self._font < 0:
            raise EngineError(
                f"The soundfont {self._soundfont.name} could not be read.", "Install it again."
            )

    def begin(self) -> None:
        self._synth.delete()
        self._open()

    def set_up(self, part: Part) -> None:
        self._synth.program_select(part.channel, self._font, part.bank, part.program)
        for control, value in ((_VOLUME, part.volume), (_PAN, part.pan), (_REVERB, part.reverb)):
            self._synth.cc(part.channel, control, value)

    def note_on(self, channel: int, pitch: int, velocity: int) -> None:
        self._synth.noteon(channel, pitch, velocity)

    def note_off(self, channel: int, pitch: int) -> None:
        self._synth.noteoff(channel, pitch)

    def render_into(self, out: Audio) -> None:
        address = out.ctypes.data
        self._write_float(self._synth.synth, len(out), address, 0, 2, address, 1, 2)


class TinySynthesizer:
    """TinySoundFont: one wheel, no system library, no reverb."""

    def __init__(self, soundfont: Path, sample_rate: int = SAMPLE_RATE) -> None:
        import tinysoundfont

        self._synth = tinysoundfont.Synth(gain=-10.0, samplerate=sample_rate)
        self._font = self._synth.sfload(str(soundfont))

    def begin(self) -> None:
        self._synth.sounds_off()
        self._synth.generate_simple(_TAIL)

    def set_up(self, part: Part) -> None:
        drums = part.channel == DRUM_CHANNEL
        bank = 0 if drums else part.bank
        self._synth.program_select(part.channel, self._font, bank, part.program, drums)
        self._synth.control_change(part.channel, _VOLUME, part.volume)
        self._synth.control_change(part.channel, _PAN, part.pan)

    def note_on(self, channel: int, pitch: int, velocity: int) -> None:
        self._synth.noteon(channel, pitch, velocity)

    def note_off(self, channel: int, pitch: int) -> None:
        self._synth.noteoff(channel, pitch)

    def render_into(self, out: Audio) -> None:
        self._synth.generate_simple(len(out), out.data.cast("B"))


def open_synthesizer(sample_rate: int = SAMPLE_RATE) -> Synthesizer:
    """FluidSynth with the best soundfont found, else TinySoundFont. Raises `EngineError`."""
    soundfont = find_soundfont()
    try:
        return FluidSynthesizer(soundfont, sample_rate)
    except (ImportError, OSError):
        pass
    try:
        return TinySynthesizer(soundfont, sample_rate)
    except ImportError as error:
        raise EngineError(
            "No synthesizer is installed.",
            "Install FluidSynth and pyfluidsynth, or the tinysoundfont package.",
        ) from error


class Renderer:
    """Turns pieces into stereo sound. Keeps one synthesizer open; not for several threads."""

    def __init__(self, synthesizer: Synthesizer | None = None) -> None:
        self._synthesizer = synthesizer or open_synthesizer()

    def render(self, piece: Piece) -> Audio:
        """(frames, 2) at 44.1 kHz, exactly round(duration_s · 44100) frames, levelled.

        The tails of a loop wrap around to its beginning.
        """
        return level(self.render_raw(piece))

    def render_raw(self, piece: Piece, anticipated: bool = True) -> Audio:
        """As `render`, as loud as the synthesizer makes it.

        Instruments that speak late are played early, unless `anticipated` is False.
        """
        frames = round(piece.duration_s * SAMPLE_RATE)
        lead = _LEAD if anticipated else 0
        if piece.loop:
            return wrapped(self._play(piece, lead + frames + _LOOP_TAIL, lead), frames, lead)
        return self._play(piece, lead + frames, lead)[lead:]

    def _play(self, piece: Piece, frames: int, lead: int) -> Audio:
        """`frames` of the piece and of what rings on after it; it begins at frame `lead`."""
        out = np.zeros((-(-frames // _BLOCK) * _BLOCK, 2), np.float32)
        synthesizer = self._synthesizer
        synthesizer.begin()
        for part in piece.parts:
            synthesizer.set_up(part)
        early_s = {part.channel: latency_s(part) if lead else 0.0 for part in piece.parts}
        at = 0
        for block, order, note in _events(piece.notes, lead / SAMPLE_RATE, early_s):
            now = min(block * _BLOCK, len(out))
            if now > at:
                synthesizer.render_into(out[at:now])
                at = now
            if order:
                synthesizer.note_on(note.channel, note.pitch, note.velocity)
            else:
                synthesizer.note_off(note.channel, note.pitch)
        if at < len(out):
            synthesizer.render_into(out[at:])
        return out[:frames]


def _events(
    notes: tuple[Note, ...], lead_s: float, early_s: dict[int, float]
) -> list[tuple[int, int, Note]]:
    """(block, 0 for off and 1 for on, note) in order; offs come first in a block."""
    events: list[tuple[int, int, Note]] = []
    for note in notes:
        start_s = lead_s + note.start_s - early_s[note.channel]
        events.append((round(start_s * SAMPLE_RATE / _BLOCK), 1, note))
        events.append((round((start_s + note.duration_s) * SAMPLE_RATE / _BLOCK), 0, note))
    return sorted(events, key=lambda event: event[:2])


def wrapped(audio: Audio, frames: int, lead: int = 0) -> Audio:
    """A loop of `frames` that begins at frame `lead` of `audio`, (frames and more, 2).

    What rings on after the end is heard again from the beginning on, and what begins before the
    beginning at the end, as when the loop has gone round before. The end therefore runs into the
    beginning as sound does anywhere inside.
    """
    out = np.zeros((frames, 2), np.float32)
    place = -lead % frames
    start = 0
    while start < len(audio):
        part = audio[start : start + frames - place]
        out[place : place + len(part)] += part
        start, place = start + len(part), 0
    return out


def level(audio: Audio) -> Audio:
    """Bring `audio` to −16 dB RMS, its peaks rounded off softly below 0.95.

    Where peaks stand so far above the rest that rounding would be heard, the whole stays
    quieter. Silence, with the trace of noise that a reverb leaves in it, becomes zeros.
    """
    rms = float(np.sqrt(np.mean(np.square(audio, dtype=np.float64)))) if audio.size else 0.0
    if rms < _SILENCE:
        return np.zeros_like(audio)
    peak = float(np.abs(audio).max())
    gain = min(10 ** (TARGET_RMS_DB / 20) / rms, _MOST_OVER / peak)
    loud = audio * np.float32(gain)
    over = np.abs(loud) > _KNEE
    room = PEAK - _KNEE
    excess = (np.abs(loud[over]) - _KNEE) / room
    loud[over] = np.sign(loud[over]) * (_KNEE + room * np.tanh(excess))
    return loud
