"""Convolutions with fewer multiplications: Winograd's minimal filtering, for inference on CPUs.

Lavin & Gray 2016, "Fast algorithms for convolutional neural networks". Tiles of the input are
transformed, multiplied with the transformed kernel, one matrix product for each place of the
tile, and transformed back. F(2 × 2, 3 × 3) takes 16 products where the plain way takes 36,
F(4, 3) 6 for 12 and F(4, 5) 8 for 20. The transforms are traffic, so it pays with many
channels, and with fewer in fp32, whose products are slower. Measured on one busy core with
AVX512-BF16 in bf16, time over the packed convolution's: 640 → 640 channels at 2 × 32 × 32, 3 × 3,
0.56; 256 → 256 at 2 × 128 × 8, 0.76; 384 → 384 at 2 × 64 × 4, 0.86; 512 → 512 at 4,096 samples,
k = 5, 0.53. Small maps lose, where reading the larger kernel is all: the last at 32 samples, 1.7.
In bf16 its output is 3 (3 × 3) to 7 (k = 5) times as far from the exact one as the plain one's.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from engine.nets.layers import Convolution, blocks, multiplies_tiles, pad_circular

POINTS = (0.0, 1.0, -1.0, 0.5, -2.0, -0.5, 2.0)
"""Where the polynomials are evaluated, beside infinity: small numbers round little."""
OUTPUTS = {1: 4, 2: 2}
"""Outputs of a tile along each axis, by dimensions. More save more products, round more and, in
2D, need more memory: the transformed kernel has (outputs + 2)² / 9 times the weights."""
LEAST_CHANNELS: dict[torch.dtype, dict[tuple[int, ...], int]] = {
    torch.float32: {(3, 3): 160, (1, 3): 160, (1, 5): 160},
    torch.bfloat16: {(3, 3): 512, (1, 3): 512, (1, 5): 192},
}
"""By dtype and kernel; with fewer the transforms cost what the products save, and in bf16 round
more than they are worth: Riffusion's U-Net is 2.6 % apart from diffusers', both in bf16, with 256,
2.1 % with 512 and 1.9 % with none."""
LEAST_CHANNELS_IN_TILES: dict[tuple[int, ...], int] = {(3, 3): 1_280, (1, 3): 1_024}
"""The same in bf16 where the CPU multiplies tiles: products are cheaper there, the transforms are
not. Time over the packed convolution's on two threads that share one AMX unit: 1280 → 1280 at
2 × 16 × 16 0.65, at 2 × 8 × 8 0.84; 640 → 640 at 2 × 32 × 32 0.94, at 2 × 16 × 16 1.05; 512 → 512
at 2,048 samples, k = 5, 0.93, at 512 samples 1.08."""
BLOCK_BYTES = 1 << 24
"""Transformed tiles at once: few enough to stay near the cores, enough to keep them busy and to
read the kernel seldom."""


def matrices(outputs: int, taps: int) -> tuple[Tensor, Tensor, Tensor]:
    """A (m, n), G (n, r) and B (n, n) of F(m, r), n = m + r − 1, in fp64.

    `correlate(d, g) = A ((G g) ⊙ (B d))` for n inputs d and r taps g (Toom and Cook's algorithm,
    transposed). A row of B is the polynomial whose zeros are the other rows' points, monic and
    then divided by a power of two: entries of up to 1 that bf16 holds exactly.
    """
    n = outputs + taps - 1
    if n - 1 > len(POINTS):
        raise ValueError(f"F({outputs}, {taps}) needs {n - 1} points of {len(POINTS)}")
    B = torch.linalg.inv(_powers(n, n)).T
    leading = torch.cat([B[:-1, -2:-1], B[-1:, -1:]])  # only infinity's has all the degrees
    scale = leading * 2 ** (B / leading).abs().amax(1, keepdim=True).log2().ceil()
    return _powers(n, outputs).T, _powers(n, taps) * scale, B / scale


def _powers(n: int, columns: int) -> Tensor:
    """Row i has the powers of point i; the last row is the point at infinity's."""
    points = torch.tensor(POINTS[: n - 1], dtype=torch.float64)
    rows = points[:, None] ** torch.arange(columns)
    last = torch.zeros(1, columns, dtype=torch.float64)
    last[0, -1] = 1.0
    return torch.cat([rows, last])


class WinogradConvolution(nn.Module):
    """What `convolution` computes, to its dtype's rounding: (B, C, H, W) → (B, O, H, W).

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
        row_bytes = n * wide * (C + channels) * x.itemsize
        for items, rows in blocks(B, tall, BLOCK_BYTES // row_bytes):
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
    dtype = convolution.weight.dtype
    tiles = dtype == torch.bfloat16 and multiplies_tiles()
    known = LEAST_CHANNELS_IN_TILES if tiles else LEAST_CHANNELS.get(dtype, {})
    least = known.get(convolution.kernel_size)
    return (
        least is not None
        and convolution.stride == (1, 1)
        and convolution.groups == 1
        and min(convolution.in_channels, convolution.out_channels) >= least
    )
