"""The U-Net for raw waveforms, as Dance Diffusion has it: deep, narrow, blind to any prompt.

Against `engine.nets.unet` it has post-norm blocks, fixed cubic resampling, one skip a level, no
convolution at its ends, and hears the noise level as channels beside the waveform.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from engine.nets.attention import AttentionBlock
from engine.nets.conditioning import Conditioning
from engine.nets.embeddings import FourierFeatures
from engine.nets.layers import make_circular
from engine.nets.resample import CubicResample
from engine.nets.residual import PostNormBlock
from engine.nets.shapes import check_inputs

_BLOCKS = 3  # a level
_MIDDLE_BLOCKS = 6


@dataclass(frozen=True)
class WaveformUNetConfig:
    """Level i works at 1 / 2^i of the sample rate, the middle once more halved.

    Raises `ValueError` for a width that the attention heads do not divide.
    """

    in_channels: int = 2
    out_channels: int = 2
    channels: tuple[int, ...] = (128, 128, 256, 256, *[512] * 9)
    attention_levels: frozenset[int] = frozenset(range(8, 13))
    head_channels: int = 32
    time_channels: int = 16
    kernel_size: int = 5
    circular: bool = False
    dimensions: int = 1
    concat_channels: int = 0
    vector_channels: int = 0

    def __post_init__(self) -> None:
        if self.dimensions != 1:
            raise ValueError(f"a waveform has 1 dimension, not {self.dimensions}")
        for level in (*self.attention_levels, len(self.channels) - 1):
            if self.channels[level] % self.head_channels:
                raise ValueError(
                    f"heads of {self.head_channels} channels do not divide "
                    f"{self.channels[level]} channels"
                )

    @property
    def context_widths(self) -> tuple[int, ...]:
        return ()

    @property
    def stride(self) -> int:
        """Lengths are padded to a multiple of this."""
        return 2 ** len(self.channels)

    def fake_inputs(self, batch: int, length: int) -> tuple[Tensor, Tensor, Conditioning]:
        """Random `(x, t, conditioning)` of the shapes this network takes, for tests."""
        return torch.randn(batch, self.in_channels, length), torch.rand(batch), Conditioning()


class WaveformLevel(nn.Module):
    """Post-norm blocks, each with self-attention after it where `attends`."""

    def __init__(
        self, widths: list[int], config: WaveformUNetConfig, attends: bool, last: bool = False
    ) -> None:
        """`widths` has the input's, the inner ones' and the output's."""
        super().__init__()
        inner, outs = widths[1], widths[1:]
        self.blocks = nn.ModuleList(
            PostNormBlock(
                width, inner, out, config.kernel_size, last=last and place == len(outs) - 1
            )
            for place, (width, out) in enumerate(zip(widths, outs, strict=False))
        )
        self.attentions = nn.ModuleList(_attention(out, config) for out in outs if attends)

    def forward(self, h: Tensor) -> Tensor:
        for place, block in enumerate(self.blocks):
            h = block(h)
            if self.attentions:
                h = self.attentions[place](h)
        return h


def _attention(channels: int, config: WaveformUNetConfig) -> AttentionBlock:
    return AttentionBlock(
        channels,
        dimensions=1,
        head_channels=config.head_channels,
        groups=1,
        rotary=False,
        qkv_bias=True,
        zero_init=False,
    )


class WaveformUNet(nn.Module):
    """(B, in_channels, n) at noise level t (B,) → (B, out_channels, n).

    `n` that is no multiple of `config.stride` is padded with zeros, and the output cropped.
    Raises `ValueError` for a shape that does not fit the config.
    """

    def __init__(self, config: WaveformUNetConfig) -> None:
        super().__init__()
        self.config = config
        self.fourier = FourierFeatures(config.time_channels)
        self.encoder, self.decoder = nn.ModuleList(), nn.ModuleList()
        width = config.in_channels + config.time_channels
        for level, channels in enumerate(config.channels):
            attends = level in config.attention_levels
            self.encoder.append(WaveformLevel([width, *[channels] * _BLOCKS], config, attends))
            width = channels
        self.middle = WaveformLevel([width] * (_MIDDLE_BLOCKS + 1), config, attends=True)
        for level, channels in reversed(list(enumerate(config.channels))):
            out = config.channels[level - 1] if level else config.out_channels
            widths = [2 * channels, *[channels] * (_BLOCKS - 1), out]
            attends = level in config.attention_levels
            self.decoder.append(WaveformLevel(widths, config, attends, last=level == 0))
        self.down, self.up = CubicResample(up=False), CubicResample(up=True)
        make_circular(self, config.circular)
        nn.utils.convert_conv2d_weight_memory_format(self, torch.channels_last)

    def forward(self, x: Tensor, t: Tensor, conditioning: Conditioning | None = None) -> Tensor:
        check_inputs(self.config, x, t, conditioning or Conditioning())
        h = self._with_time(x, t)
        skips: list[Tensor] = []
        for place, level in enumerate(self.encoder):
            h = level(self.down(h) if place else h)
            skips.append(h)
        h = self.up(self.middle(self.down(h)))
        for place, level in enumerate(self.decoder):
            h = level(torch.cat([self.up(h) if place else h, skips.pop()], dim=1))
        return h.squeeze(2)[..., : x.shape[2]]

    def _with_time(self, x: Tensor, t: Tensor) -> Tensor:
        """The padded waveform and, beside it, the noise level's features at every sample."""
        dtype = self.encoder[0].blocks[0].norm_in.weight.dtype  # type: ignore[union-attr, index]
        x = F.pad(x.to(dtype), (0, -x.shape[2] % self.config.stride))
        time = self.fourier(t).to(dtype)[:, :, None].expand(-1, -1, x.shape[2])
        h = torch.cat([x, time], dim=1).unsqueeze(2)
        return h.contiguous(memory_format=torch.channels_last)
