"""Network and diffusion maths together: each, made small, learns a distribution and samples it."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from torch import Tensor

from engine.api import ScheduleName
from engine.diffusion.guidance import guided
from engine.diffusion.noise import initial_noise, training_sigmas
from engine.diffusion.parameterisation import Denoiser, Parameterisation
from engine.diffusion.samplers import dpmpp_2m
from engine.diffusion.schedules import sigmas
from engine.nets.build import NetConfig, build
from engine.nets.conditioning import Conditioning
from engine.nets.dit import DiTConfig
from engine.nets.unet import UNetConfig

FRAMES = 12
U_NET = UNetConfig(
    in_channels=1,
    out_channels=1,
    concat_channels=1,
    channels=(16, 32),
    blocks_per_level=1,
    self_attention_levels=frozenset({1}),
    cross_attention_levels=frozenset({1}),
    head_channels=16,
    context_channels=4,
    embedding_channels=32,
)
DIT = DiTConfig(
    in_channels=1,
    out_channels=1,
    concat_channels=1,
    width=32,
    depth=2,
    head_channels=16,
    context_channels=4,
    time_channels=32,
)


def tell(sign: Tensor, level: Tensor) -> Conditioning:
    """The context tells the sign (B,), the concatenation the level of each frame (B, FRAMES)."""
    return Conditioning(context=sign[:, None, None].expand(-1, 1, 4), concat=level[:, None])


def draw(batch: int, generator: torch.Generator) -> tuple[Tensor, Conditioning]:
    sign = 2.0 * torch.randint(0, 2, (batch,), generator=generator) - 1
    level = torch.rand(batch, FRAMES, generator=generator)
    return (sign[:, None] * (0.5 + level))[:, None], tell(sign, level)


@pytest.mark.parametrize("config", [U_NET, DIT], ids=["U-Net", "DiT"])
def test_learns_to_follow_context_and_concatenation(config: NetConfig) -> None:
    torch.manual_seed(0)
    generator = torch.Generator().manual_seed(0)
    net = build(config)
    denoiser = Denoiser(net, Parameterisation.V)
    optimiser = torch.optim.AdamW(net.parameters(), lr=4e-3)
    for _ in range(150):
        x0, told = draw(16, generator)
        noise = torch.randn(x0.shape, generator=generator)
        loss = denoiser.loss(x0, noise, training_sigmas(16, 0.0, 1.5, generator), told).mean()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    x0, told = draw(16, generator)
    levels = sigmas(ScheduleName.KARRAS, 12, 0.02, 6)
    x = levels[0] * initial_noise(3, x0.shape)

    def error(conditions: Conditioning) -> float:
        """Of what is sampled under `conditions`, from the x0 that `told` describes."""
        with torch.no_grad():
            *_, last = dpmpp_2m(guided(denoiser, conditions, Conditioning(), 1.0), x, levels)
        return (last.x - x0).square().mean().sqrt().item()

    assert error(told) < 0.3
    assert told.context is not None
    assert error(replace(told, context=-told.context)) > 1
    assert told.concat is not None
    assert error(replace(told, concat=1 - told.concat)) > 0.4
