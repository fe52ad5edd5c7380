"""A house model with random weights, small enough to be written and loaded in a test."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import torch

from engine.codecs.house import HouseCodec, HouseCodecConfig
from engine.device import Device
from engine.models.base import Model
from engine.models.house import HouseConfig, save_model
from engine.models.registry import Registry
from engine.models.told import told_channels
from engine.nets.build import build
from engine.nets.dit_config import DiTConfig
from engine.nets.unet import UNetConfig
from engine.score_columns import SCORE_CHANNELS

CONFIG = HouseConfig(
    net=UNetConfig(
        in_channels=16,
        out_channels=16,
        concat_channels=told_channels(16),
        channels=(32, 32),
        blocks_per_level=1,
        self_attention_levels=frozenset({1}),
        cross_attention_levels=frozenset({1}),
        head_channels=16,
        context_channels=384,
        embedding_channels=32,
        zero_init=False,
    ),
    codec=HouseCodecConfig(latent_channels=16, width=32, layers=1),
    guidance_interval=None,
    guidance_rescale=0.0,
    title="Tiny",
)
DIT_CONFIG = replace(
    CONFIG,
    net=DiTConfig(
        in_channels=16,
        out_channels=16,
        concat_channels=SCORE_CHANNELS,
        width=32,
        depth=2,
        head_channels=16,
        context_channels=384,
        zero_init=False,
    ),
    title="Tiny transformer",
)


def write_tiny_model(root: Path, id: str = "house", **changes: object) -> Path:
    """Write the model folder `root / id`; `changes` replace parts of the config."""
    torch.manual_seed(0)
    config = replace(CONFIG, **changes)  # type: ignore[arg-type]
    codec = HouseCodec(config.codec)
    codec.mean.fill_(-45.0)
    codec.basis.normal_()
    codec.scale.fill_(2.0)
    save_model(root / id, config, build(config.net), codec)
    return root / id


class KeepingRegistry(Registry):
    """Loads each model once for all that ask."""

    def load(self, id: str, device: Device) -> Model:
        key = (id, device)
        if key not in _kept:
            _kept[key] = super().load(id, device)
        return _kept[key]


_kept: dict[tuple[str, Device], Model] = {}
