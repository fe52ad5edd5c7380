"""Latents brought to the spread of music: the arithmetic, the file, the model, the measuring."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import Tensor

from engine.api import GenerationRequest
from engine.cli import main
from engine.device import Device
from engine.errors import ModelUnavailable
from engine.models.folder import ModelFolder
from engine.models.moments import MOMENTS_FILE, Moments
from engine.models.registry import Registry
from engine.pipeline import Generation
from engine.training.moments import write_moments
from tests.engine.tiny_model import write_tiny_model

CPU = Device("cpu", torch.float32)


def moments(channels: int = 3) -> Moments:
    ones = torch.ones(channels)
    return Moments(
        torch.tensor([1.0, 3.0, 5.0]),
        torch.stack([1.0 * ones, 0.8 * ones, 0.4 * ones]),
        torch.stack([0.0 * ones, 0.1 * ones, 0.3 * ones]),
    )


def around(clip: Tensor) -> tuple[Tensor, Tensor]:
    """Mean and deviation of each channel."""
    return clip.mean(2), clip.std(2)


@pytest.mark.parametrize(("guidance", "spread", "shift"), [
    (0.0, 1.0, 0.0), (1.0, 1.0, 0.0), (2.0, 0.9, 0.05), (3.0, 0.8, 0.1), (4.5, 0.5, 0.25),
    (5.0, 0.4, 0.3), (15.0, 0.4, 0.3),
])  # fmt: skip
def test_spread_and_mean_are_those_of_the_scale_or_between(guidance, spread, shift) -> None:
    clip = torch.randn(2, 3, 50)
    (mean, deviation), (found_mean, found) = (
        around(each) for each in (clip, moments().matched(clip, guidance))
    )
    torch.testing.assert_close(found, spread * deviation)
    torch.testing.assert_close(found_mean, mean + shift)


def test_one_scale_holds_for_all() -> None:
    one = Moments(torch.tensor([3.0]), torch.full((1, 3), 0.5), torch.zeros(1, 3))
    clip = torch.randn(1, 3, 50)
    for guidance in (1.0, 3.0, 7.0):
        torch.testing.assert_close(around(one.matched(clip, guidance))[1], 0.5 * around(clip)[1])


def test_what_does_not_belong_together_is_refused() -> None:
    with pytest.raises(ValueError, match="belong together"):
        Moments(torch.tensor([1.0, 2.0]), torch.ones(1, 3), torch.ones(1, 3))


def test_a_model_sounds_and_looks_by_its_moments(tmp_path: Path) -> None:
    """Its steps stay as they were; the sound and the picture of them change."""
    folder = ModelFolder.open(write_tiny_model(tmp_path))
    request = GenerationRequest("techno", duration_s=2.0, steps=2, guidance=3.0, seed=1)

    def made() -> tuple[Tensor, Tensor, Tensor]:
        generation = Generation(Registry((tmp_path,)).load("house", CPU), request)
        *_, last = generation.steps()
        clip, picture = generation.clip(last.x), generation.picture(last.x)
        return last.x, torch.from_numpy(clip.audio), torch.from_numpy(picture.level_db)

    plain = made()
    write_moments(folder, moments(16))
    matched = made()
    assert torch.equal(plain[0], matched[0])
    assert not torch.allclose(plain[1], matched[1])
    assert not torch.allclose(plain[2], matched[2])
    assert around(moments(16).matched(plain[0], 3.0))[1].mean() < around(plain[0])[1].mean()


def test_a_model_is_whole_where_new_moments_could_not_be_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write_tiny_model(tmp_path)
    write_moments(ModelFolder.open(path), moments(16))

    def half_written(self: Moments, file: Path) -> None:
        file.write_bytes(b"half")
        raise OSError("the disk is full")

    monkeypatch.setattr(Moments, "save", half_written)
    with pytest.raises(OSError, match="full"):
        write_moments(ModelFolder.open(path), moments(16))
    assert Registry((tmp_path,)).load("house", CPU).info.id == "house"


def test_moments_of_another_codec_are_a_damaged_model(tmp_path: Path) -> None:
    write_moments(ModelFolder.open(write_tiny_model(tmp_path)), moments(3))
    with pytest.raises(ModelUnavailable, match="3 channels for 16"):
        Registry((tmp_path,)).load("house", CPU)


def test_a_model_that_is_written_anew_has_no_longer_the_moments_of_the_last(tmp_path: Path) -> None:
    path = write_tiny_model(tmp_path)
    write_moments(ModelFolder.open(path), moments(16))
    assert MOMENTS_FILE in ModelFolder.open(path).files
    write_tiny_model(tmp_path)
    assert MOMENTS_FILE not in ModelFolder.open(path).files
    assert not (path / MOMENTS_FILE).exists()


def test_the_command_brings_the_answers_to_the_spread_of_renders(tmp_path: Path) -> None:
    """An untaught network answers with noise of its own spread; measured once more, it fits."""
    path = write_tiny_model(tmp_path)
    assert main(["train", "moments", "--model", str(path), "--prompts", "2"]) == 0
    found = Moments.load(path / MOMENTS_FILE, 16)
    assert found.spread.shape == (len(found.guidance), 16)
    assert (found.spread > 0).all()
    assert MOMENTS_FILE in ModelFolder.open(path).files
    assert main(["train", "moments", "--model", str(path), "--prompts", "2"]) == 0
    again = Moments.load(path / MOMENTS_FILE, 16)
    torch.testing.assert_close(again.spread, found.spread, rtol=1e-3, atol=1e-3)
