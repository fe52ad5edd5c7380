"""The short evaluation on prompts written by hand, and any model as it is asked."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile

from engine.api import GenerationRequest
from engine.cli import main
from engine.device import choose
from engine.models.registry import Registry
from engine.score import Score
from engine.training.asking import Sampling, at_evaluation_rate, generator
from engine.training.corpus.prompts import evaluation_prompts
from engine.training.corpus.render import Renderer
from engine.training.evaluation import DrumDetector, Generate, Sound, evaluate, real_render
from engine.training.report import number
from tests.engine.tiny_model import write_tiny_model

pytestmark = pytest.mark.xdist_group("evaluation")  # one worker makes what all share


@pytest.fixture(scope="module")
def detector() -> tuple[DrumDetector, float]:
    """Fitted once, to six renders in place of 160, and held against two in place of 60."""
    return DrumDetector.from_renders(Renderer(), fitted=6, held_out=2)


@pytest.fixture(autouse=True)
def _one_detector(monkeypatch: pytest.MonkeyPatch, detector: tuple[DrumDetector, float]) -> None:
    monkeypatch.setattr(DrumDetector, "from_renders", lambda renderer: detector)


def composer_as_model() -> Generate:
    """A model that could not be better: the composer itself, playing what is asked."""
    renderer = Renderer()
    asked = {prompt.text: prompt for prompt in evaluation_prompts()}

    def generate(request: GenerationRequest) -> tuple[Sound, Score]:
        assert request.seed is not None
        return real_render(asked[request.prompt], renderer, request.seed)

    return generate


def test_a_model_as_good_as_the_composer_gets_the_composers_figures() -> None:
    done: list[int] = []
    report = evaluate(composer_as_model(), 0, evaluation_prompts()[:2], done.append)
    assert done == [1, 2]
    assert all(generated == real for _, generated, real in report.rows())
    assert report.seeds_differ > 0.01
    assert report.rows()[0][0] == "tempo within 4 % or its octave"
    assert report.generated[0].prompt.tempo_bpm == 75


def test_a_silent_model_is_found_out() -> None:
    def silence(request: GenerationRequest) -> tuple[Sound, Score]:
        return np.zeros((441_000, 2), np.float32), Score()

    report = evaluate(silence, 0, evaluation_prompts()[:1])
    figures = {what: (generated, real) for what, generated, real in report.rows()}
    assert figures["not silent, clipped or NaN"] == (0, 1)
    assert number(figures["chroma energy on the asked chords"][0]) is None
    assert report.seeds_differ == 0


def test_any_model_is_asked_with_its_own_settings_and_its_clips_are_kept(tmp_path: Path) -> None:
    write_tiny_model(tmp_path, "mine")
    model = Registry((tmp_path,)).load("mine", choose("cpu"))
    generate = generator(model, Sampling(steps=1), out=tmp_path / "clips")
    sound, score = generate(GenerationRequest("Slow jazz, 80 bpm!", duration_s=2.0, seed=3))
    assert sound.shape == (88_200, 2)
    assert score.tempo_bpm == 80
    (clip,) = (tmp_path / "clips").iterdir()
    assert clip.name == "00003-1-slow-jazz-80-bpm.wav"
    assert soundfile.info(clip).duration == 2.0


def test_a_model_that_is_not_there_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("UNDERTONE_MODELS", str(tmp_path))
    assert main(["evaluate", "--model", "nothing"]) == 2
    assert "There is no model “nothing”" in capsys.readouterr().err


def test_another_rate_is_brought_to_the_measures() -> None:
    low = np.sin(np.arange(16_000) * 2 * np.pi * 440 / 16_000).astype(np.float32)[:, None]
    assert at_evaluation_rate(low, 16_000).shape == (44_100, 1)
    assert at_evaluation_rate(low, 44_100) is low
