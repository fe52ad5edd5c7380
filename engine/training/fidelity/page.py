"""A page of spectrograms: the same seconds before and after each codec, one beside the other."""

from __future__ import annotations

import base64
import struct
import zlib
from collections.abc import Sequence
from html import escape

import numpy as np
from numpy.typing import NDArray

from engine.audio.spectrogram import log_mel
from engine.training.fidelity.distances import SAMPLE_RATE, Sound

RANGE_DB = (-80.0, 0.0)
MELS = 256
COLUMNS_A_SECOND = 100
# Dark to light in even steps, as matplotlib's magma (van der Walt and Smith 2015) goes.
_COLOURS = (
    (0, 0, 4), (28, 16, 68), (79, 18, 123), (129, 37, 129),
    (181, 54, 122), (229, 80, 100), (251, 135, 97), (254, 194, 135), (252, 253, 191),
)  # fmt: skip

STYLE = """
body { font: 14px sans-serif; background: #15131b; color: #ddd; margin: 24px; }
table { border-spacing: 8px; }
th { font-weight: normal; text-align: left; }
img { width: 440px; height: 256px; image-rendering: pixelated; }
"""


def page(heads: Sequence[str], rows: Sequence[tuple[str, Sequence[Sound]]], text: str) -> str:
    """The whole HTML file, pictures within. `rows` are (name, a sound for each head)."""
    columns = "".join(f"<th>{escape(head)}</th>" for head in heads)
    lines = [
        "<tr>" + f"<th>{escape(name)}</th>" + "".join(_cell(sound) for sound in sounds) + "</tr>"
        for name, sounds in rows
    ]
    return (
        f'<!doctype html><meta charset="utf-8"><title>The codec beside others</title>'
        f"<style>{STYLE}</style><h1>The codec beside others</h1><pre>{escape(text)}</pre>"
        f"<p>30 Hz to 20 kHz in mels; {RANGE_DB[0]:g} to {RANGE_DB[1]:g} dB.</p>"
        f"<table><tr><th></th>{columns}</tr>{''.join(lines)}</table>\n"
    )


def _cell(sound: Sound) -> str:
    data = base64.b64encode(picture(sound)).decode("ascii")
    return f'<td><img alt="" src="data:image/png;base64,{data}"></td>'


def picture(sound: Sound) -> bytes:
    """`sound` (frames, 2) as a PNG file: low frequencies below, earlier to the left."""
    columns = max(1, round(len(sound) / SAMPLE_RATE * COLUMNS_A_SECOND))
    level_db = log_mel(sound, SAMPLE_RATE, mels=MELS, columns=columns).level_db
    low, high = RANGE_DB
    shade = np.clip((level_db - low) / (high - low), 0, 1) * 255
    return png(shade[::-1].astype(np.uint8))


def png(shade: NDArray[np.uint8]) -> bytes:
    """(height, width) shades as an indexed PNG (ISO/IEC 15948)."""
    height, width = shade.shape
    points = np.linspace(0, 255, len(_COLOURS))
    palette = np.stack(
        [np.interp(np.arange(256), points, channel) for channel in zip(*_COLOURS, strict=True)],
        axis=1,
    ).astype(np.uint8)
    lines = np.hstack([np.zeros((height, 1), np.uint8), shade])  # each line: filter 0, shades
    header = struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        _chunk(kind, data)
        for kind, data in (
            (b"IHDR", header),
            (b"PLTE", palette.tobytes()),
            (b"IDAT", zlib.compress(lines.tobytes(), 9)),
            (b"IEND", b""),
        )
    )


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
