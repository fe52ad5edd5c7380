"""Exporting the mean of two models: of denoiser and codec, and only of models that are kin."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file
from torch import Tensor

from engine.cli import main
from engine.codecs.house import HouseCodec
from engine.models import house
from engine.models.folder import ModelFolder
from engine.models.house import load_shards
from engine.models.told import over_channels
from engine.training import shipping, stages
from engine.training.denoiser import DenoiserTrainer
from engine.training.runs import Run
from tests.engine.training.tiny_training import CHANNELS, CPU, TRAINING, UNET, fitted_codec, trainer


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A run whose denoiser is new, and whose codec a test sets."""
    (tmp_path / "codec").mkdir()
    (tmp_path / "codec" / stages.CODEC_FILE).touch()
    monkeypatch.setattr(stages, "HOUSE_NETS", {"unet": UNET})
    trainer(tmp_path / "denoiser").save()
    return tmp_path


def export(run: Path, codec: HouseCodec, name: str, *words: str) -> int:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(shipping, "load_codec", lambda _: codec)
        told = ["train", "export", "--run-folder", str(run), "--out", str(run / name), *words]
        return main(told)


def weights(model: Path) -> dict[str, Tensor]:
    denoiser = load_shards(model, ModelFolder.open(model).files)
    return {**denoiser, **load_file(model / house.CODEC_FILE)}


def moved(codec: HouseCodec) -> HouseCodec:
    """Another decoder of the same latents."""
    with torch.no_grad():
        for weight in codec.parameters():
            weight.add_(0.1)
    return codec


def test_halfway_is_the_mean_of_denoisers_and_of_decoders(run: Path) -> None:
    assert export(run, fitted_codec(), "one") == 0
    other = trainer(run / "other")
    with torch.no_grad():
        for weight in other.average.parameters():
            weight.add_(0.1)
    other.save()
    (run / "denoiser").rename(run / "first")
    (run / "other").rename(run / "denoiser")
    assert export(run, moved(fitted_codec()), "two") == 0
    assert export(run, moved(fitted_codec()), "mean", "--halfway-to", str(run / "one")) == 0
    one, two, mean = (weights(run / name) for name in ("one", "two", "mean"))
    assert one.keys() == two.keys() == mean.keys()
    changed = [name for name in one if not torch.equal(one[name], two[name])]
    assert {"head.weight", "stem.weight", "output.weight"} <= set(changed)
    for name, weight in mean.items():
        expected = (one[name].float() + two[name].float()) / 2
        torch.testing.assert_close(weight.float(), expected, atol=1e-3, rtol=2e-3)


def test_halfway_to_one_that_was_told_fewer_rows_half_of_what_is_new_is_kept(
    run: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert export(run, fitted_codec(), "new") == 0
    fewer = replace(UNET, concat_channels=over_channels(CHANNELS))
    monkeypatch.setattr(stages, "HOUSE_NETS", {"unet": fewer})
    DenoiserTrainer(Run(run / "older"), TRAINING, fewer, CPU).save()
    (run / "denoiser").rename(run / "first")
    (run / "older").rename(run / "denoiser")
    assert export(run, fitted_codec(), "old") == 0
    (run / "denoiser").rename(run / "older")
    (run / "first").rename(run / "denoiser")
    monkeypatch.setattr(stages, "HOUSE_NETS", {"unet": UNET})
    assert export(run, fitted_codec(), "mean", "--halfway-to", str(run / "old")) == 0
    old, new, mean = (
        weights(run / name)["input.weight"].float() for name in ("old", "new", "mean")
    )
    known = old.shape[1]
    halves = {"atol": 1e-3, "rtol": 2e-3}
    torch.testing.assert_close(mean[:, :known], (old + new[:, :known]) / 2, **halves)
    torch.testing.assert_close(mean[:, known:], new[:, known:] / 2, **halves)


def test_there_is_no_mean_of_networks_of_two_sizes(
    run: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert export(run, fitted_codec(), "no", "--halfway-to", "house") == 2
    assert "of another size" in capsys.readouterr().err
    assert not (run / "no").exists()


def test_there_is_no_mean_of_latents_that_tell_two_things(
    run: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert export(run, fitted_codec(), "one") == 0
    codec = fitted_codec()
    codec.basis.add_(0.1)
    assert export(run, codec, "no", "--halfway-to", str(run / "one")) == 2
    assert "tell something else" in capsys.readouterr().err
    assert not (run / "no").exists()
