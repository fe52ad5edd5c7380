"""What each preset is and costs, measured on the network itself.

The network is built and run on torch's meta device, where every shape, storage and matrix product
is as in earnest and nothing is computed: so the largest takes a moment on any machine. There,
attention is spelt out: its scores are counted, which a fused kernel never keeps.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch.utils.flop_counter import FlopCounterMode

from engine.benchmarks.live_bytes import LiveBytes
from engine.nets.build import NetConfig, build
from engine.nets.dit_config import DiTConfig
from engine.nets.presets import PRESETS

FRAMES_1D = (1_500,)  # 30 s at 50 latent frames a second
FRAMES_2D = (16, 750)  # 30 s at 25, with 16 latent bands, as AudioLDM has
BYTES_A_WEIGHT = 2  # bf16


@dataclass(frozen=True)
class Preset:
    """One row: what the network is, and one item's forward pass over 30 s of latents."""

    name: str
    shape: str
    attention: str
    parameters: int
    forward_flops: int
    weight_bytes: int
    activation_bytes: int  # the most alive at once, beside the weights

    def line(self) -> str:
        return (
            f"{self.name:<11} {self.shape:<34} {self.attention:<26} "
            f"{self.parameters / 1e6:>7.1f} M {self.forward_flops / 1e9:>8.0f} "
            f"{self.weight_bytes / 1e6:>8.0f} {self.activation_bytes / 1e6:>8.0f}"
        )


HEAD = (
    f"{'':<11} {'shape':<34} {'attention':<26} {'weights':>9} {'GFLOP':>8} {'MB':>8} {'MB':>8}\n"
    f"{'':<11} {'':<34} {'':<26} {'':>9} {'forward':>8} {'weights':>8} {'act.':>8}"
)


def measure_presets() -> Iterator[Preset]:
    """Every preset of `engine.nets.presets`, in bf16 and without gradients."""
    for name, config in PRESETS.items():
        yield measure_preset(name, config)


@torch.no_grad()
def measure_preset(name: str, config: NetConfig) -> Preset:
    with torch.device("meta"):
        net = build(config).to(torch.bfloat16)
        inputs = config.fake_inputs(1, *(FRAMES_1D if config.dimensions == 1 else FRAMES_2D))
        with FlopCounterMode(display=False) as flops, LiveBytes() as live:
            net(*inputs)
    parameters = sum(parameter.numel() for parameter in net.parameters())
    return Preset(
        name=name,
        shape=_shape(config),
        attention=_attention(config),
        parameters=parameters,
        forward_flops=flops.get_total_flops(),
        weight_bytes=BYTES_A_WEIGHT * parameters,
        activation_bytes=live.peak,
    )


def _shape(config: NetConfig) -> str:
    if isinstance(config, DiTConfig):
        return f"{config.depth} blocks of {config.width}"
    base = config.channels[0]
    multipliers = ", ".join(f"{width / base:g}" for width in config.channels)
    return f"{base} × ({multipliers}), {config.blocks_per_level} blocks"


def _attention(config: NetConfig) -> str:
    if isinstance(config, DiTConfig):
        return f"{config.heads} heads, every block"
    levels = ", ".join(f"/{2**level}" for level in sorted(config.self_attention_levels))
    return f"{config.heads} heads at {levels}"
