"""The U-Net: one implementation for 1D latents and waveforms and for 2D spectrograms."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from engine.nets.attention import AttentionBlock, mask_bias
from engine.nets.conditioning import Conditioning
from engine.nets.embeddings import Embedding, TimeFeatures, VectorJoin
from engine.nets.layers import convolution, zeroed
from engine.nets.resample import Down, Downsample, Up, Upsample
from engine.nets.residual import ResidualBlock, TimeConditioning
from engine.nets.stage import DecoderLevel, EncoderLevel, Stage, Told


@dataclass(frozen=True)
class UNetConfig:
    """The shape of a U-Net. Level i works at 1 / 2^i of the input's resolution.

    `channels` has one width a level, for example from `multiplied(base, multipliers)`; the
    bottleneck works at the last level's width and resolution. Raises `ValueError` for what
    cannot be built.
    """

    dimensions: int = 1
    in_channels: int = 128
    out_channels: int = 128
    concat_channels: int = 0
    channels: tuple[int, ...] = (256, 384, 512)
    blocks_per_level: int = 2
    extra_decoder_block: bool = False
    """One more block a decoder level, which takes the skip of that level's input."""
    self_attention_levels: frozenset[int] = frozenset({1, 2})
    cross_attention_levels: frozenset[int] = frozenset({1, 2})
    bottleneck_attention: bool = True
    attend_every_block: bool = True
    """Attention after every residual block of its levels, or after the last one only."""
    head_channels: int = 64
    context_channels: int = 0
    null_context: bool = True
    """A learnt token heads every context, so that an empty one is well defined."""
    vector_channels: int = 0
    vector_join: VectorJoin = VectorJoin.ADD
    embedding_channels: int = 512
    time_features: TimeFeatures = TimeFeatures.SINUSOIDAL
    time_scale: float = 1000.0
    time_conditioning: TimeConditioning = TimeConditioning.SCALE_SHIFT
    kernel_size: int = 3
    down: Down = Down.STRIDED
    up: Up = Up.INTERPOLATE
    feed_forward: float = 2.0
    """Hidden width of the attention blocks' feed-forward over their width; 0 leaves it out."""
    rotary: bool = True
    groups: int = 8
    """Of the GroupNorms. On CPUs in bf16, groups of 16 channels or a multiple are five times
    faster than others, so widths of 16 × groups are best."""
    dropout: float = 0.0
    checkpoint_levels: frozenset[int] = frozenset()
    """Levels that keep no activations for the backward pass: less memory, same gradients."""
    zero_init: bool = True

    def __post_init__(self) -> None:
        if self.dimensions not in (1, 2):
            raise ValueError(f"a U-Net has 1 or 2 dimensions, not {self.dimensions}")
        if self.kernel_size % 2 == 0:
            raise ValueError(f"the kernel size must be odd, not {self.kernel_size}")
        for width in self.channels:
            if width % self.groups:
                raise ValueError(f"{self.groups} groups do not divide {width} channels")
        for levels in (self.self_attention_levels, self.cross_attention_levels):
            if levels and not levels <= set(range(len(self.channels))):
                raise ValueError(f"levels {sorted(levels)} of {len(self.channels)}")

    def fake_inputs(self, batch: int, *spatial: int) -> tuple[Tensor, Tensor, Conditioning]:
        """Random `(x, t, conditioning)` of the shapes this network takes, for tests."""
        context = torch.randn(batch, 7, self.context_channels) if self.context_channels else None
        keep = None if context is None else torch.arange(7)[None] < 1 + torch.arange(batch)[:, None]
        conditioning = Conditioning(
            context=context,
            context_mask=keep,
            concat=torch.randn(batch, self.concat_channels, *spatial)
            if self.concat_channels
            else None,
            vector=torch.randn(batch, self.vector_channels) if self.vector_channels else None,
        )
        return torch.randn(batch, self.in_channels, *spatial), torch.rand(batch), conditioning


def multiplied(base: int, multipliers: Iterable[float]) -> tuple[int, ...]:
    """The widths of the levels, as `UNetConfig.channels` takes them."""
    return tuple(round(base * multiplier) for multiplier in multipliers)


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
        )
        if config.context_channels and config.null_context:
            self.null_token = nn.Parameter(torch.randn(1, 1, config.context_channels))
        width, dimensions = config.channels[0], config.dimensions
        self.input = convolution(dimensions, config.in_channels + config.concat_channels, width, 3)
        self.encoder, skips = self._build_encoder()
        self.middle = nn.ModuleList(self._build_middle())
        self.decoder = self._build_decoder(skips)
        self.norm = nn.GroupNorm(config.groups, width)
        self.output = zeroed(
            convolution(dimensions, width, config.out_channels, 3), config.zero_init
        )
        nn.utils.convert_conv2d_weight_memory_format(self, torch.channels_last)

    def _build_encoder(self) -> tuple[nn.ModuleList, list[int]]:
        """The levels from the finest down, and the width of each skip in order."""
        config, levels, skips = self.config, nn.ModuleList(), list[int]()
        width = config.channels[0]
        for level, channels in enumerate(config.channels):
            down = Downsample(width, dimensions=config.dimensions, kind=config.down)
            skips += [width] * config.extra_decoder_block + [channels] * config.blocks_per_level
            widths = [width] + [channels] * (config.blocks_per_level - 1)
            stages = self._stages(level, widths)
            levels.append(EncoderLevel(stages, down if level else None, config.extra_decoder_block))
            width = channels
        return levels, skips

    def _build_middle(self) -> list[Stage]:
        config, last = self.config, len(self.config.channels) - 1
        attention = None
        if config.bottleneck_attention:
            attention = self._attention(last, True, config.context_channels > 0)
        width = config.channels[last]
        return [self._stage(last, width, attention), self._stage(last, width, None)]

    def _build_decoder(self, skips: list[int]) -> nn.ModuleList:
        """The levels from the coarsest up; `skips` is used up from its end."""
        config, levels = self.config, nn.ModuleList()
        width, skips = config.channels[-1], list(skips)
        for level, channels in reversed(list(enumerate(config.channels))):
            up = Upsample(width, dimensions=config.dimensions, kind=config.up)
            blocks = config.blocks_per_level + config.extra_decoder_block
            widths = [w + skips.pop() for w in [width] + [channels] * (blocks - 1)]
            coarsest = level == len(config.channels) - 1
            levels.append(DecoderLevel(self._stages(level, widths), None if coarsest else up))
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

    def _stage(self, level: int, in_width: int, attention: AttentionBlock | None) -> Stage:
        config = self.config
        residual = ResidualBlock(
            in_width,
            config.channels[level],
            config.embedding_channels,
            dimensions=config.dimensions,
            kernel_size=config.kernel_size,
            groups=config.groups,
            time=config.time_conditioning,
            dropout=config.dropout,
            zero_init=config.zero_init,
        )
        return Stage(residual, attention, level in config.checkpoint_levels)

    def _attention(self, level: int, to_self: bool, across: bool) -> AttentionBlock:
        config = self.config
        return AttentionBlock(
            config.channels[level],
            dimensions=config.dimensions,
            head_channels=config.head_channels,
            groups=config.groups,
            self_attention=to_self,
            context_channels=config.context_channels if across else 0,
            feed_forward=config.feed_forward,
            rotary=config.rotary,
            dropout=config.dropout,
            zero_init=config.zero_init,
        )

    def forward(self, x: Tensor, t: Tensor, conditioning: Conditioning | None = None) -> Tensor:
        given = (conditioning or Conditioning()).to(x.device, self.input.weight.dtype)
        self._check(x, t, given)
        context, bias = self._context(given, len(x))
        told = Told(self.embedding(t, given.vector), context, bias)
        skips: list[Tensor] = []
        h = self.input(self._with_concat(x, given.concat))
        for level in self.encoder:
            h = level(h, told, skips)
        for stage in self.middle:
            h = stage(h, told)
        for level in self.decoder:
            h = level(h, told, skips)
        h = self.output(F.silu(self.norm(h)))
        return h.squeeze(2) if self.config.dimensions == 1 else h

    def _with_concat(self, x: Tensor, concat: Tensor | None) -> Tensor:
        """(B, C + Cc, H, W) in channels-last memory and the weights' dtype."""
        x = x.to(self.input.weight.dtype)
        if self.config.concat_channels:
            if concat is None:
                concat = x.new_zeros(len(x), self.config.concat_channels, *x.shape[2:])
            x = torch.cat([x, concat], dim=1)
        x = x.unsqueeze(2) if self.config.dimensions == 1 else x
        return x.contiguous(memory_format=torch.channels_last)

    def _context(self, given: Conditioning, batch: int) -> tuple[Tensor | None, Tensor | None]:
        """The token states with the null token before them, and the bias of their mask."""
        if not self.config.context_channels:
            return None, None
        context, keep = given.context, given.mask_or_ones()
        if context is None or keep is None:
            dtype, device = self.input.weight.dtype, self.input.weight.device
            context = torch.zeros(
                batch, 0, self.config.context_channels, dtype=dtype, device=device
            )
            keep = torch.zeros(batch, 0, dtype=torch.bool, device=device)
        if self.config.null_context:
            context = torch.cat([self.null_token.expand(batch, -1, -1), context], dim=1)
            keep = F.pad(keep, (1, 0), value=True)
        return context, mask_bias(keep, context.dtype)

    def _check(self, x: Tensor, t: Tensor, given: Conditioning) -> None:
        config, batch = self.config, len(x)
        if x.dim() != config.dimensions + 2:
            raise ValueError(
                f"x has {x.dim()} axes, a {config.dimensions}D U-Net takes {config.dimensions + 2}"
            )
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
            for axis, (got, wanted) in enumerate(
                zip(given.concat.shape[2:], x.shape[2:], strict=True)
            ):
                _expect(f"concat length on axis {axis}", got, wanted)


def _expect(what: str, got: int, wanted: int) -> None:
    if got != wanted:
        raise ValueError(f"{what}: got {got}, the network takes {wanted}")
