"""Both networks in the denoiser's place: alike in size, trained, packed and brought home."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from engine.cli import main
from engine.errors import EngineError
from engine.models.plain import to_plain
from engine.models.registry import ROOTS_VARIABLE
from engine.models.told import told_channels
from engine.nets.build import NetConfig, build
from engine.nets.dit_config import DiTConfig
from engine.training.arguments import NETS
from engine.training.denoiser import DenoiserTrainer
from engine.training.networks import HOUSE_DIT, HOUSE_NETS, HOUSE_UNET, run_name
from engine.training.packed import WEIGHTS_FILE, Recipe, fingerprint, read_weights, write_weights
from engine.training.runs import Run
from tests.engine.tiny_model import write_tiny_model
from tests.engine.training.tiny_training import (
    CHANNELS,
    CONTEXT,
    CPU,
    FRAME_RATE,
    FRAMES,
    TRAINING,
    UNET,
    fitted_codec,
    pieces,
)

DIT = DiTConfig(
    in_channels=CHANNELS,
    out_channels=CHANNELS,
    concat_channels=told_channels(CHANNELS),
    context_channels=CONTEXT,
    width=16,
    depth=2,
    head_channels=8,
    time_channels=16,
)
each_network = pytest.mark.parametrize("config", [UNET, DIT], ids=["unet", "dit"])


def test_the_networks_are_alike_but_for_their_kind() -> None:
    with torch.device("meta"):
        sizes = [sum(p.numel() for p in build(c).parameters()) for c in (HOUSE_UNET, HOUSE_DIT)]
    assert sizes[1] / sizes[0] == pytest.approx(1, abs=0.01)
    for name in ("in_channels", "out_channels", "concat_channels", "context_channels"):
        assert getattr(HOUSE_DIT, name) == getattr(HOUSE_UNET, name)
    assert tuple(HOUSE_NETS) == NETS
    assert len({run_name(net) for net in NETS}) == len(NETS)


def test_the_transformer_learns(tmp_path: Path) -> None:
    training = replace(TRAINING, steps=120, batch=8, peak_rate=4e-3, save_every=1_000)
    made = pieces()
    made.latents[:, 1] /= FRAMES  # to the unit variance that the σ are for
    run = DenoiserTrainer(Run(tmp_path), training, DIT, CPU)
    run.train(made, FRAME_RATE)
    logged = [entry["loss"] for entry in run.run.history()]
    assert logged[-1] < 0.8 * logged[0]
    again = DenoiserTrainer(Run(tmp_path), training, DIT, CPU)
    assert again.step == training.steps


def test_a_transformer_may_begin_with_weights_that_heard_less_of_the_score(tmp_path: Path) -> None:
    less = replace(DIT, concat_channels=DIT.concat_channels - 2, zero_init=False, patch=2)
    older = build(less)
    run = DenoiserTrainer(Run(tmp_path), TRAINING, replace(DIT, patch=2), CPU)
    run.start_from(older.state_dict())
    x, t, told = DIT.fake_inputs(2, 16)
    assert told.concat is not None
    expected = older(x, t, replace(told, concat=told.concat[:, :-2]))
    torch.testing.assert_close(run.net(x, t, told), expected)


@each_network
def test_weights_come_home_with_their_network(config: NetConfig, tmp_path: Path) -> None:
    codec = fitted_codec()
    recipe = Recipe(1, 0, 1.0, fingerprint(codec), config, TRAINING)
    net = build(replace(config, zero_init=False)).half().float()  # the shards' precision
    write_weights(tmp_path, net, recipe, 5)
    home = read_weights(tmp_path, codec)
    assert home.config == config
    inputs = config.fake_inputs(2, 16)
    torch.testing.assert_close(home(*inputs), net(*inputs))


def test_weights_of_an_older_pack_come_home_too(tmp_path: Path) -> None:
    codec = fitted_codec()
    write_weights(tmp_path, build(UNET), Recipe(1, 0, 1.0, fingerprint(codec), UNET, TRAINING), 5)
    about = json.loads((tmp_path / WEIGHTS_FILE).read_text())
    del about["net"]
    about["unet"] = to_plain(UNET)
    (tmp_path / WEIGHTS_FILE).write_text(json.dumps(about))
    assert read_weights(tmp_path, codec).config == UNET
    (tmp_path / WEIGHTS_FILE).write_text(json.dumps(about | {"unet": {"kind": "Elsewhere"}}))
    with pytest.raises(EngineError, match="no weights of a pack"):
        read_weights(tmp_path, codec)


def test_a_model_of_the_other_kind_cannot_be_begun_with(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    write_tiny_model(tmp_path / "models", "mine")
    monkeypatch.setenv(ROOTS_VARIABLE, str(tmp_path / "models"))
    words = ["train", "denoiser", "--net", "dit", "--from", "mine"]
    assert main([*words, "--run-folder", str(tmp_path / "run")]) != 0
    assert "has a network of another kind" in capsys.readouterr().err
    assert not (tmp_path / "run").exists()
