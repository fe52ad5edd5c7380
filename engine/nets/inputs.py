"""Shape mistakes in a network's inputs, told before any computing and with the two numbers."""

from __future__ import annotations

from torch import Tensor

from engine.nets.conditioning import Conditioning
from engine.nets.dit_config import DiTConfig


def check_inputs(config: DiTConfig, x: Tensor, t: Tensor, given: Conditioning) -> None:
    """Raises `ValueError` where `x`, `t` and `given` do not fit each other and the config."""
    batch, axes = len(x), config.dimensions + 2
    if x.dim() != axes:
        raise ValueError(f"x has {x.dim()} axes, a {config.dimensions}D network takes {axes}")
    _expect("channels of x", x.shape[1], config.in_channels)
    _expect("noise levels", t.numel(), batch)
    if given.context is not None:
        _expect("items of context", given.context.shape[0], batch)
        _expect("context channels", given.context.shape[-1], config.context_channels)
    if given.vector is not None:
        _expect("items of vector", given.vector.shape[0], batch)
        _expect("vector channels", given.vector.shape[-1], config.vector_channels)
    if given.concat is not None:
        _expect("items of concat", given.concat.shape[0], batch)
        _expect("concat channels", given.concat.shape[1], config.concat_channels)
        for axis, (got, wanted) in enumerate(zip(given.concat.shape[2:], x.shape[2:], strict=True)):
            _expect(f"concat length on axis {axis}", got, wanted)


def _expect(what: str, got: int, wanted: int) -> None:
    if got != wanted:
        raise ValueError(f"{what}: got {got}, the network takes {wanted}")
