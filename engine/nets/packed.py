"""Weights laid out once as the CPU's kernels want them: oneDNN's packed weights, for inference.

oneDNN multiplies weights in blocks of its own and lays plain weights out anew at every call. For
the small maps at a U-Net's bottom that costs more than the products: measured on 2 cores with
AVX512-BF16 in bf16, TFLOP/s plain and packed: 512 → 512 channels at 2 × 54 frames, k = 3, 0.42 and
0.94; 1280 → 1280 at 2 × 8 × 8, 3 × 3, 0.29 and 0.96. torch's compiler packs weights with the same
operators (`torch._inductor.mkldnn_lowerings`).
"""

from __future__ import annotations

import platform
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from engine.nets.feed_forward import GatedFeedForward
from engine.nets.layers import Convolution, pad_circular

_OPERATORS: Any = torch._C._nn  # its stubs lack some arguments
Pair = tuple[int, int]

NARROW = 4
"""Up to this width a taller map is convolved lying on its side.

The kernels run along the width: 1280 → 640 channels at 2 × 32 × 2 takes 10.8 ms upright and 1.2
lying, 384 → 384 at 2 × 64 × 4 takes 1.4 and 1.1.
"""


ACTIVATIONS = {F.gelu: ("gelu", "none"), F.silu: ("swish", "")}
"""What oneDNN calls the activations that it computes with a product, and which of their kinds."""


def can_pack(dtype: torch.dtype) -> bool:
    """Whether this build of torch has oneDNN's kernels for this CPU and `dtype`."""
    x86 = platform.machine().lower() in ("x86_64", "amd64")
    if not x86 or not torch.backends.mkldnn.is_available():
        return False
    if dtype == torch.bfloat16:
        return bool(torch.ops.mkldnn._is_mkldnn_bf16_supported())
    return dtype == torch.float32


def _packed(weight: Tensor) -> Tensor:
    packed: Tensor = torch.ops.mkldnn._reorder_linear_weight(weight.detach().contiguous(), None)
    return packed


class PackedLinear(nn.Module):
    """What `linear` computes: (…, in_features) → (…, out_features)."""

    def __init__(self, linear: nn.Linear) -> None:
        super().__init__()
        self.weight, self.bias = _packed(linear.weight), linear.bias

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = torch.ops.mkldnn._linear_pointwise(x, self.weight, self.bias, "none", [], "")
        return out


class PackedGatedFeedForward(nn.Module):
    """What `feed_forward` computes, its gate within the products: (…, C) → (…, C).

    Measured on one busy core in bf16, four sizes of 512 to 8,192 tokens of 256 to 640 channels:
    the first layer and the gate take 0.70 to 0.95 of what they take apart.
    """

    def __init__(self, feed_forward: GatedFeedForward) -> None:
        super().__init__()
        into = feed_forward.into
        self.weight, self.gate_weight = (_packed(part) for part in into.weight.chunk(2))
        self.bias, self.gate_bias = into.bias.chunk(2)
        self.activation, self.kind = ACTIVATIONS[feed_forward.activation]
        self.out = PackedLinear(feed_forward.out)

    def forward(self, x: Tensor) -> Tensor:
        product = torch.ops.mkldnn._linear_pointwise
        gate = product(x, self.gate_weight, self.gate_bias, self.activation, [], self.kind)
        return self.out(product.binary(x, gate, self.weight, self.bias, "mul"))


class PackedConvolution(nn.Module):
    """What `convolution` computes: (B, C, H, W) → (B, O, H′, W′), in channels-last memory.

    Which kernel is fastest, and so how weights lie, depends on the size of the map: another size
    than the last call's packs them anew. A run keeps its sizes from step to step.
    """

    def __init__(self, convolution: Convolution) -> None:
        super().__init__()
        self.bias, self.circular = convolution.bias, convolution.circular
        self.groups = convolution.groups
        self.stride, self.padding = _pair(convolution.stride), _pair(convolution.padding)
        self.weight = convolution.weight.detach()
        self.packed_for: tuple[tuple[int, ...], bool] = ((), False)

    def forward(self, x: Tensor) -> Tensor:
        (height, width), stride = self.padding, self.stride
        if self.circular and width:
            x, width = pad_circular(x, width), 0
        lying = x.shape[3] <= NARROW and x.shape[2] > x.shape[3]
        if not lying:
            return self._convolve(x, (height, width), stride, lying)
        x = x.transpose(2, 3).contiguous(memory_format=torch.channels_last)
        out = self._convolve(x, (width, height), stride[::-1], lying)
        return out.transpose(2, 3).contiguous(memory_format=torch.channels_last)

    def _convolve(self, x: Tensor, padding: Pair, stride: Pair, lying: bool) -> Tensor:
        how: tuple[Any, ...] = (padding, stride, (1, 1), self.groups)
        if self.packed_for != (x.shape, lying):
            plain = self._plain_weight(lying).to_mkldnn()
            self.weight = _OPERATORS.mkldnn_reorder_conv2d_weight(plain, *how, x.shape)
            self.packed_for = (x.shape, lying)
        out: Tensor = torch.ops.mkldnn._convolution_pointwise(
            x, self.weight, self.bias, *how, "none", [], ""
        )
        return out

    def _plain_weight(self, lying: bool) -> Tensor:
        weight = self.weight.to_dense() if self.weight.is_mkldnn else self.weight
        turn = lying != self.packed_for[1]
        return weight.transpose(2, 3).contiguous() if turn else weight


def _pair(values: Any) -> Pair:
    height, width = values
    return int(height), int(width)


def with_packed_weights(net: nn.Module) -> nn.Module:
    """`net` with its convolutions and linear layers packed, one at a time; for inference only.

    What holds a layer comes before it, so a feed-forward is packed while its layers are plain.
    """
    for parent in list(net.modules()):
        for name, child in parent.named_children():
            if type(child) is GatedFeedForward and child.activation in ACTIVATIONS:
                setattr(parent, name, PackedGatedFeedForward(child))
            elif type(child) is nn.Linear:
                setattr(parent, name, PackedLinear(child))
            elif type(child) is Convolution and child.dilation == (1, 1):
                setattr(parent, name, PackedConvolution(child))
    return net
