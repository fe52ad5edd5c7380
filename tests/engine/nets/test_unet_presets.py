"""The presets: the rows of the source document exactly, its counts within 10 %."""

from __future__ import annotations

import pytest
import torch

from engine.nets.unet import UNet
from engine.nets.unet_presets import UNET_PRESETS

ROWS = {
    "small": ((128, 256, 512, 1024), 2, {2, 3}, 4, 50),
    "medium": ((256, 512, 768, 1280), 2, {2, 3}, 8, 400),
    "large": ((384, 768, 1536, 1536, 3072), 3, {1, 2, 3}, 16, 900),
}


@pytest.mark.parametrize("dimensions", [1, 2])
@pytest.mark.parametrize("size", UNET_PRESETS)
def test_rows_are_exact_and_counts_within_a_tenth(size: str, dimensions: int) -> None:
    config = UNET_PRESETS[size](dimensions)
    channels, blocks, levels, heads, millions = ROWS[size]
    assert config.channels == channels
    assert config.blocks_per_level == blocks
    assert config.self_attention_levels == config.cross_attention_levels == levels
    assert all(channels[level] // config.head_width(level) == heads for level in levels)
    with torch.device("meta"):
        count = sum(parameter.numel() for parameter in UNet(config).parameters())
    assert count / 1e6 == pytest.approx(millions, rel=0.1)


@pytest.mark.parametrize(("dimensions", "spatial"), [(1, (1499,)), (2, (33, 50))])
@pytest.mark.parametrize("size", UNET_PRESETS)
def test_every_preset_takes_odd_lengths(
    size: str, dimensions: int, spatial: tuple[int, ...]
) -> None:
    config = UNET_PRESETS[size](dimensions)
    with torch.device("meta"):
        out = UNet(config)(*config.fake_inputs(2, *spatial))
    assert out.shape == (2, config.out_channels, *spatial)
