"""A request becomes a clip of exactly the asked length, reproducibly, on the tiny model."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from engine.api import (
    Chord,
    Clip,
    GenerationRequest,
    Projection,
    Refinement,
    SamplerName,
    ScheduleName,
    Score,
)
from engine.device import Device
from engine.errors import EngineError
from engine.models.base import Model
from engine.models.registry import Registry
from engine.pipeline import FULL, LEAN, Generation, Way, settled
from tests.engine.tiny_model import DIT_CONFIG, write_tiny_model

REQUEST = GenerationRequest("slow jazz", duration_s=1.0, steps=3, seed=7)


@pytest.fixture(scope="module")
def model(tiny_registry: Registry) -> Model:
    return tiny_registry.load("house", Device("cpu", torch.float32))


def make(model: Model, request: GenerationRequest, way: Way = FULL) -> Clip:
    generation = Generation(model, request, way)
    *_, last = generation.steps()
    return generation.clip(last.x)


@pytest.mark.parametrize("duration_s", [1.0, 1.2345678, 2 / 3 + 1])
def test_the_clip_has_the_asked_length_to_the_sample(model: Model, duration_s: float) -> None:
    clip = make(model, replace(REQUEST, duration_s=duration_s))
    assert clip.audio.shape == (round(duration_s * 44_100), 2)
    assert clip.audio.dtype == np.float32
    assert clip.audio.flags.c_contiguous


def test_a_transformer_plays_in_the_u_net_s_place(tmp_path: Path) -> None:
    write_tiny_model(tmp_path, net=DIT_CONFIG.net)
    model = Registry((tmp_path,)).load("house", Device("cpu", torch.float32))
    first, again = make(model, REQUEST), make(model, REQUEST)
    np.testing.assert_array_equal(first.audio, again.audio)
    other = make(model, replace(REQUEST, prompt="heavy metal"))
    assert first.audio.shape == (44_100, 2)
    assert not np.allclose(first.audio, other.audio)


@pytest.mark.parametrize("sampler", SamplerName)
@pytest.mark.parametrize("schedule", ScheduleName)
def test_every_sampler_walks_every_schedule(
    model: Model, sampler: SamplerName, schedule: ScheduleName
) -> None:
    generation = Generation(model, replace(REQUEST, sampler=sampler, schedule=schedule))
    steps = list(generation.steps())
    assert [step.index for step in steps] == [1, 2, 3]
    assert steps[-1].sigma == 0.0
    assert generation.evaluations == sampler.evaluations(3)


def test_a_seed_makes_the_same_clip_again_and_another_seed_another(model: Model) -> None:
    first, again = make(model, REQUEST), make(model, REQUEST)
    other = make(model, replace(REQUEST, seed=8))
    np.testing.assert_array_equal(first.audio, again.audio)
    assert not np.allclose(first.audio, other.audio)


def test_an_open_request_is_settled_by_what_its_clip_names(model: Model) -> None:
    clip = make(model, replace(REQUEST, seed=None))
    assert clip.request.seed is not None
    assert clip.request.score.chords
    assert settled(clip.request) == clip.request
    np.testing.assert_array_equal(make(model, clip.request).audio, clip.audio)


def test_a_given_score_is_kept_to_the_letter() -> None:
    given = Score(tempo_bpm=61.5, chords=(Chord(3, "m7"),))
    score = settled(replace(REQUEST, score=given)).score
    assert (score.tempo_bpm, score.chords) == (61.5, given.chords)


def test_prompt_negative_prompt_score_and_guidance_each_change_the_sound(model: Model) -> None:
    score = settled(REQUEST).score
    base = make(model, replace(REQUEST, score=score)).audio
    for change in (
        {"prompt": "fast heavy metal"},
        {"negative_prompt": "drums"},
        {"score": replace(score, tempo_bpm=200.0)},
        {"guidance": 5.0},
    ):
        changed = make(model, replace(REQUEST, **({"score": score} | change)))
        assert not np.allclose(base, changed.audio), change


def test_the_lean_way_makes_the_same_sound_with_twice_the_calls(model: Model) -> None:
    full, lean = Generation(model, REQUEST), Generation(model, REQUEST, LEAN)
    (*_, last_full), (*_, last_lean) = full.steps(), lean.steps()
    torch.testing.assert_close(last_full.x, last_lean.x, atol=1e-4, rtol=1e-4)
    assert lean.evaluations == 2 * full.evaluations


@pytest.mark.parametrize("way", [FULL, LEAN])
def test_guidance_is_not_computed_outside_its_interval(model: Model, way: Way) -> None:
    """Of three steps the first two are above the interval and cost one call each either way."""
    last_only = Refinement(interval=(0.0, 0.1))
    generation = Generation(model, replace(REQUEST, refinement=last_only), way)
    *_, last = generation.steps()
    assert generation.evaluations == (3 if way is FULL else 4)
    assert not torch.allclose(last.x, list(Generation(model, REQUEST).steps())[-1].x, atol=1e-3)


@pytest.mark.parametrize(
    "refinement",
    [Refinement(rescale=0.7), Refinement(projection=Projection()), Refinement(interval=(1.0, 9.0))],
)
def test_every_refinement_changes_the_sound_the_same_way_in_both(
    model: Model, refinement: Refinement
) -> None:
    request = replace(REQUEST, guidance=5.0)
    refined = replace(request, refinement=refinement)
    (*_, plain), (*_, full) = (Generation(model, each).steps() for each in (request, refined))
    *_, lean = Generation(model, refined, LEAN).steps()
    assert not torch.allclose(plain.x, full.x, atol=1e-3)
    torch.testing.assert_close(full.x, lean.x, atol=1e-4, rtol=1e-4)


def test_a_picture_covers_the_clip(model: Model) -> None:
    generation = Generation(model, replace(REQUEST, duration_s=1.5))
    step = next(generation.steps())
    picture = generation.picture(step.denoised)
    assert picture.duration_s == 1.5
    frames_per_s = picture.level_db.shape[1] / 1.5
    assert frames_per_s == pytest.approx(4 * 44_100 / 2_048, rel=0.02)


@pytest.mark.parametrize(
    ("begin_s", "length_s", "begin", "frames"),
    [(0.0, 0.5, 0, 22_050), (0.75, 1.0, 33_075, 11_025), (9.0, 1.0, 44_099, 1), (-1.0, 0.0, 0, 1)],
)
def test_an_excerpt_lies_inside_the_clip(
    model: Model, begin_s: float, length_s: float, begin: int, frames: int
) -> None:
    generation = Generation(model, REQUEST)
    latents = next(generation.steps()).denoised
    found, audio = generation.excerpt(latents, begin_s, length_s)
    assert (found, audio.shape, audio.dtype) == (begin, (frames, 2), np.float32)


def test_a_loop_s_excerpt_is_the_whole_loop(model: Model) -> None:
    generation = Generation(model, replace(REQUEST, score=Score(loop=True, bars=1)))
    begin, audio = generation.excerpt(next(generation.steps()).denoised, 0.5, 0.5)
    assert (begin, len(audio)) == (0, generation.samples)


def test_an_estimate_that_is_no_number_is_heard_as_silence(model: Model) -> None:
    generation = Generation(model, REQUEST)
    latents = torch.full_like(next(generation.steps()).denoised, torch.nan)
    _, audio = generation.excerpt(latents, 0.0, 0.5)
    assert not audio.any()


def test_sound_that_is_no_number_is_an_error_not_a_clip(model: Model) -> None:
    generation = Generation(model, REQUEST)
    latents = next(generation.steps()).x.clone()
    latents[0, 0, 3] = torch.nan
    with pytest.raises(EngineError, match="not numbers"):
        generation.clip(latents)


def test_notices_reach_the_clip(model: Model) -> None:
    clip = make(model, replace(REQUEST, prompt="slow jazz 🎵", negative_prompt="鼓"))
    assert len(clip.notices) == 2
    assert "🎵" in clip.notices[0]
    assert clip.notices[1].startswith("In the negative prompt:")
