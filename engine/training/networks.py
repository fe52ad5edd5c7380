"""The networks that the house denoiser can be, alike in size, by the names of the command line."""

from __future__ import annotations

from dataclasses import replace

from engine.models.told import told_channels
from engine.nets.build import NetConfig
from engine.nets.dit_config import DiTConfig
from engine.nets.unet import UNetConfig
from engine.training.denoiser import HOUSE_UNET, LATENTS

HOUSE_DIT = DiTConfig(
    in_channels=HOUSE_UNET.in_channels,
    out_channels=HOUSE_UNET.out_channels,
    concat_channels=HOUSE_UNET.concat_channels,
    context_channels=HOUSE_UNET.context_channels,
    patch=2,
    width=320,
    depth=9,
)
"""17.4 M parameters, as many as the U-Net within 1 %. The prompt is heard as MiniLM's mean.

Two frames make a token: with one it would take three times as long as the U-Net, so a fourth more.
"""

HOUSE_NETS: dict[str, NetConfig] = {"unet": HOUSE_UNET, "dit": HOUSE_DIT}


def small_unet(latents: int) -> UNetConfig:
    """A third of the house network's parameters: what is tried on it first costs a third."""
    return replace(
        HOUSE_UNET,
        in_channels=latents,
        out_channels=latents,
        concat_channels=told_channels(latents),
        channels=(128, 192, 192),
    )


COMPARED_NETS: dict[str, NetConfig] = HOUSE_NETS | {"small": small_unet(LATENTS)}
"""What `undertone train compare` knows."""


def run_name(net: str) -> str:
    """The folder of a network's run, so that both can be trained on the same latents."""
    return "denoiser" if net == "unet" else f"denoiser-{net}"
