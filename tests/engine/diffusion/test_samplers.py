"""Samplers against a Gaussian target, for which denoiser and ODE have closed forms."""

from __future__ import annotations

import itertools
import math

import pytest
import torch
from torch import Tensor

from engine.api import SamplerName, ScheduleName
from engine.diffusion.samplers import SAMPLERS, ddim, evaluations
from engine.diffusion.schedules import sigmas

MEAN, STD = 0.7, 0.5
ORDER = {
    SamplerName.DDIM: 1,
    SamplerName.EULER: 1,
    SamplerName.HEUN: 2,
    SamplerName.DPMPP_2M: 2,
}
every_sampler = pytest.mark.parametrize("name", list(SamplerName))


def denoise(x: Tensor, sigma: Tensor) -> Tensor:
    """E[x0 | x] for x0 ~ N(MEAN, STD²)."""
    return MEAN + STD**2 / (STD**2 + sigma**2) * (x - MEAN)


def exact(x: Tensor, sigma: float, sigma_next: float) -> Tensor:
    """Where the probability-flow ODE takes x from `sigma` to `sigma_next`."""
    return MEAN + (x - MEAN) * math.hypot(STD, sigma_next) / math.hypot(STD, sigma)


def run(name: SamplerName, x: Tensor, levels: Tensor) -> list:
    return list(SAMPLERS[name](denoise, x, levels))


@every_sampler
def test_turns_noise_into_the_target(name: SamplerName) -> None:
    levels = sigmas(ScheduleName.KARRAS, 60, 0.01, 40).double()
    x = 40 * torch.randn(20_000, generator=torch.Generator().manual_seed(1)).double()
    drawn = run(name, x, levels)[-1].x
    assert drawn.mean().item() == pytest.approx(MEAN, abs=0.02)
    assert drawn.std().item() == pytest.approx(STD, rel=0.05)


@every_sampler
def test_converges_with_its_order(name: SamplerName) -> None:
    """Halving the steps' size divides the error at the last level above 0 by 2^order."""
    x, errors = torch.tensor([13.0, -8.0], dtype=torch.float64), []
    for steps in (40, 80, 160):
        ratio = (0.05 / 10) ** (1 / (steps - 1))
        levels = 10 * ratio ** torch.arange(steps, dtype=torch.float64)
        errors.append((run(name, x, levels)[-1].x - exact(x, 10, 0.05)).abs().max().item())
    for coarse, fine in itertools.pairwise(errors):
        assert math.log2(coarse / fine) == pytest.approx(ORDER[name], abs=0.2)


@every_sampler
@pytest.mark.parametrize("steps", [1, 2, 7])
def test_reports_every_step_and_counts_its_evaluations(name: SamplerName, steps: int) -> None:
    calls = []

    def counted(x: Tensor, sigma: Tensor) -> Tensor:
        calls.append(float(sigma))
        return denoise(x, sigma)

    levels = sigmas(ScheduleName.COSINE, steps, 0.02, 20)
    taken = list(SAMPLERS[name](counted, 20 * torch.randn(3), levels))
    assert [(s.index, s.total) for s in taken] == [(i, steps) for i in range(1, steps + 1)]
    assert [s.sigma for s in taken] == levels[1:].tolist()
    assert len(calls) == evaluations(name, steps)
    assert torch.allclose(taken[-1].x, taken[-1].denoised, atol=1e-5)


@every_sampler
def test_one_step_is_the_denoiser_itself(name: SamplerName) -> None:
    x = 20 * torch.randn(5)
    levels = sigmas(ScheduleName.KARRAS, 1, 0.02, 20)
    assert torch.allclose(run(name, x, levels)[-1].x, denoise(x, levels[0]))


@every_sampler
def test_is_lazy(name: SamplerName) -> None:
    """Nothing runs ahead of its consumer, so a cancelled job computes no further step."""
    calls = []

    def counted(x: Tensor, sigma: Tensor) -> Tensor:
        calls.append(sigma)
        return denoise(x, sigma)

    levels = sigmas(ScheduleName.KARRAS, 10, 0.02, 20)
    next(SAMPLERS[name](counted, torch.randn(2), levels))
    assert len(calls) <= 2


def test_ddim_without_added_noise_is_euler() -> None:
    x, levels = 20 * torch.randn(9), sigmas(ScheduleName.KARRAS, 12, 0.02, 20)
    for a, b in zip(
        run(SamplerName.DDIM, x, levels), run(SamplerName.EULER, x, levels), strict=True
    ):
        assert torch.allclose(a.x, b.x, atol=1e-5)


def test_ancestral_ddim_reaches_the_target_and_follows_its_generator() -> None:
    levels = sigmas(ScheduleName.KARRAS, 200, 0.01, 40).double()
    x = 40 * torch.randn(20_000, generator=torch.Generator().manual_seed(1)).double()

    def drawn(seed: int) -> Tensor:
        generator = torch.Generator().manual_seed(seed)
        return list(ddim(denoise, x, levels, generator=generator, eta=1.0))[-1].x

    first = drawn(1)
    assert first.std().item() == pytest.approx(STD, rel=0.05)
    assert torch.equal(first, drawn(1))
    assert not torch.allclose(first, drawn(2), atol=0.1)
