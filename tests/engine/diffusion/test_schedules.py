from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import diffusers
import numpy as np
import pytest
import torch
from torch import Tensor

from engine.api import ScheduleName
from engine.diffusion.schedules import scaled_linear_levels, shifted, sigmas


@pytest.mark.parametrize("name", list(ScheduleName))
@pytest.mark.parametrize("steps", [1, 2, 25, 1000])
def test_falls_from_max_through_min_to_zero(name: ScheduleName, steps: int) -> None:
    levels = sigmas(name, steps, 0.01, 80)
    assert levels.shape == (steps + 1,)
    assert levels.dtype == torch.float32
    assert levels[0].item() == pytest.approx(80, rel=1e-5)
    assert levels[-1] == 0
    assert (levels.diff() < 0).all()
    if steps > 1:
        assert levels[-2].item() == pytest.approx(0.01, rel=1e-4)


SCALES: dict[ScheduleName, Callable[[Tensor], Tensor]] = {
    ScheduleName.KARRAS: lambda sigma: sigma ** (1 / 7),
    ScheduleName.EXPONENTIAL: torch.log,
    ScheduleName.POLYEXPONENTIAL: lambda sigma: (sigma / 0.01).log().clamp(min=0) ** (1 / 1.5),
    ScheduleName.COSINE: torch.atan,
    ScheduleName.CRASH: lambda sigma: (sigma / (1 + sigma**2).sqrt()).sqrt().asin(),
    ScheduleName.SCALED_LINEAR: lambda sigma: torch.from_numpy(
        np.interp(sigma, scaled_linear_levels(reach=80), np.arange(1_239))
    ),
    ScheduleName.LINEAR: lambda sigma: 1 - 1 / (1 + sigma),
    ScheduleName.SHIFTED: lambda sigma: 1 - 1 / (1 + sigma / 3),
}


@pytest.mark.parametrize("name", list(ScheduleName))
def test_is_even_in_its_own_scale(name: ScheduleName) -> None:
    steps = SCALES[name](sigmas(name, 9, 0.01, 80).double()[:-1]).diff()
    assert torch.allclose(steps, steps.mean().expand_as(steps), rtol=1e-3)


def test_the_shift_is_the_flows_of_stable_diffusion_3() -> None:
    t = torch.linspace(0.9, 0.1, 9)
    moved = 3 * t / (1 + 2 * t)
    low, high = ((t / (1 - t)).item() for t in moved[[-1, 0]])
    levels = shifted(torch.linspace(0, 1, 9), low, high)
    assert torch.allclose(levels / (1 + levels), moved)
    unmoved = t / (1 - t)
    assert torch.allclose(-2 * levels.log(), -2 * unmoved.log() - 2 * math.log(3))


@pytest.mark.parametrize("steps", [4, 25])
@pytest.mark.parametrize(
    ("name", "options"),
    [
        (ScheduleName.SCALED_LINEAR, {"timestep_spacing": "linspace"}),
        (ScheduleName.KARRAS, {"use_karras_sigmas": True}),
        (ScheduleName.EXPONENTIAL, {"use_exponential_sigmas": True}),
    ],
)
def test_rows_are_those_of_diffusers(
    name: ScheduleName, options: dict[str, Any], steps: int
) -> None:
    scheduler = diffusers.EulerDiscreteScheduler(
        beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear", **options
    )
    scheduler.set_timesteps(steps)
    trained = scaled_linear_levels()[1:]
    assert torch.allclose(sigmas(name, steps, trained[0], trained[-1]), scheduler.sigmas, 1e-4)


def test_the_crash_row_is_that_of_dance_diffusion() -> None:
    """Of its own row, whose first level is infinite, the levels from the second one on."""
    scheduler = diffusers.IPNDMScheduler()
    scheduler.set_timesteps(12)
    theirs = (scheduler.betas / scheduler.alphas)[1:]
    levels = sigmas(ScheduleName.CRASH, 11, theirs[-2].item(), theirs[0].item())
    assert torch.allclose(levels, theirs, 1e-4)


@pytest.mark.parametrize("betas", [(0.00085, 0.012), (0.0015, 0.0195)])
def test_levels_of_training_are_those_of_diffusers(betas: tuple[float, float]) -> None:
    scheduler = diffusers.DDIMScheduler(
        beta_start=betas[0], beta_end=betas[1], beta_schedule="scaled_linear"
    )
    theirs = (1 / scheduler.alphas_cumprod.double().numpy() - 1) ** 0.5
    levels = scaled_linear_levels(*betas)
    assert levels[0] == 0
    np.testing.assert_allclose(levels[1:], theirs, rtol=1e-4)
    reaching = scaled_linear_levels(*betas, reach=500)
    assert reaching[-2] < 500 <= reaching[-1]
    np.testing.assert_array_equal(reaching[: len(levels)], levels)


@pytest.mark.parametrize(
    ("steps", "low", "high"), [(0, 0.1, 1.0), (5, 0.0, 1.0), (5, 2.0, 1.0), (5, float("nan"), 1.0)]
)
def test_refuses_what_is_no_schedule(steps: int, low: float, high: float) -> None:
    with pytest.raises(ValueError, match=r"step|noise levels"):
        sigmas(ScheduleName.KARRAS, steps, low, high)
