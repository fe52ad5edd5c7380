"""Shape mistakes, told before any computing and with the two numbers."""

from __future__ import annotations

from typing import Protocol

from torch import Tensor

from engine.nets.conditioning import Conditioning


class Takes(Protocol):
    """What a network's config says of its inputs."""

    @property
    def dimensions(self) -> int: ...
    @property
    def in_channels(self) -> int: ...
    @property
    def concat_channels(self) -> int: ...
    @property
    def vector_channels(self) -> int: ...
    @property
    def context_widths(self) -> tuple[int, ...]: ...


def check_inputs(config: Takes, x: Tensor, t: Tensor, given: Conditioning) -> None:
    """Raises `ValueError` where `x`, `t` and `given` do not fit each other and the config."""
    if x.dim() != config.dimensions + 2:
        raise ValueError(
            f"x has {x.dim()} axes, a {config.dimensions}D network takes {config.dimensions + 2}"
        )
    expect("channels of x", x.shape[1], config.in_channels)
    expect("noise levels", t.numel(), len(x))
    widths = (*config.context_widths, 0, 0)
    for context, width in ((given.context, widths[0]), (given.context_2, widths[1])):
        if context is not None:
            expect("items of context", context.shape[0], len(x))
            expect("context channels", context.shape[-1], width)
    if given.vector is not None:
        expect("items of vector", given.vector.shape[0], len(x))
        expect("vector channels", given.vector.shape[-1], config.vector_channels)
    if given.concat is not None:
        _check_concat(given.concat, config.concat_channels, x)


def _check_concat(concat: Tensor, channels: int, x: Tensor) -> None:
    expect("items of concat", concat.shape[0], len(x))
    expect("concat channels", concat.shape[1], channels)
    for axis, (got, wanted) in enumerate(zip(concat.shape[2:], x.shape[2:], strict=True)):
        expect(f"concat length on axis {axis}", got, wanted)


def expect(what: str, got: int, wanted: int) -> None:
    if got != wanted:
        raise ValueError(f"{what}: got {got}, the network takes {wanted}")
