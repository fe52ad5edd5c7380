"""The 2D latent U-Nets of Riffusion, AudioLDM, MusicLDM and AudioLDM 2, and their key map.

All descend from Stable Diffusion's: one `UNetConfig` differs from the next in widths and in what
its transformers read. Facts from the published configurations, see diffusers'
`UNet2DConditionModel` and `AudioLDM2UNet2DConditionModel`, whose state dicts the map reads.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from torch import Tensor, nn

from engine.nets.embeddings import TimeFeatures, VectorJoin
from engine.nets.families.keymap import Rule, fuse, rename, translate
from engine.nets.residual import TimeConditioning
from engine.nets.unet_config import UNetConfig, multiplied

STABLE_DIFFUSION = UNetConfig(
    dimensions=2,
    in_channels=4,
    out_channels=4,
    channels=(320, 640, 1280, 1280),
    blocks_per_level=2,
    extra_decoder_block=True,
    skip_first=False,
    self_attention_levels=frozenset({0, 1, 2}),
    cross_attention_levels=frozenset({0, 1, 2}),
    heads=8,
    context_channels=768,
    null_context=False,
    transformers=(0,),
    embedding_channels=1280,
    time_features=TimeFeatures.HALVES,
    time_channels=320,
    time_scale=1.0,  # t is the step of the training schedule, 0 to 999
    time_conditioning=TimeConditioning.BETWEEN,
    groups=32,
)
RIFFUSION = STABLE_DIFFUSION


def audioldm(base: int) -> UNetConfig:
    """AudioLDM: `base` 128 (s, and MusicLDM), 192 (m) or 256 (l).

    The CLAP embedding of the prompt (512) stands beside the timestep's; no context is read.
    """
    return replace(
        STABLE_DIFFUSION,
        in_channels=8,
        out_channels=8,
        channels=multiplied(base, (1, 2, 3, 5)),
        self_attention_levels=frozenset({1, 2, 3}),
        cross_attention_levels=frozenset(),
        context_channels=0,
        transformers=(None,),
        vector_channels=512,
        vector_join=VectorJoin.CONCATENATE,
        vector_layers=1,
        embedding_channels=4 * base,
        time_channels=base,
    )


def audioldm2(large: bool = False) -> UNetConfig:
    """AudioLDM 2: contexts of GPT-2 (768) and of T5 (1024), three or four transformers a block."""
    return replace(
        audioldm(128),
        vector_channels=0,
        context_channels=768,
        context_channels_2=1024,
        cross_attention_levels=frozenset({1, 2, 3}),
        transformers=(None, 0, 1, None) if large else (None, 0, 1),
        transformer_layers=2 if large else 1,
    )


def load_diffusers(weights: Mapping[str, Tensor], net: nn.Module) -> dict[str, Tensor]:
    """A diffusers state dict as `net`'s own; see `translate` for what is refused and how."""
    config = net.config
    assert isinstance(config, UNetConfig)
    return translate(weights, tuple(rules(config)), net)


def rules(config: UNetConfig) -> Iterator[Rule]:
    """The key map of diffusers' 2D U-Nets for a network of `config`."""
    for source, target in _ENDS.items():
        yield rename(f"{source}.*", f"{target}.*")
    for level in range(len(config.channels) - 1):
        below = level + 1
        yield rename(f"down_blocks.{level}.downsamplers.0.conv.*", f"encoder.{below}.down.conv.*")
        yield rename(f"up_blocks.{level}.upsamplers.0.conv.*", f"decoder.{below}.up.conv.*")
    for theirs, ours in (("down_blocks.*", "encoder.*"), ("up_blocks.*", "decoder.*")):
        yield from _residual(f"{theirs}.resnets.*", f"{ours}.stages.*")
        for block in range(config.blocks_per_level + 1):
            yield from _stack(config, f"{theirs}.attentions", block, f"{ours}.stages.{block}")
    yield from _residual("mid_block.resnets.*", "middle.*")
    yield from _stack(config, "mid_block.attentions", 0, "middle.0")


_ENDS = {
    "conv_in": "input",
    "time_embedding.linear_1": "embedding.time.0",
    "time_embedding.linear_2": "embedding.time.2",
    "class_embedding": "embedding.vector",
    "conv_norm_out": "norm",
    "conv_out": "output",
}
_RESIDUAL = {
    "norm1": "norm_in",
    "conv1": "conv_in",
    "time_emb_proj": "project",
    "norm2": "norm_out",
    "conv2": "conv_out",
    "conv_shortcut": "skip",
}
_LAYER = {
    "norm1": "self_norm",
    "attn1.to_out.0": "self_attention.out",
    "norm2": "cross_norm",
    "attn2.to_out.0": "cross_attention.out",
    "norm3": "feed_norm",
    "ff.net.0.proj": "feed_forward.into",
    "ff.net.2": "feed_forward.out",
}


def _residual(source: str, stage: str) -> Iterator[Rule]:
    for theirs, ours in _RESIDUAL.items():
        yield rename(f"{source}.{theirs}.*", f"{stage}.residual.{ours}.*")


def _stack(config: UNetConfig, source: str, block: int, stage: str) -> Iterator[Rule]:
    """The transformers after one residual block, which diffusers numbers through the level."""
    for place, reads in enumerate(config.transformers):
        number = block * len(config.transformers) + place
        yield from _transformer(f"{source}.{number}", f"{stage}.attention.{place}", reads)


def _transformer(source: str, target: str, reads: int | None) -> Iterator[Rule]:
    for theirs, ours in (("norm", "norm"), ("proj_in", "into"), ("proj_out", "out")):
        yield rename(f"{source}.{theirs}.*", f"{target}.{ours}.*")
    blocks, layers = f"{source}.transformer_blocks.*", f"{target}.layers.*"
    for theirs, ours in _LAYER.items():
        yield rename(f"{blocks}.{theirs}.*", f"{layers}.{ours}.*")
    yield fuse(f"{blocks}.attn1.to_{{q,k,v}}.*", f"{layers}.self_attention.qkv.*")
    if reads is None:
        yield fuse(f"{blocks}.attn2.to_{{q,k,v}}.*", f"{layers}.cross_attention.qkv.*")
    else:
        yield rename(f"{blocks}.attn2.to_q.*", f"{layers}.cross_attention.q.*")
        yield fuse(f"{blocks}.attn2.to_{{k,v}}.*", f"{layers}.cross_attention.kv.*")
