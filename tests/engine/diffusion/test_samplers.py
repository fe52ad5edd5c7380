"""Samplers against a Gaussian target, for which denoiser and ODE have closed forms.

Against the schedulers of diffusers they are held in `test_against_diffusers.py`.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from engine.api import SamplerName, ScheduleName
from engine.diffusion.samplers import SAMPLERS, Step, ddim, dpmpp_2m_sde, dpmpp_3m_sde
from engine.diffusion.schedules import sigmas

MEAN, STD = 0.7, 0.5
DETERMINISTIC = [name for name in SamplerName if not name.is_stochastic]
STOCHASTIC = [name for name in SamplerName if name.is_stochastic]
CONSISTENCY = {SamplerName.LCM, SamplerName.PING_PONG}
EXTRAPOLATING = {SamplerName.PNDM, SamplerName.PLMS, SamplerName.IPNDM}
every_sampler = pytest.mark.parametrize("name", list(SamplerName))


def denoise(x: Tensor, sigma: Tensor) -> Tensor:
    """E[x0 | x] for x0 ~ N(MEAN, STD²)."""
    return MEAN + STD**2 / (STD**2 + sigma**2) * (x - MEAN)


def exact(x: Tensor, sigma: float, sigma_next: float) -> Tensor:
    """Where the probability-flow ODE takes x from `sigma` to `sigma_next`."""
    return MEAN + (x - MEAN) * math.hypot(STD, sigma_next) / math.hypot(STD, sigma)


def consistent(x: Tensor, sigma: Tensor) -> Tensor:
    """The consistency function: where the ODE ends that passes through x."""
    return exact(x, float(sigma), 0.0)


def run(name: SamplerName, x: Tensor, levels: Tensor, seed: int = 0) -> list[Step]:
    estimate = consistent if name in CONSISTENCY else denoise
    generator = torch.Generator().manual_seed(seed)
    return list(SAMPLERS[name](estimate, x, levels, generator=generator))


def many(sigma: float) -> Tensor:
    """Draws at level `sigma` that have the target's mean and deviation under the noise."""
    drawn = torch.randn(40_000, generator=torch.Generator().manual_seed(1)).double()
    drawn = (drawn - drawn.mean()) / drawn.std()
    return MEAN + math.hypot(STD, sigma) * drawn


@every_sampler
def test_turns_noise_into_the_target(name: SamplerName) -> None:
    """Stochastic ones have to keep mean and deviation against the noise they add."""
    levels = sigmas(ScheduleName.KARRAS, 400, 0.01, 40).double()
    drawn = run(name, many(40), levels)[-1].x
    assert drawn.mean().item() == pytest.approx(MEAN, abs=0.01)
    assert drawn.std().item() == pytest.approx(STD, rel=0.02)


@pytest.mark.parametrize("name", STOCHASTIC)
def test_the_marginals_are_right_on_the_way_too(name: SamplerName) -> None:
    levels = sigmas(ScheduleName.KARRAS, 400, 0.01, 40).double()
    for step in run(name, many(40), levels)[39::40]:
        scale = math.hypot(STD, step.sigma)
        assert (step.x.mean().item() - MEAN) / scale == pytest.approx(0, abs=0.02), step.index
        assert step.x.std().item() / scale == pytest.approx(1, abs=0.02), step.index


@pytest.mark.parametrize("name", DETERMINISTIC)
def test_converges_with_its_order(name: SamplerName) -> None:
    """Halving the steps' size divides the error at the last level above 0 by 2^order."""
    check_order(lambda x, levels: run(name, x, levels)[-1].x, name.order)


@pytest.mark.parametrize(
    ("sampler", "name"),
    [(dpmpp_2m_sde, SamplerName.DPMPP_2M_SDE), (dpmpp_3m_sde, SamplerName.DPMPP_3M_SDE)],
)
def test_the_drift_of_a_stochastic_solver_converges_with_its_order(
    sampler: Callable, name: SamplerName
) -> None:
    check_order(lambda x, levels: list(sampler(denoise, x, levels, eta=0.0))[-1].x, name.order)


def test_runge_kuttas_start_gives_pndm_the_fourth_order_on_even_levels() -> None:
    even = torch.linspace(2, 1, 321, dtype=torch.float64)
    rows = [even[::stride] for stride in (4, 2, 1)]
    check_order(lambda x, levels: run(SamplerName.PNDM, x, levels)[-1].x, 4, rows)


def check_order(
    end: Callable[[Tensor, Tensor], Tensor], order: int, rows: list[Tensor] | None = None
) -> None:
    x, errors = torch.tensor([13.0, -8.0], dtype=torch.float64), []
    for levels in rows or [_geometric(steps) for steps in (80, 160, 320)]:
        first, last = levels[0].item(), levels[-1].item()
        errors.append((end(x, levels) - exact(x, first, last)).abs().max().item())
    for coarse, fine in itertools.pairwise(errors):
        assert math.log2(coarse / fine) == pytest.approx(order, abs=0.1)


def _geometric(steps: int) -> Tensor:
    return 10 * (0.05 / 10) ** (torch.arange(steps + 1, dtype=torch.float64) / steps)


@every_sampler
@pytest.mark.parametrize("steps", [1, 2, 3, 4, 5, 12])
def test_reports_every_step_and_counts_its_evaluations(name: SamplerName, steps: int) -> None:
    calls = []

    def counted(x: Tensor, sigma: Tensor) -> Tensor:
        assert sigma > 0
        calls.append(sigma)
        return denoise(x, sigma)

    levels = sigmas(ScheduleName.COSINE, steps, 0.02, 20)
    taken, costs = [], []
    for step in SAMPLERS[name](counted, 20 * torch.randn(3), levels):
        taken.append(step)
        costs.append(len(calls) - sum(costs))
    assert [(s.index, s.total) for s in taken] == [(i, steps) for i in range(1, steps + 1)]
    assert [s.sigma for s in taken] == levels[1:].tolist()
    assert tuple(costs) == name.costs(steps)
    assert len(calls) == name.evaluations(steps)


@every_sampler
def test_ends_in_its_last_estimate(name: SamplerName) -> None:
    """Those that look ahead with their whole past end beside it, nearer the less noise is left."""
    levels = sigmas(ScheduleName.KARRAS, 20, 0.02, 20)
    last = run(name, 20 * torch.randn(3), levels)[-1]
    assert torch.allclose(last.x, last.denoised, atol=0.05 if name in EXTRAPOLATING else 1e-5)


@every_sampler
def test_one_step_is_the_denoiser_itself(name: SamplerName) -> None:
    x = 20 * torch.randn(5)
    levels = sigmas(ScheduleName.KARRAS, 1, 0.02, 20)
    (step,) = SAMPLERS[name](denoise, x, levels)
    assert torch.allclose(step.x, denoise(x, levels[0]), atol=1e-5)


@every_sampler
def test_is_lazy(name: SamplerName) -> None:
    """Nothing runs ahead of its consumer, so a cancelled job computes no further step."""
    calls = []

    def counted(x: Tensor, sigma: Tensor) -> Tensor:
        calls.append(sigma)
        return denoise(x, sigma)

    levels = sigmas(ScheduleName.KARRAS, 10, 0.02, 20)
    next(iter(SAMPLERS[name](counted, torch.randn(2), levels)))
    assert len(calls) == name.costs(10)[0]


@pytest.mark.parametrize("name", STOCHASTIC)
def test_one_seed_adds_the_same_noise_whatever_the_dtype(name: SamplerName) -> None:
    levels = sigmas(ScheduleName.KARRAS, 12, 0.02, 20)
    x = 20 * torch.randn(1, 4, 9)
    first = run(name, x, levels, seed=1)[-1].x
    assert torch.equal(first, run(name, x, levels, seed=1)[-1].x)
    assert torch.allclose(
        first.double(), run(name, x.double(), levels.double(), 1)[-1].x, atol=1e-4
    )
    assert not torch.allclose(first, run(name, x, levels, seed=2)[-1].x, atol=0.01)


@pytest.mark.parametrize("name", DETERMINISTIC)
def test_asks_for_no_noise(name: SamplerName) -> None:
    generator = torch.Generator().manual_seed(3)
    before = generator.get_state()
    levels = sigmas(ScheduleName.KARRAS, 6, 0.02, 20)
    list(SAMPLERS[name](denoise, torch.randn(2), levels, generator=generator))
    assert torch.equal(before, generator.get_state())


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (SamplerName.DDIM, SamplerName.EULER),
        (SamplerName.DDIM, SamplerName.RECTIFIED_FLOW),
        (SamplerName.LCM, SamplerName.PING_PONG),
    ],
)
def test_two_names_of_one_step_agree(one: SamplerName, other: SamplerName) -> None:
    x, levels = 20 * torch.randn(9), sigmas(ScheduleName.KARRAS, 12, 0.02, 20)
    for a, b in zip(run(one, x, levels), run(other, x, levels), strict=True):
        assert torch.allclose(a.x, b.x, atol=1e-4)


def test_ddim_with_all_its_noise_is_euler_ancestral() -> None:
    x, levels = 20 * torch.randn(9), sigmas(ScheduleName.KARRAS, 12, 0.02, 20)
    generator = torch.Generator().manual_seed(0)
    steps = ddim(denoise, x, levels, generator=generator, eta=1.0)
    for a, b in zip(steps, run(SamplerName.EULER_ANCESTRAL, x, levels), strict=True):
        assert torch.allclose(a.x, b.x, atol=1e-4)
