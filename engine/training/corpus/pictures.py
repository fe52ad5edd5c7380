"""A clip as a picture: the log-mel spectrogram of its sound above the notes that were asked for.

What is heard stands above what is true, so that eyes find what does not fit. PNG is written here,
as training knows no plotting library.
"""

from __future__ import annotations

import struct
import zlib

import numpy as np
from numpy.typing import NDArray

from engine.audio.spectrogram import log_mel
from engine.training.corpus.piece import DRUM_CHANNEL, Piece
from engine.training.corpus.render import SAMPLE_RATE, Audio

WIDTH, MELS, ROLL_HEIGHT, GAP = 1200, 192, 168, 4
_RANGE_DB = 70.0
_LOW, _HIGH = 24, 108  # pitches of the roll
_ROW = ROLL_HEIGHT // (_HIGH - _LOW)
_DRUM_ROWS = 40  # below, for the percussion keys
# Dark to bright, as perception has it even (after matplotlib's magma, CC0).
_RAMP = np.array(
    [(0, 0, 4), (59, 15, 112), (140, 41, 129), (222, 73, 104), (254, 159, 109), (252, 253, 191)],
    np.float64,
)
_COLOURS = {
    "drums": (230, 230, 230), "bass": (90, 160, 255), "chords": (90, 210, 130),
    "lead": (255, 190, 70), "pad": (170, 120, 240),
}  # fmt: skip
_STROKE_S = 0.05  # as wide as strokes are drawn
_BAR, _SECTION, _BACK = (70, 70, 80), (230, 90, 90), (18, 18, 24)

Pixels = NDArray[np.uint8]  # (height, width, 3)


def clip_picture(piece: Piece, audio: Audio) -> Pixels:
    """Spectrogram over piano roll, with bar lines; sections begin at red ones."""
    sound = spectrogram(audio)
    roll = piano_roll(piece)
    gap = np.full((GAP, WIDTH, 3), _BAR, np.uint8)
    return np.concatenate([sound, gap, roll])


def spectrogram(audio: Audio) -> Pixels:
    """(MELS, WIDTH, 3); the loudest 70 dB of (frames, channels) audio at 44.1 kHz."""
    level_db = log_mel(audio, SAMPLE_RATE, mels=MELS, columns=WIDTH).level_db[::-1]
    height = np.clip(1 + (level_db - level_db.max()) / _RANGE_DB, 0, 1) * (len(_RAMP) - 1)
    below = np.minimum(height.astype(int), len(_RAMP) - 2)
    part = (height - below)[..., None]
    return np.asarray(_RAMP[below] * (1 - part) + _RAMP[below + 1] * part, np.uint8)


def piano_roll(piece: Piece) -> Pixels:
    """(ROLL_HEIGHT + 40, WIDTH, 3): pitches 24 to 108 and percussion keys, coloured by role."""
    out = np.full((ROLL_HEIGHT + _DRUM_ROWS, WIDTH, 3), _BACK, np.uint8)
    per_s = WIDTH / piece.duration_s
    bar_s = piece.score.seconds_per_bar or piece.duration_s
    for bar in range(piece.score.bars or 1):
        out[:, min(int(bar * bar_s * per_s), WIDTH - 1)] = _BAR
    for section in piece.sections:
        out[:, min(int(section.first_bar * bar_s * per_s), WIDTH - 1)] = _SECTION
    roles = {part.channel: part.role for part in piece.parts}
    for note in piece.notes:
        left = int(note.start_s * per_s)
        lasts_s = (
            min(note.duration_s, _STROKE_S) if note.channel == DRUM_CHANNEL else note.duration_s
        )
        right = max(left + 2, int((note.start_s + lasts_s) * per_s) - 1)
        bright = 0.35 + 0.65 * note.velocity / 127
        colour = np.array(_COLOURS[roles[note.channel]]) * bright
        out[_rows(note.channel, note.pitch), left:right] = colour.astype(np.uint8)
    return out


def _rows(channel: int, pitch: int) -> slice:
    if channel == DRUM_CHANNEL:
        top = ROLL_HEIGHT + _DRUM_ROWS - 1 - (pitch - 35) * 3 // 4
        return slice(max(top - 2, ROLL_HEIGHT), top)
    top = (_HIGH - 1 - min(max(pitch, _LOW), _HIGH - 1)) * _ROW
    return slice(top, top + _ROW)


def png(pixels: Pixels) -> bytes:
    """An 8-bit RGB picture as a PNG file (W3C, *Portable Network Graphics*, 2003)."""
    height, width, _ = pixels.shape
    lines = np.zeros((height, 1 + 3 * width), np.uint8)  # each line begins with filter type 0
    lines[:, 1:] = pixels.reshape(height, -1)
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"".join(
        (
            b"\x89PNG\r\n\x1a\n",
            _chunk(b"IHDR", header),
            _chunk(b"IDAT", zlib.compress(lines.tobytes(), 6)),
            _chunk(b"IEND", b""),
        )
    )


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
