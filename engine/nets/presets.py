"""Every preset by its name, as `undertone models --presets` lists them."""

from __future__ import annotations

from engine.nets.build import NetConfig
from engine.nets.dit_presets import dit_large, dit_medium, dit_small
from engine.nets.unet_presets import UNET_PRESETS

LATENT_CHANNELS = 64

PRESETS: dict[str, NetConfig] = {
    f"{size} {dimensions}D": make(dimensions)
    for dimensions in (1, 2)
    for size, make in UNET_PRESETS.items()
} | {
    f"DiT {size}": make(in_channels=LATENT_CHANNELS, out_channels=LATENT_CHANNELS)
    for size, make in (("small", dit_small), ("medium", dit_medium), ("large", dit_large))
}
