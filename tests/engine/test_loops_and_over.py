"""Loops that are exact and round, stems, and music written over other sound, on the tiny model."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from engine.accompaniment import PEAK, RMS_DB, load, score_of
from engine.api import Clip, GenerationRequest, Key, Score, Stem
from engine.audio.files import FileFormat, write
from engine.device import Device
from engine.errors import AudioFileError, InvalidRequest
from engine.models.base import Model
from engine.models.house import HouseConfig
from engine.models.registry import Registry
from engine.pipeline import Generation, settled
from engine.planner import plan_for
from engine.score import parse_chords
from tests.engine.tiny_model import CONFIG, DIT_CONFIG, write_tiny_model

CPU = Device("cpu", torch.float32)
LOOP = GenerationRequest(
    "house", steps=3, seed=7, score=Score(tempo_bpm=123.0, bars=1, beats_per_bar=4, loop=True)
)


@pytest.fixture(scope="module")
def model(tiny_registry: Registry) -> Model:
    return tiny_registry.load("house", CPU)


def latents_of(model: Model, request: GenerationRequest) -> torch.Tensor:
    *_, last = Generation(model, request).steps()
    return last.x


def make(model: Model, request: GenerationRequest) -> Clip:
    generation = Generation(model, request)
    *_, last = generation.steps()
    return generation.clip(last.x)


@pytest.mark.parametrize(
    ("tempo_bpm", "bars", "beats"), [(123.0, 1, 4), (97.3, 2, 3), (61.0, 1, 4)]
)
def test_a_loop_lasts_its_bars_to_the_sample(
    model: Model, tempo_bpm: float, bars: int, beats: int
) -> None:
    score = Score(tempo_bpm=tempo_bpm, bars=bars, beats_per_bar=beats, loop=True)
    clip = make(model, replace(LOOP, score=score))
    assert len(clip.audio) == round(bars * beats * 60 / tempo_bpm * 44_100)
    assert clip.request.duration_s == bars * beats * 60 / tempo_bpm
    assert settled(clip.request) == clip.request


@pytest.mark.parametrize("config", [CONFIG, DIT_CONFIG], ids=["U-Net", "transformer"])
def test_a_loop_that_begins_elsewhere_is_the_same_loop(config: HouseConfig, tmp_path: Path) -> None:
    """The network knows no beginning: rolled noise and rolled score make rolled latents."""
    write_tiny_model(tmp_path, net=config.net)
    model = Registry((tmp_path,)).load("house", CPU)
    generation = Generation(model, LOOP)
    frames, turn = generation.frames, 2 * model.loop_frames
    model.turn_around(True)
    told, _ = model.conditioning(LOOP.prompt, "", generation.request.score, frames)
    assert told.concat is not None
    x = torch.randn(1, model.codec.latent_channels, frames)
    with torch.inference_mode():
        straight = model.denoiser(x, torch.tensor(1.0), told)
        rolled = model.denoiser(
            x.roll(turn, -1), torch.tensor(1.0), replace(told, concat=told.concat.roll(turn, -1))
        )
    torch.testing.assert_close(rolled, straight.roll(turn, -1), atol=1e-4, rtol=1e-4)


def test_the_next_clip_is_a_line_again(model: Model) -> None:
    line = replace(LOOP, score=replace(LOOP.score, loop=False), duration_s=1.0)
    before = latents_of(model, line)
    latents_of(model, LOOP)
    assert torch.equal(latents_of(model, line), before)


def test_a_loop_s_picture_is_as_long_as_the_loop(model: Model) -> None:
    generation = Generation(model, LOOP)
    step = next(generation.steps())
    picture = generation.picture(step.denoised)
    assert picture.duration_s == generation.request.duration_s
    assert picture.level_db.shape[1] == 4 * generation.frames


def test_bars_too_short_to_be_a_clip_are_refused() -> None:
    short = Score(tempo_bpm=240.0, bars=1, beats_per_bar=2, loop=True)
    with pytest.raises(InvalidRequest, match=r"1 bar lasts 0\.50 s") as caught:
        settled(replace(LOOP, score=short))
    assert caught.value.field == "bars"


def test_a_stem_changes_the_sound(model: Model) -> None:
    one, other = (
        make(model, replace(LOOP, score=replace(LOOP.score, stem=stem, drums=False)))
        for stem in (Stem.BASS, Stem.PAD)
    )
    assert not np.allclose(one.audio, other.audio)


def test_older_models_say_what_they_cannot(tmp_path: Path) -> None:
    write_tiny_model(tmp_path, "older", net=replace(CONFIG.net, concat_channels=50))
    score = Score(stem=Stem.BASS, loop=True)
    older = Registry((tmp_path,)).load("older", CPU)
    assert any("stems" in each for each in older.notices("jazz", "", score))
    assert not older.notices("jazz", "", Score(stem=Stem.MIX, loop=True))
    with pytest.raises(InvalidRequest, match="cannot write over other sound"):
        older.conditioning("jazz", "", score, 10, torch.zeros(1, 16, 10))


# Over other sound


def sound(seconds: float, seed: int = 0) -> np.ndarray:
    samples = round(seconds * 44_100)
    noise = np.random.default_rng(seed).normal(size=(samples, 2))
    return (0.1 * noise).astype(np.float32)


def exported(path: Path, request: GenerationRequest | None, seconds: float = 2.0) -> str:
    write(path, sound(seconds), 44_100, FileFormat.WAV_FLOAT, request)
    return str(path)


def test_what_it_is_written_over_changes_the_sound(model: Model, tmp_path: Path) -> None:
    plain = latents_of(model, LOOP)
    over = latents_of(model, replace(LOOP, over=exported(tmp_path / "a.wav", None)))
    assert not torch.allclose(plain, over)


def test_a_take_s_own_settings_tell_its_music(tmp_path: Path) -> None:
    score = Score(91.0, 3, Key.parse("D minor"), parse_chords("Dm Gm"), 4, True, Stem.DRUMS, True)
    path = exported(tmp_path / "take.wav", GenerationRequest("drums", score=score))
    request = GenerationRequest("bass, 140 bpm", over=path, score=Score(stem=Stem.BASS))
    planned = plan_for(request)
    assert (planned.tempo_bpm, planned.beats_per_bar, planned.bars) == (91.0, 3, 4)
    assert (planned.key, planned.chords, planned.loop) == (score.key, score.chords, True)
    assert (planned.stem, planned.drums) == (Stem.BASS, False)
    assert settled(request).score == planned
    given = replace(request, score=Score(tempo_bpm=100.0))
    assert settled(given).score.tempo_bpm == 100.0


def test_a_loop_without_settings_is_as_fast_as_its_bars_are_long(tmp_path: Path) -> None:
    path = exported(tmp_path / "loop.wav", None, 8.0)
    request = GenerationRequest("bass", over=path, score=Score(loop=True, bars=4))
    assert settled(request).score.tempo_bpm == pytest.approx(120.0)
    assert settled(replace(request, prompt="bass, 90 bpm")).score.tempo_bpm == 90.0


def test_a_tempo_that_nothing_tells_is_asked_for(tmp_path: Path) -> None:
    path = exported(tmp_path / "song.wav", None)
    with pytest.raises(InvalidRequest, match=r"How fast “song\.wav” is") as caught:
        settled(GenerationRequest("bass", over=path))
    assert caught.value.field == "tempo_bpm"


def test_a_file_that_is_gone_or_silent_is_refused(tmp_path: Path) -> None:
    gone = str(tmp_path / "gone.wav")
    assert score_of(gone) == Score()
    with pytest.raises(AudioFileError):
        load(gone, 44_100, 2, 100, False)
    write(tmp_path / "still.wav", np.zeros((50, 2), np.float32), 44_100, FileFormat.WAV_16)
    with pytest.raises(InvalidRequest, match=r"no sound in “still\.wav”"):
        load(str(tmp_path / "still.wav"), 44_100, 2, 100, False)


def test_it_is_fitted_in_length_loudness_and_channels(tmp_path: Path) -> None:
    path = tmp_path / "mono.wav"
    write(path, sound(1.0)[:, :1], 22_050, FileFormat.WAV_FLOAT)  # two seconds there
    once, around = (load(str(path), 44_100, 2, 5 * 44_100, each) for each in (False, True))
    assert once.shape == around.shape == (2, 5 * 44_100)
    assert not once[:, 2 * 44_100 + 10 :].any()
    np.testing.assert_allclose(around[:, :44_100], around[:, 2 * 44_100 : 3 * 44_100], atol=1e-6)
    np.testing.assert_array_equal(around[0], around[1])
    rms_db = 20 * np.log10(np.sqrt(np.mean(around**2)))
    assert rms_db == pytest.approx(RMS_DB, abs=0.1)
    assert np.abs(around).max() <= PEAK
