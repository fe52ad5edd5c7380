"""The networks that the house denoiser can be, alike in size, by the names of the command line."""

from __future__ import annotations

from dataclasses import replace

from engine.nets.build import NetConfig
from engine.training.denoiser import HOUSE_UNET

HOUSE_NETS: dict[str, NetConfig] = {
    "unet": HOUSE_UNET,
    "narrow": replace(HOUSE_UNET, channels=(128, 192, 320), blocks_per_level=2),
}
