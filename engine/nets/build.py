"""A network from its config: every family behind `net(x, t, conditioning)`."""

from __future__ import annotations

from engine.nets.dit import DiT
from engine.nets.dit_config import DiTConfig
from engine.nets.unet import UNet, UNetConfig

NetConfig = UNetConfig | DiTConfig
Net = UNet | DiT


def build(config: NetConfig) -> Net:
    """The network that `config` describes, with random weights."""
    return DiT(config) if isinstance(config, DiTConfig) else UNet(config)
