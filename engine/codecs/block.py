"""What the house codec's network is built of."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

KERNEL = 7  # frames


class Block(nn.Module):
    """A depthwise convolution over time, then a two-layer perceptron a frame; (B, T, C)."""

    def __init__(self, width: int, expansion: int) -> None:
        super().__init__()
        self.depthwise = nn.Conv1d(width, width, KERNEL, padding=KERNEL // 2, groups=width)
        self.norm = nn.LayerNorm(width)
        self.widen = nn.Linear(width, expansion * width)
        self.narrow = nn.Linear(expansion * width, width)

    def forward(self, x: Tensor) -> Tensor:
        return x + self.narrow(F.gelu(self.widen(self.norm(self._over_time(x)))))

    def _over_time(self, x: Tensor) -> Tensor:
        """The convolution as a few products: channels stay last, which is thrice as fast here."""
        padded, frames = F.pad(x, (0, 0, KERNEL // 2, KERNEL // 2)), x.shape[1]
        taps = self.depthwise.weight[:, 0].unbind(1)
        h = padded[:, :frames] * taps[0]
        for tap, weight in enumerate(taps[1:], 1):
            h = torch.addcmul(h, padded[:, tap : tap + frames], weight)
        return h if self.depthwise.bias is None else h + self.depthwise.bias
