"""Feed-forwards: the plain one, and the gated one of which GEGLU and SwiGLU are names."""

from __future__ import annotations

from collections.abc import Callable

from torch import Tensor, nn

from engine.nets.layers import zeroed


class GatedFeedForward(nn.Module):
    """`Linear(h ⊙ φ(g))`, [h, g] = Linear(x). (B, N, C) → (B, N, C).

    Shazeer 2020, "GLU variants improve transformer": GEGLU where φ is GELU, SwiGLU where it is
    SiLU. `expansion` is the hidden width over C; `zero_init` starts it as zero.
    """

    def __init__(
        self,
        channels: int,
        activation: Callable[[Tensor], Tensor],
        expansion: float = 4.0,
        dropout: float = 0.0,
        zero_init: bool = False,
    ) -> None:
        super().__init__()
        hidden = round(channels * expansion)
        self.activation = activation
        self.into = nn.Linear(channels, 2 * hidden)
        self.dropout = nn.Dropout(dropout)
        self.out = zeroed(nn.Linear(hidden, channels), zero_init)

    def forward(self, x: Tensor) -> Tensor:
        h, gate = self.into(x).chunk(2, dim=-1)
        return self.out(self.dropout(h * self.activation(gate)))


class FeedForward(nn.Sequential):
    """Linear to `expansion` times the width, GELU, and back."""

    def __init__(self, channels: int, expansion: float, dropout: float, zero_init: bool) -> None:
        hidden = round(channels * expansion)
        super().__init__(
            nn.Linear(channels, hidden),
            nn.GELU(approximate="tanh"),
            nn.Dropout(dropout),
            zeroed(nn.Linear(hidden, channels), zero_init),
        )
