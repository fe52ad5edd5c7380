"""A network from its config: every family behind `net(x, t, conditioning)`."""

from __future__ import annotations

from torch import nn

from engine.nets.unet import UNet, UNetConfig

NetConfig = UNetConfig


def build(config: NetConfig) -> nn.Module:
    """The network that `config` describes, with random weights."""
    return UNet(config)
