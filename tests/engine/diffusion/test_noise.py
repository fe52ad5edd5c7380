from __future__ import annotations

import pytest
import torch

from engine.diffusion.noise import initial_noise, training_sigmas


def test_one_seed_gives_one_start_whatever_the_dtype_and_the_global_state() -> None:
    torch.manual_seed(1)
    first = initial_noise(7, (2, 3, 5))
    torch.manual_seed(2)
    assert torch.equal(first, initial_noise(7, (2, 3, 5)))
    assert torch.equal(first.bfloat16(), initial_noise(7, (2, 3, 5), dtype=torch.bfloat16))
    assert not torch.equal(first, initial_noise(8, (2, 3, 5)))


def test_leaves_the_global_generator_alone() -> None:
    torch.manual_seed(3)
    expected = torch.rand(4)
    torch.manual_seed(3)
    initial_noise(7, (4,))
    assert torch.equal(expected, torch.rand(4))


def test_training_levels_are_log_normal_and_cover_their_range_in_every_batch() -> None:
    drawn = training_sigmas(64, -0.4, 1.2, torch.Generator().manual_seed(0)).log()
    assert drawn.mean().item() == pytest.approx(-0.4, abs=0.05)
    assert drawn.std().item() == pytest.approx(1.2, abs=0.1)
    below = torch.special.ndtr((drawn.sort().values + 0.4) / 1.2)
    assert ((below - (torch.arange(64) + 0.5) / 64).abs() <= 0.5 / 64 + 1e-5).all()
    assert not torch.equal(drawn, drawn.sort().values)
