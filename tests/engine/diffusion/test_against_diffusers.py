"""Every sampler that diffusers has too, held against its scheduler step by step.

The bound is 1e-5 of the signal throughout. Float64 is used where the scheduler keeps it;
stochastic ones draw the same float32 noise from generators of one seed.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import diffusers
import numpy as np
import pytest
import torch
from torch import Tensor

from engine.api import ScheduleName
from engine.diffusion import samplers
from engine.diffusion.samplers import Sampler
from engine.diffusion.schedules import sigmas
from tests.engine.diffusion.reference import (
    EXPLODING,
    FLOW,
    PRESERVING,
    assert_same,
    denoise,
    follow,
    levels_of,
    noise,
)

STEPS = 20
SCALED = {"beta_start": 0.00085, "beta_end": 0.012, "beta_schedule": "scaled_linear"}
BETAS = {
    "scaled linear": SCALED,
    "linear": {"beta_start": 0.0001, "beta_end": 0.02, "beta_schedule": "linear"},
    "cosine": {"beta_schedule": "squaredcos_cap_v2", "timestep_spacing": "leading"},
}  # other spacings take the cosine's row to 20,000: float32 cannot step from there within the bound
ROWS = {
    **BETAS,
    "Karras": {**SCALED, "use_karras_sigmas": True},
    "exponential": {**SCALED, "use_exponential_sigmas": True},
}
every_betas = pytest.mark.parametrize("betas", list(BETAS.values()), ids=list(BETAS))
every_row = pytest.mark.parametrize("row", list(ROWS.values()), ids=list(ROWS))
ALL_KINDS = ("epsilon", "sample", "v_prediction")


def walked(sampler: Sampler, x: Tensor, levels: Tensor, **options: Any) -> Iterator[Tensor]:
    return (step.x for step in sampler(denoise, x, levels, **options))


def seeded() -> torch.Generator:
    return torch.Generator().manual_seed(5)


def on_the_grid(kind: type, betas: dict[str, Any], **options: Any) -> Any:
    """A scheduler of the discrete times of training, leading spacing as the families have it."""
    scheduler = kind(**{**betas, "timestep_spacing": "leading"}, **options)
    scheduler.set_timesteps(STEPS)
    return scheduler


def on_a_row(kind: type, **options: Any) -> tuple[Any, Tensor]:
    """A scheduler that keeps a row of levels, and the row in double precision."""
    scheduler = kind(**options)
    scheduler.set_timesteps(STEPS)
    scheduler.sigmas = scheduler.sigmas.double()
    return scheduler, scheduler.sigmas


@every_betas
@pytest.mark.parametrize("kind", ALL_KINDS)
@pytest.mark.parametrize("to_zero", [True, False])
def test_ddim(betas: dict[str, Any], kind: str, to_zero: bool) -> None:
    """`to_zero` False ends at the first level of training, as AudioLDM does."""
    scheduler = on_the_grid(
        diffusers.DDIMScheduler, betas, prediction_type=kind, set_alpha_to_one=to_zero,
        steps_offset=1, clip_sample=False,
    )  # fmt: skip
    scheduler.final_alpha_cumprod = scheduler.final_alpha_cumprod.double()
    last = 0.0 if to_zero else (1 / scheduler.final_alpha_cumprod - 1).sqrt().item()
    levels = levels_of(scheduler, scheduler.timesteps, last)
    x = noise(levels[0])
    theirs = follow(scheduler, levels, kind, x, PRESERVING)
    assert_same(walked(samplers.ddim, x, levels), theirs)


@every_betas
def test_ddim_with_all_its_noise_and_euler_ancestral_are_its_sde(betas: dict[str, Any]) -> None:
    scheduler = on_the_grid(diffusers.DDIMScheduler, betas, clip_sample=False)
    levels = levels_of(scheduler, scheduler.timesteps)
    scheduler.alphas_cumprod = scheduler.alphas_cumprod.float()
    levels = levels.float()
    x = noise(levels[0], torch.float32)
    theirs = follow(scheduler, levels, "epsilon", x, PRESERVING, eta=1.0, generator=seeded())
    x = x.double()
    ddim = walked(samplers.ddim, x, levels.double(), eta=1.0, generator=seeded())
    ancestral = walked(samplers.euler_ancestral, x, levels.double(), generator=seeded())
    assert_same(ddim, theirs)
    assert_same(ancestral, theirs)


@every_betas
def test_pndm_with_its_runge_kutta_steps(betas: dict[str, Any]) -> None:
    """The middle of a step is the middle of its discrete times, as in the paper.

    Only ε is compared: of v the scheduler averages the outputs of several points and turns the
    average into ε at the last one, while the paper averages ε.
    """
    scheduler = on_the_grid(diffusers.PNDMScheduler, betas, set_alpha_to_one=True)
    calls = levels_of(scheduler, scheduler.timesteps)
    levels = torch.cat([calls[:12:4], calls[12:]])
    middles = dict(zip(calls[:12:4].tolist(), calls[1:12:4], strict=True))
    x = noise(levels[0])
    theirs = follow(scheduler, calls, "epsilon", x, PRESERVING)
    ours = walked(samplers.pndm, x, levels, middle=lambda sigma, sigma_next: middles[float(sigma)])
    assert_same(ours, theirs[3:12:4] + theirs[12:])


@every_betas
def test_plms_is_pndm_without_them(betas: dict[str, Any]) -> None:
    """Only ε is compared, for the same reason."""
    scheduler = on_the_grid(
        diffusers.PNDMScheduler, betas, skip_prk_steps=True, set_alpha_to_one=True
    )
    calls = levels_of(scheduler, scheduler.timesteps)
    levels = torch.cat([calls[:1], calls[2:]])
    x = noise(levels[0])
    theirs = follow(scheduler, calls, "epsilon", x, PRESERVING)
    assert_same(walked(samplers.plms, x, levels), theirs[1:])


@pytest.mark.parametrize("name", list(ScheduleName))
def test_improved_pndm(name: ScheduleName) -> None:
    """On any row of finite levels, given as the betas the scheduler was trained with.

    Its own row begins at α = 0, where its first step predicts 0 / 0 with a small number under
    it, that is silence; a finite first level has no such step.
    """
    levels = sigmas(name, STEPS, 0.02, 80).double()
    scheduler = diffusers.IPNDMScheduler()
    scheduler.set_timesteps(STEPS)
    scheduler.betas = levels / (1 + levels**2).sqrt()
    scheduler.alphas = (1 + levels**2).rsqrt()
    x = noise(levels[0])
    theirs = follow(scheduler, levels, "v_prediction", x, PRESERVING)
    assert_same(walked(samplers.ipndm, x, levels), theirs)


@every_row
@pytest.mark.parametrize("kind", ALL_KINDS)
def test_euler(row: dict[str, Any], kind: str) -> None:
    scheduler, levels = on_a_row(diffusers.EulerDiscreteScheduler, prediction_type=kind, **row)
    x = noise(levels[0])
    theirs = follow(scheduler, levels, kind, x, EXPLODING)
    assert_same(walked(samplers.euler, x, levels), theirs)
    assert_same(walked(samplers.ddim, x, levels), theirs)


@every_betas
@pytest.mark.parametrize("kind", ["epsilon", "v_prediction"])
def test_euler_ancestral(betas: dict[str, Any], kind: str) -> None:
    scheduler, levels = on_a_row(
        diffusers.EulerAncestralDiscreteScheduler, prediction_type=kind, **betas
    )
    x = noise(levels[0], torch.float32)
    theirs = follow(scheduler, levels.float(), kind, x, EXPLODING, generator=seeded())
    ours = walked(samplers.euler_ancestral, x.double(), levels, generator=seeded())
    assert_same(ours, theirs)


@every_row
@pytest.mark.parametrize("kind", ["epsilon", "v_prediction"])
def test_heun(row: dict[str, Any], kind: str) -> None:
    scheduler, calls = on_a_row(diffusers.HeunDiscreteScheduler, prediction_type=kind, **row)
    x = noise(calls[0])
    theirs = follow(scheduler, calls, kind, x, EXPLODING)
    levels = torch.cat([calls[:1], calls[1::2]])
    assert_same(walked(samplers.heun, x, levels), theirs[1::2] + theirs[-1:])


@every_row
@pytest.mark.parametrize("kind", ALL_KINDS)
@pytest.mark.parametrize("order", [1, 2, 3])
def test_dpm_solver_pp(row: dict[str, Any], kind: str, order: int) -> None:
    """Order 1 is DDIM, 2 is 2M, and 3 what 3M SDE is without noise.

    The second step of 3M is k-diffusion's, which is the scheduler's with "heun".
    """
    scheduler, levels = on_a_row(
        diffusers.DPMSolverMultistepScheduler, prediction_type=kind, solver_order=order,
        solver_type="heun" if order == 3 else "midpoint", **row,
    )  # fmt: skip
    x = noise(levels[0])
    theirs = follow(scheduler, levels, kind, x, PRESERVING)
    sampler, options = {
        1: (samplers.ddim, {}),
        2: (samplers.dpmpp_2m, {}),
        3: (samplers.dpmpp_3m_sde, {"eta": 0.0}),
    }[order]
    assert_same(walked(sampler, x, levels, **options), theirs)


@pytest.mark.parametrize(
    ("sampler", "kind"),
    [
        (samplers.dpmpp_2m, diffusers.DPMSolverMultistepScheduler),
        (samplers.unipc, diffusers.UniPCMultistepScheduler),
    ],
)
def test_solvers_on_a_rectified_flow(sampler: Sampler, kind: type) -> None:
    scheduler = kind(prediction_type="flow_prediction", use_flow_sigmas=True, flow_shift=3.0)
    scheduler.set_timesteps(STEPS)
    scheduler.sigmas = t = scheduler.sigmas.double()
    levels = t / (1 - t)
    x = noise(levels[0])
    theirs = follow(scheduler, levels, "flow_prediction", x, FLOW)
    assert_same(walked(sampler, x, levels), theirs)


@every_row
@pytest.mark.parametrize("kind", ALL_KINDS)
def test_dpm_solver_pp_2m_sde(row: dict[str, Any], kind: str) -> None:
    """The third order has no counterpart: the scheduler's 3M SDE subtracts the half of its
    curvature's weight where k-diffusion adds it, so that the weight does not vanish with h.
    """
    scheduler, levels = on_a_row(
        diffusers.DPMSolverMultistepScheduler, prediction_type=kind,
        algorithm_type="sde-dpmsolver++", **row,
    )  # fmt: skip
    x = noise(levels[0])
    theirs = follow(scheduler, levels, kind, x, PRESERVING, generator=seeded())
    assert_same(walked(samplers.dpmpp_2m_sde, x, levels, generator=seeded()), theirs)


def test_dpm_solver_pp_2m_sde_as_stable_audio_runs_it() -> None:
    """Its Brownian tree is replaced by plain noise: equal in law, and the same for both."""
    scheduler, levels = on_a_row(
        diffusers.CosineDPMSolverMultistepScheduler, sigma_min=0.3, sigma_max=500,
        sigma_data=1.0, sigma_schedule="exponential", prediction_type="v_prediction",
    )  # fmt: skip
    np.testing.assert_allclose(levels, sigmas(ScheduleName.EXPONENTIAL, STEPS, 0.3, 500), 1e-6)
    x, generator = noise(levels[0]), seeded()
    scheduler.noise_sampler = lambda *_: torch.randn(x.shape, generator=generator)
    theirs = follow(scheduler, levels, "v_prediction", x, EXPLODING)
    assert_same(walked(samplers.dpmpp_2m_sde, x, levels, generator=seeded()), theirs)


@every_row
@pytest.mark.parametrize("kind", ALL_KINDS)
def test_unipc(row: dict[str, Any], kind: str) -> None:
    scheduler, levels = on_a_row(
        diffusers.UniPCMultistepScheduler, prediction_type=kind, final_sigmas_type="zero", **row
    )
    x = noise(levels[0])
    theirs = follow(scheduler, levels, kind, x, PRESERVING)
    assert_same(walked(samplers.unipc, x, levels), theirs)


@pytest.mark.parametrize("kind", ALL_KINDS)
def test_lcm(kind: str) -> None:
    """The scheduler's `c_skip·x_t + c_out·x0` belongs to the network: ours is given it as one."""
    scheduler = diffusers.LCMScheduler(**SCALED, prediction_type=kind, clip_sample=False)
    scheduler.set_timesteps(8)
    levels = levels_of(scheduler, scheduler.timesteps)
    scheduler.alphas_cumprod = scheduler.alphas_cumprod.float()
    times = dict(zip(levels.tolist(), scheduler.timesteps, strict=False))

    def consistent(x: Tensor, sigma: Tensor) -> Tensor:
        skip, out = scheduler.get_scalings_for_boundary_condition_discrete(times[float(sigma)])
        return skip * x * PRESERVING(sigma) + out * denoise(x, sigma)

    x = noise(levels[0])
    theirs = follow(scheduler, levels.float(), kind, x.float(), PRESERVING, generator=seeded())
    for sampler in (samplers.lcm, samplers.ping_pong):
        ours = (step.x for step in sampler(consistent, x, levels, generator=seeded()))
        assert_same(ours, theirs)


@pytest.mark.parametrize("name", [ScheduleName.LINEAR, ScheduleName.SHIFTED])
def test_rectified_flow(name: ScheduleName) -> None:
    levels = sigmas(name, STEPS, 0.02, 80).double()
    t = (levels / (1 + levels))[:-1]
    scheduler = diffusers.FlowMatchEulerDiscreteScheduler()
    scheduler.set_timesteps(sigmas=t.tolist())
    x = noise(levels[0])
    theirs = follow(scheduler, levels, "flow_prediction", x, FLOW)
    assert_same(walked(samplers.rectified_flow, x, levels), theirs)
