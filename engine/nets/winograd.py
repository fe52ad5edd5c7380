"""Convolutions with fewer multiplications: Winograd's minimal filtering, for inference in fp32.

Lavin & Gray 2016, "Fast algorithms for convolutional neural networks". Tiles of the input are
transformed, multiplied with the transformed kernel, one matrix product for each place of the
tile, and transformed back. F(2 × 2, 3 × 3) takes 16 products where the plain way takes 36,
F(4, 3) 6 for 12 and F(4, 5) 8 for 20. It pays on CPUs that compute in fp32, where a convolution is
bound by its products; where bf16 is in hardware the transforms' traffic would cost more.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from engine.nets.layers import Convolution, blocks, pad_circular

POINTS = (0.0, 1.0, -1.0, 0.5, -2.0, -0.5, 2.0)
"""Where the polynomials are evaluated, beside infinity: small numbers round little."""
OUTPUTS = {1: 4, 2: 2}
"""Outputs of a tile along each axis, by dimensions. More save more products, round more and, in
2D, need more memory: the transformed kernel has (outputs + 2)² / 9 times the weights."""
LEAST_CHANNELS = 160
"""With fewer the transforms cost what the products save."""
BLOCK_FLOATS = 1 << 21
"""Transformed tiles at once: few enough to stay near the cores, enough to keep both busy."""


def matrices(outputs: int, taps: int) -> tuple[Tensor, Tensor, Tensor]:
    """A (m, n), G (n, r) and B (n, n) of F(m, r), n = m + r − 1, in fp64.

    `correlate(d, g) = A ((G g) ⊙ (B d))` for n inputs d and r taps g (Toom and Cook's algorithm,
    transposed). Rows are scaled so that the largest entry of each row of B is 1.
    """
    n = outputs + taps - 1
    if n - 1 > len(POINTS):
        raise ValueError(f"F({outputs}, {taps}) needs {n - 1} points of {len(POINTS)}")
    B = torch.linalg.inv(_powers(n, n)).T
    scale = B.abs().amax(1, keepdim=True)
    return _powers(n, outputs).T, _powers(n, taps) * scale, B / scale


def _powers(n: int, columns: int) -> Tensor:
    """Row i has the powers of point i; the last row is the point at infinity's."""
    points = torch.tensor(POINTS[: n - 1], dtype=torch.float64)
    rows = points[:, None] ** torch.arange(columns)
    last = torch.zeros(1, columns, dtype=torch.float64)
    last[0, -1] = 1.0
    return torch.cat([rows, last])


class WinogradConvolution(nn.Module):
    """What `convolution` computes, within fp32's rounding: (B, C, H, W) → (B, O, H, W).

    In 1D the time axis takes the place of the height: the memory is the same.
    """

    kernel: Tensor  # (n_h × n_w, C, O)
    into: Tensor  # (n_h × n_w, n_h × n_w)
    back: Tensor  # (m_h × m_w, n_h × n_w)

    def __init__(self, convolution: Convolution) -> None:
        super().__init__()
        weight = convolution.weight.detach().double()  # (O, C, h, w)
        self.flat = weight.shape[2] == 1
        taps = weight.shape[3]
        A, G, B = matrices(OUTPUTS[1 if self.flat else 2], taps)
        one = torch.ones(1, 1, dtype=torch.float64)
        wide = (one, one, one) if self.flat else (A, G, B)
        weight = weight.transpose(2, 3) if self.flat else weight
        kernel = torch.einsum("nr,ms,ocrs->nmco", G, wide[1], weight)
        self.tile = (A.shape[0], wide[0].shape[0])
        self.window = (B.shape[0], wide[2].shape[0])
        self.taps, self.circular = taps, convolution.circular
        for name, value in (
            ("kernel", kernel.flatten(0, 1)),
            ("into", torch.kron(B, wide[2])),
            ("back", torch.kron(A, wide[0])),
        ):
            self.register_buffer(name, value.to(convolution.weight.dtype).contiguous())
        self.bias = convolution.bias
        # At the point 1 every power is 1: what is added there, every output gets.
        self.at_one = POINTS.index(1.0) * (self.window[1] + (not self.flat))

    def forward(self, x: Tensor) -> Tensor:
        height, width = x.shape[2:]
        x = self._padded(x)
        out = self._convolve(x.transpose(1, 2) if self.flat else x)
        out = out.transpose(1, 2) if self.flat else out
        return out[:, :height, :width].contiguous().permute(0, 3, 1, 2)

    def _padded(self, x: Tensor) -> Tensor:
        """(B, H′, W′, C) with the kernel's margin around and whole tiles within."""
        margin = self.taps // 2
        if self.circular:
            x = pad_circular(x, margin)
        height, width = x.shape[2:]
        down, across = (self.tile[1], self.tile[0]) if self.flat else self.tile
        left = 0 if self.circular else margin
        top = 0 if self.flat else margin
        right = left + -(width - (2 * margin if self.circular else 0)) % across
        below = top + -height % down
        return F.pad(x.permute(0, 2, 3, 1), (0, 0, left, right, top, below)).contiguous()

    def _convolve(self, x: Tensor) -> Tensor:
        """(B, H′, W′, C) → (B, H, W, O): whole tiles, blocks of them at a time."""
        (m_h, m_w), (n_h, n_w) = self.tile, self.window
        B, H, W, C = x.shape
        tall, wide = (H - n_h) // m_h + 1, (W - n_w) // m_w + 1
        windows = x.as_strided(
            (n_h, n_w, B, tall, wide, C),
            (x.stride(1), x.stride(2), x.stride(0), m_h * x.stride(1), m_w * x.stride(2), 1),
        )
        channels, n = self.kernel.shape[2], n_h * n_w
        out = x.new_empty(B, tall, m_h, wide, m_w, channels)
        for items, rows in blocks(B, tall, BLOCK_FLOATS // (n * wide * (C + channels))):
            tiles = windows[:, :, items, rows]
            v = (self.into @ tiles.reshape(n, -1)).view(n, -1, C)
            product = torch.bmm(v, self.kernel)
            if self.bias is not None:
                product[self.at_one] += self.bias
            y = self.back @ product.view(n, -1)
            y = y.view(m_h, m_w, *tiles.shape[2:5], channels)
            out[items, rows] = y.permute(2, 3, 0, 4, 1, 5)
        return out.view(B, tall * m_h, wide * m_w, channels)


def with_winograd(net: nn.Module) -> nn.Module:
    """`net` with every convolution replaced that gains by it; for inference only."""
    for parent in list(net.modules()):
        for name, child in parent.named_children():
            if isinstance(child, Convolution) and _gains(child):
                setattr(parent, name, WinogradConvolution(child))
    return net


def _gains(convolution: Convolution) -> bool:
    height, width = convolution.kernel_size
    return (
        width in (3, 5)
        and height in (1, width)
        and (height == 1 or width == 3)
        and convolution.stride == (1, 1)
        and convolution.groups == 1
        and min(convolution.in_channels, convolution.out_channels) >= LEAST_CHANNELS
    )
