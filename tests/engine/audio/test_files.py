"""Files: exact samples and length, settings inside, whole or absent, errors in words."""

import contextlib
import errno
import os
import resource
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.api import GenerationRequest
from engine.audio import atomic, files
from engine.audio.files import FileFormat, read, read_settings, resample, write
from engine.errors import AudioFileError
from tests.engine.audio.strategies import requests, sounds

RATE = 44_100
ASK = GenerationRequest("slow lo-fi hip hop", seed=417_203)
NOISE = np.random.default_rng(2).uniform(-0.9, 0.9, (RATE // 2, 2)).astype(np.float32)


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as name:
        yield Path(name)


@settings(max_examples=40, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(audio=sounds, format=st.sampled_from(FileFormat), request_=requests)
def test_samples_length_and_settings_come_back(
    folder: Path, audio: np.ndarray, format: FileFormat, request_: GenerationRequest
) -> None:
    path = folder / f"round{format.suffix}"
    write(path, audio, RATE, format, request_)
    back, rate = read(path)
    assert (back.shape, rate) == (audio.shape, RATE)
    # Half a step of rounding, one of dither at 16 bits, one where +1.0 saturates.
    steps = {16: 2.5, 24: 1.5, 0: 0.0}[format.bits]
    assert np.abs(back - audio).max() <= steps / 2 ** (max(format.bits, 1) - 1)
    assert read_settings(path) == request_


def test_float_files_keep_what_is_over_full_scale(tmp_path: Path) -> None:
    write(tmp_path / "hot.wav", NOISE * 4, RATE, FileFormat.WAV_FLOAT)
    np.testing.assert_array_equal(read(tmp_path / "hot.wav")[0], NOISE * 4)


@pytest.mark.parametrize("format", [f for f in FileFormat if f.bits])
def test_integer_files_refuse_what_is_over_full_scale(tmp_path: Path, format: FileFormat) -> None:
    path = tmp_path / f"hot{format.suffix}"
    with pytest.raises(AudioFileError, match=r"\+6\.0 dBFS.*normalised.*32-bit float"):
        write(path, NOISE / np.abs(NOISE).max() * 2, RATE, format)
    assert not list(tmp_path.iterdir())


def test_dither_is_deterministic_and_triangular(tmp_path: Path) -> None:
    quiet = np.full((200_000, 1), 0.3 / 2**15, np.float32)
    for name in ("a.wav", "b.wav"):
        write(tmp_path / name, quiet, RATE, FileFormat.WAV_16)
    assert (tmp_path / "a.wav").read_bytes() == (tmp_path / "b.wav").read_bytes()
    steps = soundfile.read(tmp_path / "a.wav", dtype="int16")[0].astype(float)
    assert steps.mean() == pytest.approx(0.3, abs=0.01)  # no bias: what lies below a step is kept
    assert steps.std() == pytest.approx(0.5, abs=0.02)  # TPDF: ½ step whatever the signal


def test_only_sixteen_bits_are_dithered(tmp_path: Path) -> None:
    silence = np.zeros((1000, 2), np.float32)
    write(tmp_path / "16.wav", silence, RATE, FileFormat.WAV_16)
    write(tmp_path / "24.wav", silence, RATE, FileFormat.WAV_24)
    assert read(tmp_path / "16.wav")[0].any()
    assert not read(tmp_path / "24.wav")[0].any()


@pytest.mark.parametrize("format", FileFormat)
def test_long_prompts_fit_and_other_programs_read_the_file(
    tmp_path: Path, format: FileFormat
) -> None:
    long = GenerationRequest("🎷 慢爵士 " * 200, negative_prompt="噪" * 2000)
    path = tmp_path / f"long{format.suffix}"
    write(path, NOISE, RATE, format, long)
    assert read_settings(path) == long
    assert soundfile.info(path).frames == len(NOISE)


@pytest.mark.parametrize("target", [16_000, 22_050, 48_000, 96_000])
@pytest.mark.parametrize("frames", [1, 999, 44_101])
def test_resampled_length_is_exact(tmp_path: Path, target: int, frames: int) -> None:
    path = tmp_path / "rate.wav"
    audio = np.zeros((frames, 2), np.float32)
    write(path, audio, RATE, FileFormat.WAV_24, target_sample_rate=target)
    assert soundfile.info(path).samplerate == target
    assert soundfile.info(path).frames == max(1, round(frames * target / RATE))


def test_resampling_keeps_a_tone() -> None:
    def sine(rate: int) -> np.ndarray:
        return np.sin(2 * np.pi * 997 * np.arange(rate) / rate).astype(np.float32)[:, None]

    error = resample(sine(44_100), 44_100, 48_000) - sine(48_000)
    assert np.abs(error[2000:-2000]).max() < 1e-4


def test_files_of_others_have_no_settings(tmp_path: Path) -> None:
    for name in ("plain.wav", "plain.flac"):
        with soundfile.SoundFile(tmp_path / name, "w", RATE, 2) as file:
            file.comment = "recorded at home"
            file.write(NOISE)
        assert read_settings(tmp_path / name) is None


def test_damaged_settings_and_noise_are_told_apart_from_none(tmp_path: Path) -> None:
    write(tmp_path / "a.wav", NOISE, RATE, FileFormat.WAV_24, ASK)
    whole = (tmp_path / "a.wav").read_bytes()
    (tmp_path / "bad.wav").write_bytes(whole.replace(b'"steps": 25', b'"steps": -5'))
    with pytest.raises(AudioFileError, match="Steps -5 is out of range"):
        read_settings(tmp_path / "bad.wav")
    (tmp_path / "text.wav").write_text("no audio")
    for call in (read, read_settings):
        with pytest.raises(AudioFileError, match="damaged or no audio"):
            call(tmp_path / "text.wav")
        with pytest.raises(AudioFileError, match="does not exist"):
            call(tmp_path / "absent.wav")


@given(cut=st.integers(0, 30_000))
@settings(max_examples=60, deadline=None)
def test_a_truncated_file_never_crashes_the_reader(folder: Path, cut: int) -> None:
    write(folder / "whole.wav", NOISE[:3000], RATE, FileFormat.WAV_24, ASK)
    (folder / "cut.wav").write_bytes((folder / "whole.wav").read_bytes()[:cut])
    with contextlib.suppress(AudioFileError):
        assert read_settings(folder / "cut.wav") in (None, ASK)


@pytest.mark.parametrize("audio", [NOISE[:0], NOISE * np.nan, NOISE * np.inf])
def test_what_is_no_sound_is_refused(tmp_path: Path, audio: np.ndarray) -> None:
    with pytest.raises(AudioFileError):
        write(tmp_path / "a.wav", audio, RATE, FileFormat.WAV_FLOAT)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("name", ["a\0b.wav", "x" * 300 + ".wav", "nowhere/a.wav", "a.flac", "a"])
def test_bad_names_say_what_to_do(tmp_path: Path, name: str) -> None:
    with pytest.raises(AudioFileError) as caught:
        write(tmp_path / name, NOISE, RATE, FileFormat.WAV_24)
    assert caught.value.remedy
    assert not list(tmp_path.iterdir())


def test_a_name_that_is_a_folder(tmp_path: Path) -> None:
    (tmp_path / "a.wav").mkdir()
    with pytest.raises(AudioFileError):
        write(tmp_path / "a.wav", NOISE, RATE, FileFormat.WAV_24)
    assert [p.name for p in tmp_path.iterdir()] == ["a.wav"]


@contextlib.contextmanager
def files_end_at(size: int) -> Iterator[None]:
    """The system refuses to let any file of this process grow beyond `size` bytes."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.parametrize("format", FileFormat)
def test_a_full_disk_keeps_the_old_file_and_leaves_no_litter(
    tmp_path: Path, format: FileFormat
) -> None:
    path = tmp_path / f"a{format.suffix}"
    path.write_bytes(b"the old file")
    with files_end_at(10_000), pytest.raises(AudioFileError, match="disk is full"):
        write(path, NOISE, RATE, format, ASK)
    assert path.read_bytes() == b"the old file"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT, errno.EIO])
def test_a_disk_that_fails_at_the_last_moment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    def fail(descriptor: int) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(atomic.os, "fsync", fail)
    with pytest.raises(AudioFileError):
        write(tmp_path / "a.wav", NOISE, RATE, FileFormat.WAV_24)
    assert not list(tmp_path.iterdir())


def test_an_interrupt_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(descriptor: int) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(atomic.os, "fsync", interrupt)
    with pytest.raises(KeyboardInterrupt):
        write(tmp_path / "a.wav", NOISE, RATE, FileFormat.WAV_24)
    assert not list(tmp_path.iterdir())


@pytest.mark.skipif(os.name == "nt", reason="needs POSIX permissions")
def test_a_read_only_folder_says_what_to_do(ordinary_user: None) -> None:
    with tempfile.TemporaryDirectory() as name:
        os.chmod(name, 0o555)
        with pytest.raises(AudioFileError, match=r"does not allow it.*folder of your own"):
            write(Path(name) / "a.wav", NOISE, RATE, FileFormat.WAV_24)
        assert not os.listdir(name)


@pytest.fixture
def ordinary_user() -> Iterator[None]:
    """Without the rights of root, to whom no folder is read-only."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(65_534)
    try:
        yield
    finally:
        os.seteuid(0)


def test_what_a_killed_export_left_is_swept_later(tmp_path: Path) -> None:
    stale, fresh = tmp_path / ".undertone-1.part", tmp_path / ".undertone-2.part"
    for path in (stale, fresh):
        path.write_bytes(b"half")
    os.utime(stale, (0, 0))
    write(tmp_path / "a.wav", NOISE, RATE, FileFormat.WAV_24)
    assert not stale.exists()
    assert fresh.exists()  # another export may be writing it now


def test_formats_by_suffix() -> None:
    assert FileFormat.of_suffix(Path("x.WAV")) is FileFormat.WAV_24
    assert FileFormat.of_suffix(Path("x.flac")) is FileFormat.FLAC_24
    with pytest.raises(AudioFileError, match=r"\.wav or \.flac"):
        FileFormat.of_suffix(Path("x.mp3"))


def test_every_rate_on_offer_can_be_written(tmp_path: Path) -> None:
    for rate in files.SAMPLE_RATES:
        write(
            tmp_path / "a.flac", NOISE[:2000] / 2, RATE, FileFormat.FLAC_24, target_sample_rate=rate
        )
        assert soundfile.info(tmp_path / "a.flac").samplerate == rate
