"""A trained network's weights in a network that hears more and makes more latents.

What is new starts at zero: it changes nothing until it is learnt.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

from engine.nets.build import NetConfig
from engine.nets.dit_config import DiTConfig

INPUT, OUTPUT = "input.weight", "output.weight"


def grown(weights: Mapping[str, Tensor], config: NetConfig) -> dict[str, Tensor]:
    """`weights` for a network of `config`, whose first latents and first told rows they know.

    Raises `ValueError` where they know more than the network has.
    """
    volume = _volume(config)
    latents = len(weights[OUTPUT]) // volume
    heard = weights[INPUT].float().unflatten(1, (-1, volume))
    noisy, told = heard.split([latents, heard.shape[1] - latents], dim=1)
    parts = (_padded(noisy, 1, config.in_channels), _padded(told, 1, config.concat_channels))
    found = {**weights, INPUT: torch.cat(parts, dim=1).flatten(1, 2)}
    for name in (OUTPUT, "output.bias"):
        if name in weights:
            found[name] = _padded(weights[name].float(), 0, volume * config.out_channels)
    return found


def _volume(config: NetConfig) -> int:
    """How many positions of a channel the network takes at once: a transformer's patch."""
    return config.patch**config.dimensions if isinstance(config, DiTConfig) else 1


def _padded(weight: Tensor, axis: int, size: int) -> Tensor:
    missing = size - weight.shape[axis]
    if missing < 0:
        raise ValueError(f"the weights know {weight.shape[axis]} rows, the network has {size}")
    shape = [missing if i == axis else n for i, n in enumerate(weight.shape)]
    return torch.cat([weight, weight.new_zeros(shape)], dim=axis)
