"""Ways of asking a model: what each costs, how they are combined, named and told."""

from __future__ import annotations

import argparse
from pathlib import Path

import pytest
from torch import Tensor

from engine.api import GenerationRequest
from engine.cli import main
from engine.device import choose
from engine.errors import InvalidRequest
from engine.models.base import Model
from engine.models.registry import Registry
from engine.nets.conditioning import Conditioning
from engine.pipeline import Generation
from engine.sampling import SIGMA, SamplerName
from engine.training.asking import Sampling
from engine.training.listening.choices import ALL, name_of, passes, ways
from engine.training.listening.choices_command import interval
from tests.engine.tiny_model import write_tiny_model


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Model:
    root = tmp_path_factory.mktemp("models")
    write_tiny_model(root, "mine")
    return Registry((root,)).load("mine", choose("cpu"))


def test_every_combination_is_asked_once() -> None:
    samplers = [SamplerName.UNIPC, SamplerName.HEUN]
    found = ways([8, 25], [2.0, 3.0], [ALL, (0.3, 10.0)], [0.0, 0.7], samplers)
    assert len(set(found)) == len(found) == 32
    assert Sampling(25, 2.0, (0.3, 10.0), 0.7, SamplerName.HEUN) in found
    assert [name_of(way) for way in found[2:5]] == [
        "8 steps of unipc, guidance 2 rescaled 0.7 at all σ",
        "8 steps of heun, guidance 2 rescaled 0.7 at all σ",
        "8 steps of unipc, guidance 2 at σ 0.3–10",
    ]


@pytest.mark.parametrize(("steps", "guidance"), [(0, 3.0), (25, float("nan")), (25, 31.0)])
def test_what_no_model_can_be_asked_for_is_refused_before_anything_is_rendered(
    steps: int, guidance: float
) -> None:
    with pytest.raises(InvalidRequest, match="out of range"):
        Sampling(steps, guidance)


@pytest.mark.parametrize(
    ("way", "least", "most"),
    [
        (Sampling(8, 3.0, ALL), 16, 16),
        (Sampling(8, 1.0, ALL), 8, 8),
        (Sampling(8, 3.0, ALL, sampler=SamplerName.HEUN), 30, 30),
        (Sampling(8, 3.0, (0.3, 10.0)), 9, 15),
    ],
)
def test_passes_are_what_the_network_sees(
    model: Model, way: Sampling, least: int, most: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen, denoise = [], model.denoiser

    def counting(x: Tensor, sigma: Tensor, conditioning: Conditioning) -> Tensor:
        seen.append(len(x))
        return denoise(x, sigma, conditioning)

    monkeypatch.setattr(model, "denoiser", counting)
    request = GenerationRequest("techno, 120 bpm", duration_s=1.0, seed=1)
    list(Generation(model, way.asked_of(model.info, request)).steps())
    assert sum(seen) == passes(way, model)
    assert least <= sum(seen) <= most


def test_intervals_are_read_and_wrong_ones_named() -> None:
    assert interval("0.3-10") == (0.3, 10.0)
    assert interval("all") == SIGMA
    for wrong in ("10-0.3", "3", "a-b", "-1-2"):
        with pytest.raises(argparse.ArgumentTypeError, match=r"0\.3-10"):
            interval(wrong)


def test_the_command_names_a_model_that_is_not_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("UNDERTONE_MODELS", str(tmp_path))
    assert main(["evaluate", "choices", "--model", "nothing"]) == 2
    assert "There is no model “nothing”" in capsys.readouterr().err
