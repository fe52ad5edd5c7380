"""Counts what a network computes in matrix products, multiply-adds twice as everywhere."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import prod
from typing import Any

import torch
from torch.utils.flop_counter import FlopCounterMode

Result = Any


def counted(run: Callable[[], Result]) -> tuple[Result, int]:
    """What `run` returns, and the FLOPs of its products, convolutions and attention.

    torch's counter lacks formulas for the CPU's fused attention and for products with packed
    weights, and would call them free.
    """
    own: dict[Any, Callable[..., int]] = {
        torch.ops.aten._scaled_dot_product_flash_attention_for_cpu: _attention_flops,
        torch.ops.mkldnn._convolution_pointwise: _convolution_flops,
        torch.ops.mkldnn._linear_pointwise: _linear_flops,
    }
    with FlopCounterMode(display=False, custom_mapping=own) as counter:
        result = run()
    return result, counter.get_total_flops()


def _attention_flops(
    q: Sequence[int], k: Sequence[int], v: Sequence[int], *_: object, **__: object
) -> int:
    """q·kᵀ and the weighted sum of v; shapes are (B, heads, positions, channels)."""
    return 2 * prod(q) * k[-2] + 2 * prod(q[:-1]) * v[-2] * v[-1]


def _convolution_flops(
    x: Sequence[int], weight: Sequence[int], *_: object, out_shape: Sequence[int], **__: object
) -> int:
    """`weight` is (O, C / groups, h, w)."""
    return 2 * prod(out_shape) * prod(weight[1:])


def _linear_flops(x: Sequence[int], *_: object, out_shape: Sequence[int], **__: object) -> int:
    """Whatever is computed with the product besides."""
    return 2 * prod(x) * out_shape[-1]
