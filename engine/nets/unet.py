"""The U-Net: one implementation for 1D latents and waveforms and for 2D spectrograms."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from engine.nets.attention import AttentionBlock, Context, mask_bias
from engine.nets.conditioning import Conditioning
from engine.nets.embeddings import Embedding
from engine.nets.layers import Convolution, make_circular, zeroed
from engine.nets.resample import Downsample, Upsample
from engine.nets.residual import ResidualBlock
from engine.nets.shapes import check_inputs
from engine.nets.stage import DecoderLevel, EncoderLevel, Stage, Told
from engine.nets.transformer import Transformer, TransformerStack
from engine.nets.unet_config import UNetConfig, multiplied

__all__ = ["UNet", "UNetConfig", "multiplied"]


class UNet(nn.Module):
    """(B, in_channels, *spatial) at noise level t (B,) → (B, out_channels, *spatial).

    The output has the weights' dtype; inputs are cast to it. Raises `ValueError` for a shape
    that does not fit the config, before any computing.
    """

    def __init__(self, config: UNetConfig) -> None:
        super().__init__()
        self.config = config
        self.embedding = Embedding(
            config.embedding_channels,
            config.time_features,
            config.time_scale,
            config.vector_channels,
            config.vector_join,
            config.time_channels,
            config.vector_layers,
        )
        if config.context_channels and config.null_context:
            self.null_token = nn.Parameter(torch.randn(1, 1, config.context_channels))
        width, dimensions = config.channels[0], config.dimensions
        self.input = Convolution(dimensions, config.in_channels + config.concat_channels, width, 3)
        self.encoder, skips = self._build_encoder()
        self.middle = nn.ModuleList(self._build_middle())
        self.decoder = self._build_decoder(skips)
        self.norm = nn.GroupNorm(config.groups, width)
        self.output = zeroed(
            Convolution(dimensions, width, config.out_channels, 3), config.zero_init
        )
        make_circular(self, config.circular)
        nn.utils.convert_conv2d_weight_memory_format(self, torch.channels_last)

    def _build_encoder(self) -> tuple[nn.ModuleList, list[int]]:
        """The levels from the finest down, and the width of each skip in order."""
        config, levels, skips = self.config, nn.ModuleList(), list[int]()
        width = config.channels[0]
        for level, channels in enumerate(config.channels):
            down = Downsample(
                width,
                dimensions=config.dimensions,
                kind=config.down,
                separable=config.separable,
            )
            skips += [width] * config.extra_decoder_block + [channels] * config.blocks_per_level
            widths = [width] + [channels] * (config.blocks_per_level - 1)
            stages = self._stages(level, widths)
            levels.append(EncoderLevel(stages, down if level else None, config.extra_decoder_block))
            width = channels
        return levels, skips

    def _build_middle(self) -> list[Stage]:
        config, last = self.config, len(self.config.channels) - 1
        across = config.context_channels > 0
        attention = self._attention(last, True, across) if config.bottleneck_attention else None
        width = config.channels[last]
        return [self._stage(last, width, attention), self._stage(last, width, None)]

    def _build_decoder(self, skips: list[int]) -> nn.ModuleList:
        """The levels from the coarsest up; `skips` is used up from its end."""
        config, levels = self.config, nn.ModuleList()
        width, skips = config.channels[-1], list(skips)
        for level, channels in reversed(list(enumerate(config.channels))):
            up = Upsample(
                width, dimensions=config.dimensions, kind=config.up, separable=config.separable
            )
            blocks = config.blocks_per_level + config.extra_decoder_block
            widths = [w + skips.pop() for w in [width] + [channels] * (blocks - 1)]
            coarsest = level == len(config.channels) - 1
            stages = self._stages(level, widths)
            levels.append(DecoderLevel(stages, None if coarsest else up, config.skip_first))
            width = channels
        return levels

    def _stages(self, level: int, in_widths: list[int]) -> list[Stage]:
        """One stage an input width, with attention where the config wants it."""
        config = self.config
        to_self = level in config.self_attention_levels
        across = level in config.cross_attention_levels and config.context_channels > 0
        stages = []
        for block, width in enumerate(in_widths):
            here = config.attend_every_block or block == len(in_widths) - 1
            attends = here and (to_self or across)
            attention = self._attention(level, to_self, across) if attends else None
            stages.append(self._stage(level, width, attention))
        return stages

    def _stage(self, level: int, in_width: int, attention: nn.Module | None) -> Stage:
        config = self.config
        residual = ResidualBlock(
            in_width,
            config.channels[level],
            self.embedding.width,
            dimensions=config.dimensions,
            kernel_size=config.kernel_size,
            groups=config.groups,
            time=config.time_conditioning,
            dropout=config.dropout,
            zero_init=config.zero_init,
            separable=config.separable,
        )
        return Stage(residual, attention, level in config.checkpoint_levels)

    def _attention(self, level: int, to_self: bool, across: bool) -> nn.Module:
        config = self.config
        if config.transformers:
            return TransformerStack(
                self._transformer(level, reads) for reads in config.transformers
            )
        return AttentionBlock(
            config.channels[level],
            dimensions=config.dimensions,
            head_channels=config.head_width(level),
            groups=config.groups,
            self_attention=to_self,
            context_channels=config.context_channels if across else 0,
            feed_forward=config.feed_forward,
            rotary=config.rotary,
            dropout=config.dropout,
            zero_init=config.zero_init,
        )

    def _transformer(self, level: int, reads: int | None) -> Transformer:
        config, channels = self.config, self.config.channels[level]
        return Transformer(
            channels,
            channels // config.head_width(level),
            layers=config.transformer_layers,
            reads=reads,
            context_channels=None if reads is None else config.context_widths[reads],
            groups=config.groups,
            zero_init=config.zero_init,
        )

    def forward(self, x: Tensor, t: Tensor, conditioning: Conditioning | None = None) -> Tensor:
        *_, h = self.features(x, t, conditioning)
        h = self.output(F.silu(self.norm(h)))
        return h.squeeze(2) if self.config.dimensions == 1 else h

    def features(
        self, x: Tensor, t: Tensor, conditioning: Conditioning | None = None
    ) -> tuple[Tensor, Tensor]:
        """What the network makes of x at its coarsest and, last, at its finest.

        (B, channels[-1], H', W') of the bottleneck, (B, channels[0], H, W); H is 1 in 1D.
        """
        x = x.to(self.norm.weight.dtype)  # of a layer that no faster form replaces
        given = (conditioning or Conditioning()).to(x.device, x.dtype)
        check_inputs(self.config, x, t, given)
        told = Told(self.embedding(t, given.vector), self._contexts(given, x))
        skips: list[Tensor] = []
        h = self.input(self._with_concat(x, given.concat))
        for level in self.encoder:
            h = level(h, told, skips)
        for stage in self.middle:
            h = stage(h, told)
        coarse = h
        for level in self.decoder:
            h = level(h, told, skips)
        return coarse, h

    def _with_concat(self, x: Tensor, concat: Tensor | None) -> Tensor:
        """(B, C + Cc, H, W) in channels-last memory."""
        if self.config.concat_channels:
            if concat is None:
                concat = x.new_zeros(len(x), self.config.concat_channels, *x.shape[2:])
            x = torch.cat([x, concat], dim=1)
        x = x.unsqueeze(2) if self.config.dimensions == 1 else x
        return x.contiguous(memory_format=torch.channels_last)

    def _contexts(self, given: Conditioning, x: Tensor) -> tuple[Context, ...]:
        """What attention reads: the first context with the null token before it, the second."""
        parts = ((given.context, given.context_mask), (given.context_2, given.context_mask_2))
        contexts = []
        for place, width in enumerate(self.config.context_widths):
            states, keep = parts[place]
            if states is None:
                states, keep = x.new_zeros(len(x), 0, width), None
            if place == 0 and self.config.null_context:
                states = torch.cat([self.null_token.expand(len(x), -1, -1), states], dim=1)
                keep = None if keep is None else F.pad(keep, (1, 0), value=True)
            contexts.append(Context(states, None if keep is None else mask_bias(keep, x.dtype)))
        return tuple(contexts)
