"""A network from its config: every family behind `net(x, t, conditioning)`."""

from __future__ import annotations

from engine.nets.unet import UNet, UNetConfig

NetConfig = UNetConfig
Net = UNet


def build(config: NetConfig) -> Net:
    """The network that `config` describes, with random weights."""
    return UNet(config)
