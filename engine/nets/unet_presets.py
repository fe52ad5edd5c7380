"""The U-Net in three sizes, for latents of 64 channels and a text encoder of 768.

Base width, multipliers, blocks a level, the levels with attention and the heads are those of the
source document. Its parameter counts, about 50, 400 and 900 M, are met within 10 % by what it
leaves free, which each preset states. Measured by `undertone models --presets`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from engine.nets.unet_config import UNetConfig, multiplied

_COMMON = UNetConfig(in_channels=64, out_channels=64, context_channels=768)


def unet_small(dimensions: int = 1) -> UNetConfig:
    """128 × (1, 2, 4, 8), 2 blocks a level, 4 heads at /4 and /8.

    Full convolutions would be 125 M in 1D and 242 M in 2D before any feed-forward. So:
    depthwise-separable convolutions with a kernel of 5 (3 in 2D), attention after the last block
    of a level and none in the bottleneck, no feed-forward, an embedding of 256.
    """
    return replace(
        _COMMON,
        dimensions=dimensions,
        channels=multiplied(128, (1, 2, 4, 8)),
        blocks_per_level=2,
        self_attention_levels=frozenset({2, 3}),
        cross_attention_levels=frozenset({2, 3}),
        heads=4,
        separable=True,
        kernel_size=5 if dimensions == 1 else 3,
        attend_every_block=False,
        bottleneck_attention=False,
        feed_forward=0.0,
        embedding_channels=256,
    )


def unet_medium(dimensions: int = 1) -> UNetConfig:
    """256 × (1, 2, 3, 5), 2 blocks a level, 8 heads at /4 and /8.

    Full convolutions; in 1D a kernel of 5, an extra block a decoder level and a feed-forward of
    twice the width; in 2D a kernel of 3 and no feed-forward.
    """
    flat = dimensions == 1
    return replace(
        _COMMON,
        dimensions=dimensions,
        channels=multiplied(256, (1, 2, 3, 5)),
        blocks_per_level=2,
        extra_decoder_block=flat,
        self_attention_levels=frozenset({2, 3}),
        cross_attention_levels=frozenset({2, 3}),
        heads=8,
        kernel_size=5 if flat else 3,
        feed_forward=2.0 if flat else 0.0,
    )


def unet_large(dimensions: int = 1) -> UNetConfig:
    """384 × (1, 2, 4, 4, 8), 3 blocks a level, 16 heads at /2, /4 and /8.

    Full convolutions would be 1,274 M in 1D and 2,943 M in 2D before any feed-forward. So:
    depthwise-separable ones with a kernel of 5 (3 in 2D), and a feed-forward of twice the width.
    """
    return replace(
        _COMMON,
        dimensions=dimensions,
        channels=multiplied(384, (1, 2, 4, 4, 8)),
        blocks_per_level=3,
        self_attention_levels=frozenset({1, 2, 3}),
        cross_attention_levels=frozenset({1, 2, 3}),
        heads=16,
        separable=True,
        kernel_size=5 if dimensions == 1 else 3,
        feed_forward=2.0,
    )


UNET_PRESETS: dict[str, Callable[[int], UNetConfig]] = {
    "small": unet_small,
    "medium": unet_medium,
    "large": unet_large,
}
