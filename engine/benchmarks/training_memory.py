"""How much memory a training step takes, with and without gradient checkpointing.

What counts is what lives between the forward pass and the backward pass, and what a checkpointed
stage computes again on top of it: everything that is allocated beyond weights and gradients, at
its peak. On CUDA the allocator tells (`max_memory_allocated`). The CPU's keeps no count, and a
process's resident set moves with the allocator's moods: there every storage that an operator
makes is counted while it lives.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from statistics import median

import torch

from engine.benchmarks.live_bytes import LiveBytes
from engine.benchmarks.table import Figure, Setting
from engine.device import Device, choose
from engine.nets.unet import UNet, UNetConfig, multiplied
from engine.nets.unet_presets import unet_medium

RATIO_BAR = 0.5
BATCH, FRAMES = 2, 1_504  # 30 s at 50 latent frames a second, a multiple of 32
MEDIUM = unet_medium()
LAPTOP = replace(MEDIUM, channels=multiplied(64, (1, 2, 3, 5)))
"""Medium's levels, blocks and attention at a quarter of its width: activations shrink alike."""


def peak_bytes(step: Callable[[], None], device: Device) -> int:
    """The most that `step` allocates at once beyond what is there already."""
    if device.kind == "cuda":
        torch.cuda.reset_peak_memory_stats()
        before = torch.cuda.memory_allocated()
        step()
        device.synchronise()
        return torch.cuda.max_memory_allocated() - before
    with LiveBytes() as counted:
        step()
    return counted.peak


def training_step(
    config: UNetConfig, device: Device, batch: int = BATCH, frames: int = FRAMES
) -> Callable[[], None]:
    """Forward and backward pass of one batch. The gradients are there before the first call."""
    torch.manual_seed(0)
    net = UNet(config).to(device.torch)
    x, t, told = config.fake_inputs(batch, frames)
    x, t, told = x.to(device.torch), t.to(device.torch), told.to(device.torch, torch.float32)
    for parameter in net.parameters():
        parameter.grad = torch.zeros_like(parameter)

    def step() -> None:
        with device.autocast():
            loss = net(x, t, told).float().square().mean()
        loss.backward()

    return step


def measure_training_memory(setting: Setting) -> Iterator[Figure]:
    """On CUDA the whole Medium; elsewhere a quarter of its width, which fits a laptop."""
    device = choose()
    config = MEDIUM if device.kind == "cuda" else LAPTOP
    every_level = frozenset(range(len(config.channels)))
    plain = training_step(config, device)
    saving = training_step(replace(config, checkpoint_levels=every_level), device)
    plain_mb, saving_mb = (peak_bytes(step, device) / 1e6 for step in (plain, saving))
    yield Figure("a training step's activations", plain_mb, "MB")
    yield Figure("the same, checkpointed", saving_mb, "MB")
    yield Figure("checkpointed over not", saving_mb / plain_mb, "", RATIO_BAR)
    pairs = [
        _taken_s(saving, device) / _taken_s(plain, device) for _ in range(min(3, setting.repeats))
    ]
    yield Figure("time of a step, checkpointed over not", median(pairs), "")


def _taken_s(step: Callable[[], None], device: Device) -> float:
    device.synchronise()
    began = time.perf_counter()
    step()
    device.synchronise()
    return time.perf_counter() - began
