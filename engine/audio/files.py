"""Sound to file and back: WAV and FLAC, atomic, exact in length, settings in the metadata."""

from __future__ import annotations

import io
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import numpy as np
import soundfile
import soxr
from numpy.typing import NDArray

from engine.api import GenerationRequest
from engine.audio import riff
from engine.audio.atomic import file_errors, write_atomically
from engine.audio.levels import peak_db
from engine.audio.settings import holds_settings, request_from_json, request_to_json
from engine.errors import AudioFileError, InvalidRequest

SOFTWARE = "Undertone"
SAMPLE_RATES = (16_000, 22_050, 32_000, 44_100, 48_000, 88_200, 96_000)
_DITHER_SEED = 0x5EED  # the same export twice gives the same bytes


@dataclass(frozen=True)
class _Encoding:
    container: str  # soundfile's name, and the file's suffix
    subtype: str
    bits: int  # of an integer format; 0 for floating point


class FileFormat(StrEnum):
    """What a clip can be written as."""

    WAV_16 = "wav-16"
    WAV_24 = "wav-24"
    WAV_FLOAT = "wav-float"
    FLAC_16 = "flac-16"
    FLAC_24 = "flac-24"

    @property
    def suffix(self) -> str:
        return f".{_ENCODINGS[self].container.lower()}"

    @property
    def bits(self) -> int:
        """Bits of an integer format, where full scale is the end; 0 for floating point."""
        return _ENCODINGS[self].bits

    @classmethod
    def of_suffix(cls, path: Path) -> FileFormat:
        """The 24-bit format that a file name asks for. Raises `AudioFileError`."""
        for found in (cls.WAV_24, cls.FLAC_24):
            if path.suffix.lower() == found.suffix:
                return found
        raise AudioFileError(
            f"“{path.name}” is neither a .wav nor a .flac file name.",
            "End the name with .wav or .flac.",
        )


_ENCODINGS = {
    FileFormat.WAV_16: _Encoding("WAV", "PCM_16", 16),
    FileFormat.WAV_24: _Encoding("WAV", "PCM_24", 24),
    FileFormat.WAV_FLOAT: _Encoding("WAV", "FLOAT", 0),
    FileFormat.FLAC_16: _Encoding("FLAC", "PCM_16", 16),
    FileFormat.FLAC_24: _Encoding("FLAC", "PCM_24", 24),
}


def write(
    path: str | Path,
    audio: NDArray[np.float32],  # (frames, channels)
    sample_rate: int,
    format: FileFormat,
    request: GenerationRequest | None = None,
    *,
    target_sample_rate: int | None = None,
) -> None:
    """Write `audio` whole or not at all, `request` in the file's metadata.

    Nothing is rescaled or clipped: an integer format refuses samples beyond ±1. Raises
    `AudioFileError` for that, for a name whose suffix is not the format's, and for a disk that
    is full or does not allow it.
    """
    path = Path(path)
    if path.suffix.lower() != format.suffix:
        raise AudioFileError(
            f"“{path.name}” does not end with {format.suffix}, which the format needs.",
            f"Name it “{path.stem}{format.suffix}”.",
        )
    if target_sample_rate is not None:
        audio = resample(audio, sample_rate, target_sample_rate)
        sample_rate = target_sample_rate
    _check_samples(audio, format)
    write_atomically(path, _encode(audio, sample_rate, format, request))


def read(path: str | Path) -> tuple[NDArray[np.float32], int]:
    """The samples, (frames, channels), and their rate. Raises `AudioFileError`."""
    path = Path(path)
    with file_errors("read", path), open(path, "rb") as file:
        try:
            audio, sample_rate = soundfile.read(file, dtype="float32", always_2d=True)
        except soundfile.LibsndfileError as error:
            raise _not_audio(path) from error
    return audio, sample_rate


def read_settings(path: str | Path) -> GenerationRequest | None:
    """The settings an export carries; None when it carries none.

    Raises `AudioFileError` for a file that cannot be read, is no audio, or whose settings are
    damaged or of a newer version.
    """
    path = Path(path)
    comment = _read_comment(path)
    if not holds_settings(comment):
        return None
    try:
        return request_from_json(comment)
    except InvalidRequest as error:
        raise AudioFileError(f"“{path.name}”: {error.message}", error.remedy) from error


def resample(
    audio: NDArray[np.float32], sample_rate: int, target_sample_rate: int
) -> NDArray[np.float32]:
    """`audio` at another rate, its length exact to the nearest frame."""
    if sample_rate == target_sample_rate:
        return audio
    frames = max(1, round(len(audio) * target_sample_rate / sample_rate))
    out = soxr.resample(audio, sample_rate, target_sample_rate, quality="VHQ")[:frames]
    return np.pad(out, ((0, frames - len(out)), (0, 0)))


def _check_samples(audio: NDArray[np.float32], format: FileFormat) -> None:
    if audio.ndim != 2 or not audio.size:
        raise AudioFileError("There is no sound to write.", "Generate a take first.")
    if not np.isfinite(audio).all():
        raise AudioFileError(
            "The sound holds values that are not numbers.",
            "Generate it again with another seed, fewer steps or less guidance.",
        )
    over_db = peak_db(audio)
    if format.bits and over_db > 0.0:
        raise AudioFileError(
            f"The sound peaks at {over_db:+.1f} dBFS, which {format.bits}-bit files cannot hold.",
            "Choose a normalised level, or export as 32-bit float.",
        )


def _encode(
    audio: NDArray[np.float32],
    sample_rate: int,
    format: FileFormat,
    request: GenerationRequest | None,
) -> list[bytes | memoryview]:
    """The file's bytes. They are made in memory, where a full disk cannot cut them short."""
    encoding = _ENCODINGS[format]
    buffer = io.BytesIO()
    with soundfile.SoundFile(
        buffer, "w", sample_rate, audio.shape[1], encoding.subtype, format=encoding.container
    ) as file:
        if request is not None and encoding.container == "FLAC":
            file.title, file.software, file.comment = _texts(request)
        file.write(_quantised(audio, encoding.bits))
    if request is None or encoding.container == "FLAC":
        return [buffer.getbuffer()]
    return riff.with_info(
        buffer.getbuffer(), dict(zip(("INAM", "ISFT", "ICMT"), _texts(request), strict=True))
    )


def _texts(request: GenerationRequest) -> tuple[str, str, str]:
    """Title, software and comment of the file's metadata."""
    title = request.prompt.encode("utf-8", "replace").decode().replace("\0", " ")
    return title, SOFTWARE, request_to_json(request)


def _quantised(audio: NDArray[np.float32], bits: int) -> NDArray[np.generic]:
    """Samples as the integers the file holds, left-aligned in int32 for 24 bits.

    Sixteen bits are dithered once with triangular noise of ±1 step. The one step between
    +1.0 and the largest integer, and the dither at full scale, saturate.
    """
    if not bits:
        return audio
    steps = audio * np.float64(2 ** (bits - 1))
    if bits == 16:
        noise = np.random.default_rng(_DITHER_SEED)
        steps += noise.random(audio.shape) - noise.random(audio.shape)
    limits = -(2 ** (bits - 1)), 2 ** (bits - 1) - 1
    whole = np.clip(np.rint(steps), *limits)
    return whole.astype(np.int16) if bits == 16 else whole.astype(np.int32) << (32 - bits)


def _read_comment(path: Path) -> str:
    with file_errors("read", path), open(path, "rb") as file:
        comment = riff.read_info(file).get("ICMT")
        if comment is not None:
            return comment
        file.seek(0)
        try:
            with soundfile.SoundFile(file) as sound:
                return str(sound.comment)
        except soundfile.LibsndfileError as error:
            raise _not_audio(path) from error


def _not_audio(path: Path) -> AudioFileError:
    return AudioFileError(
        f"“{path.name}” is damaged or no audio file.", "Choose a WAV, FLAC, OGG or MP3 file."
    )
