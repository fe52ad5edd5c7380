"""The plan says what the file will be; nothing is rescaled that was not chosen."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given

from engine.api import Clip, GenerationRequest
from engine.audio.export import (
    ExportChoice,
    Normalise,
    export,
    plan_export,
    suggested_name,
)
from engine.audio.files import FileFormat, read
from engine.audio.levels import loudness_lufs, peak_db, true_peak_db
from engine.errors import AudioFileError
from tests.engine.audio.strategies import requests

RATE = 44_100


def clip(level: float, crest: bool = False) -> Clip:
    time_s = np.arange(2 * RATE) / RATE
    audio = np.stack([np.sin(2 * np.pi * f * time_s) for f in (440, 660)], axis=1) * level
    if crest:
        audio[::RATE] = 1.0
    return Clip(audio.astype(np.float32), RATE, GenerationRequest("A slow, sad waltz!", seed=7))


def test_nothing_happens_unless_chosen(tmp_path: Path) -> None:
    quiet = clip(0.01)
    plan = export(tmp_path / "a.wav", quiet, ExportChoice(FileFormat.WAV_FLOAT))
    assert plan.gain_db == 0.0
    np.testing.assert_array_equal(read(tmp_path / "a.wav")[0], quiet.audio)


@pytest.mark.parametrize("level", [0.01, 3.0])
@pytest.mark.parametrize("rate", [None, 48_000])
def test_peak_normalising_ends_at_minus_one(tmp_path: Path, level: float, rate: int | None) -> None:
    choice = ExportChoice(FileFormat.WAV_24, rate, Normalise.PEAK)
    plan = export(tmp_path / "a.wav", clip(level), choice)
    assert plan.after.peak_db == pytest.approx(-1.0)
    assert peak_db(read(tmp_path / "a.wav")[0]) == pytest.approx(-1.0, abs=1e-3)


def test_loudness_normalising_ends_at_its_target(tmp_path: Path) -> None:
    choice = ExportChoice(FileFormat.WAV_24, None, Normalise.LOUDNESS, -16.0)
    plan = export(tmp_path / "a.wav", clip(0.02), choice)
    audio, rate = read(tmp_path / "a.wav")
    assert loudness_lufs(audio, rate) == pytest.approx(-16.0, abs=0.1)
    assert plan.after.loudness_lufs == pytest.approx(-16.0, abs=1e-6)
    assert not plan.limited_by_true_peak


def test_the_true_peak_ceiling_holds_loudness_back(tmp_path: Path) -> None:
    choice = ExportChoice(FileFormat.WAV_24, None, Normalise.LOUDNESS, -14.0)
    plan = export(tmp_path / "a.wav", clip(0.05, crest=True), choice)
    audio, rate = read(tmp_path / "a.wav")
    assert plan.limited_by_true_peak
    assert plan.after.loudness_lufs < -14.0
    assert true_peak_db(audio, rate) == pytest.approx(-1.0, abs=0.01)


def test_silence_is_left_alone() -> None:
    for normalise in Normalise:
        plan = plan_export(clip(0.0), ExportChoice(normalise=normalise))
        assert plan.gain_db == 0.0
        assert not plan.too_loud


def test_too_loud_is_known_before_writing(tmp_path: Path) -> None:
    loud = clip(1.5)
    assert plan_export(loud, ExportChoice(FileFormat.FLAC_16)).too_loud
    assert not plan_export(loud, ExportChoice(FileFormat.WAV_FLOAT)).too_loud
    assert not plan_export(loud, ExportChoice(normalise=Normalise.PEAK)).too_loud
    with pytest.raises(AudioFileError, match="Choose a normalised level"):
        export(tmp_path / "a.flac", loud, ExportChoice(FileFormat.FLAC_16))


def test_the_peak_is_that_of_the_files_own_rate() -> None:
    # Samples at ±0.99 around a crest: at another rate the crest itself is sampled.
    audio = np.zeros((4000, 1), np.float32)
    audio[2000:2002] = 0.99
    hot = Clip(audio, RATE, GenerationRequest("click"))
    assert not plan_export(hot, ExportChoice(FileFormat.WAV_24)).too_loud
    assert plan_export(hot, ExportChoice(FileFormat.WAV_24, 96_000)).too_loud


@pytest.mark.parametrize(
    ("prompt", "name"),
    [
        ("A slow, sad waltz!", "a-slow-sad-waltz-7"),
        ("../../etc/passwd", "etc-passwd-7"),
        ("slow F# minor", "slow-f#-minor-7"),
        ("慢爵士 🎷", "慢爵士-7"),
        ("🎷", "take-7"),
    ],
)
def test_names_say_what_is_inside(prompt: str, name: str) -> None:
    assert suggested_name(GenerationRequest(prompt, seed=7)) == name


@given(requests)
def test_every_suggested_name_can_be_written(request_: GenerationRequest) -> None:
    name = suggested_name(request_)
    assert 1 <= len(name.encode()) <= 240
    assert not set(name) & set('/\\:*?"<>|\0')
    assert name[0] not in ".-"
