"""Small denoisers on a codec's first latents: trained, written, and stopped on the way."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from engine.cli import main
from engine.models.folder import ModelFolder
from engine.models.house import read_config
from engine.training import learnability, networks
from engine.training.learnability import learnability_stage
from engine.training.networks import HOUSE_UNET, small_unet
from tests.engine.training.tiny_training import CHANNELS, CONTEXT, fitted_codec, write_shard


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A run's folder with a small codec and pieces."""
    monkeypatch.setattr(learnability, "load_codec", lambda _: fitted_codec())
    tiny = replace(HOUSE_UNET, context_channels=CONTEXT)
    monkeypatch.setattr(networks, "HOUSE_UNET", tiny)
    write_shard(tmp_path, 4_000_000)  # whatever the seeds
    return tmp_path


def test_each_count_of_latents_gets_a_model(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["train", "learnability", "--run-folder", str(run), "--steps", "1", "--latents"]
    assert main([*words, "2", str(CHANNELS)]) == 0
    folders = [Path(line) for line in capsys.readouterr().out.splitlines()]
    for folder, count in zip(folders, (2, CHANNELS), strict=True):
        model = ModelFolder.open(folder)
        model.check_hashes()
        config = read_config(model)
        assert (config.net.in_channels, config.codec.latent_channels) == (count, count)
        assert config.net == small_unet(count)


def test_what_is_not_done_in_time_writes_no_model(
    run: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["train", "learnability", "--run-folder", str(run), "--latents", "2"]
    assert main([*words, "--minutes", "0.0001"]) == 0
    assert "same command again" in capsys.readouterr().out


def test_more_latents_than_there_are_is_said(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["train", "learnability", "--run-folder", str(run), "--latents", "99"]) != 0
    assert f"up to {CHANNELS}" in capsys.readouterr().err


def test_without_latents_it_says_what_to_run(tmp_path: Path) -> None:
    with pytest.raises(Exception, match="no latents") as error:
        learnability_stage(tmp_path, [2], 1, 1.0, None)
    assert "undertone train latents" in str(error.value)
