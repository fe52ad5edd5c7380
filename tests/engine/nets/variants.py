"""Small networks of both kinds, one for each way that they can be built."""

from __future__ import annotations

from dataclasses import replace

from engine.nets.build import NetConfig
from engine.nets.dit import ContextUse, DiTConfig, Modulation
from engine.nets.embeddings import TimeFeatures, VectorJoin
from engine.nets.resample import Down, Up
from engine.nets.residual import TimeConditioning
from engine.nets.unet import UNetConfig

UNET = UNetConfig(
    in_channels=5,
    out_channels=6,
    concat_channels=3,
    channels=(16, 24, 32),
    blocks_per_level=1,
    head_channels=8,
    context_channels=12,
    vector_channels=4,
    embedding_channels=16,
    zero_init=False,
)
UNETS = {
    "house's kind": UNET,
    "pool, transposed": replace(UNET, down=Down.POOL, up=Up.TRANSPOSED),
    "additive": replace(UNET, time_conditioning=TimeConditioning.ADDITIVE),
    "film": replace(UNET, time_conditioning=TimeConditioning.FILM),
    "extra block": replace(UNET, extra_decoder_block=True, blocks_per_level=2),
    "fourier, concatenated vector": replace(
        UNET, time_features=TimeFeatures.FOURIER, vector_join=VectorJoin.CONCATENATE
    ),
    "last block attends": replace(UNET, attend_every_block=False, blocks_per_level=2),
    "transformers, two contexts": replace(
        UNET, transformers=(None, 0, 1), context_channels_2=6, groups=4, heads=2
    ),
    "between, halves, [h, skip]": replace(
        UNET,
        time_conditioning=TimeConditioning.BETWEEN,
        time_features=TimeFeatures.HALVES,
        time_channels=10,
        vector_layers=1,
        skip_first=False,
    ),
    "separable": replace(UNET, separable=True),
    "bare": replace(
        UNET,
        self_attention_levels=frozenset(),
        cross_attention_levels=frozenset(),
        bottleneck_attention=False,
        context_channels=0,
        concat_channels=0,
        vector_channels=0,
    ),
}

DIT = DiTConfig(
    in_channels=5,
    out_channels=6,
    concat_channels=3,
    width=32,
    depth=2,
    head_channels=8,
    context_channels=12,
    vector_channels=4,
    time_channels=16,
    zero_init=False,
)
CROSS = replace(DIT, context_use=ContextUse.CROSS)
DITS = {
    "AdaLN-Zero": DIT,
    "AdaLN": replace(DIT, modulation=Modulation.ADALN),
    "token": replace(DIT, modulation=Modulation.TOKEN),
    "cross": CROSS,
    "grouped keys": replace(CROSS, context_heads=2, context_width=10, qk_norm=True),
    "patches": replace(CROSS, patch=3, modulation=Modulation.TOKEN, rotary=0.5),
    "no position": replace(DIT, rotary=0.0, gated=True, time_features=TimeFeatures.FOURIER),
    "bare DiT": replace(
        DIT,
        context_channels=0,
        concat_channels=0,
        vector_channels=0,
        biases=False,
        final_norm=False,
    ),
}

ALL: dict[str, NetConfig] = {**UNETS, **DITS}
TOLD: dict[str, NetConfig] = {name: c for name, c in ALL.items() if c.context_channels}
"""Those that hear a prompt."""
