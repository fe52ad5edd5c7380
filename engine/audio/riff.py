"""The text chunk of a WAV file: LIST INFO, read and written without a length limit.

libsndfile drops an INFO list of more than 2 KB when it reads, which a long prompt exceeds.
Layout: Microsoft's Multimedia Programming Interface 1.0, chapter 2 (RIFF).
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import BinaryIO

_HEADER = struct.Struct("<4sI")


def info_chunk(texts: dict[str, str]) -> bytes:
    """A LIST INFO chunk: `texts` by their four-letter names, such as ICMT for a comment."""
    body = b"INFO"
    for name, text in texts.items():
        data = text.replace("\0", " ").encode("utf-8", "replace") + b"\0"
        body += _HEADER.pack(name.encode("ascii"), len(data)) + data + b"\0" * (len(data) % 2)
    return _HEADER.pack(b"LIST", len(body)) + body


def with_info(wav: memoryview, texts: dict[str, str]) -> list[bytes | memoryview]:
    """The parts of `wav` with an INFO chunk appended and the RIFF size corrected."""
    pad = b"\0" * (len(wav) % 2)
    chunk = info_chunk(texts)
    size = len(wav) + len(pad) + len(chunk) - _HEADER.size
    return [_HEADER.pack(b"RIFF", size), wav[_HEADER.size :], pad, chunk]


def read_info(file: BinaryIO) -> dict[str, str]:
    """Every INFO text of the RIFF file; empty for another kind of file or a damaged one."""
    texts: dict[str, str] = {}
    if file.read(4) != b"RIFF" or len(file.read(4)) < 4 or file.read(4) != b"WAVE":
        return texts
    for name, size in _chunks(file):
        start = file.tell()
        if name == b"LIST" and size >= 4 and file.read(4) == b"INFO":
            texts.update(_info_texts(file.read(size - 4)))
        file.seek(start + size + size % 2)
    return texts


def _chunks(file: BinaryIO) -> Iterator[tuple[bytes, int]]:
    while len(header := file.read(_HEADER.size)) == _HEADER.size:
        yield _HEADER.unpack(header)


def _info_texts(body: bytes) -> dict[str, str]:
    texts: dict[str, str] = {}
    while len(body) >= _HEADER.size:
        name, size = _HEADER.unpack_from(body)
        data = body[_HEADER.size : _HEADER.size + size]
        texts[name.decode("latin-1")] = data.rstrip(b"\0").decode("utf-8", "replace")
        body = body[_HEADER.size + size + size % 2 :]
    return texts
