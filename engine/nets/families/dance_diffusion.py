"""Dance Diffusion's waveform U-Net, and its checkpoints' names.

Facts from diffusers' `UNet1DModel` and from `DiffusionAttnUnet1D` of Harmonai's sample-generator,
whose layout the original checkpoints have.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from torch import Tensor, nn

from engine.nets.families.keymap import Rule, drop, fuse, rename, translate
from engine.nets.waveform import WaveformUNet, WaveformUNetConfig

DANCE_DIFFUSION = WaveformUNetConfig()

_PARTS = {"down_blocks.*": "encoder.*", "up_blocks.*": "decoder.*", "mid_block": "middle"}
_BLOCK = {
    "conv_1": "conv_in",
    "group_norm_1": "norm_in",
    "conv_2": "conv_out",
    "group_norm_2": "norm_out",
    "conv_skip": "skip",
}

RULES: tuple[Rule, ...] = (
    rename("time_proj.weight", "fourier.frequencies"),
    drop("**.kernel"),
    *(
        rename(f"{theirs}.resnets.*.{name}.*", f"{ours}.blocks.*.{own}.*")
        for theirs, ours in _PARTS.items()
        for name, own in _BLOCK.items()
    ),
    *(
        rule
        for theirs, ours in _PARTS.items()
        for source, target in ((f"{theirs}.attentions.*", f"{ours}.attentions.*"),)
        for rule in (
            rename(f"{source}.group_norm.*", f"{target}.norm.*"),
            fuse(f"{source}.{{query,key,value}}.*", f"{target}.self_attention.qkv.*"),
            rename(f"{source}.proj_attn.*", f"{target}.self_attention.out.*"),
        )
    ),
)


def load_diffusers(weights: Mapping[str, Tensor], net: nn.Module) -> dict[str, Tensor]:
    """A diffusers state dict as `net`'s own; see `translate` for what is refused and how."""
    return translate(weights, RULES, net)


def load_original(weights: Mapping[str, Tensor], net: WaveformUNet) -> dict[str, Tensor]:
    """Harmonai's state dict, without its prefix “diffusion_ema.”, as `net`'s; see `translate`."""
    return translate(weights, tuple(original_rules(net.config)), net)


def original_rules(config: WaveformUNetConfig) -> Iterator[Rule]:
    """The key map of Harmonai's network, whose levels lie within one another.

    The outermost is a row of seven: three blocks, the next level, three blocks. Any other is a
    row of fifteen: down, three blocks each followed by its attention, the next level, again
    three blocks and attentions, up. Where nothing attends, the attentions' places are empty; in
    the inmost, our `middle`, the next level's is.
    """
    last = len(config.channels) - 1
    yield rename("timestep_embed.weight", "fourier.frequencies")
    yield drop("**.kernel")
    for block in range(3):
        yield from _original_block(f"net.{block}", "encoder.0", block)
        yield from _original_block(f"net.{4 + block}", f"decoder.{last}", block)
    for level in range(1, last + 2):
        row = "net.3." + "main.7." * (level - 1) + "main"
        inmost = level > last
        down = "middle" if inmost else f"encoder.{level}"
        up = "middle" if inmost else f"decoder.{last - level}"
        for block in range(3):
            yield from _original_pair(row, 1 + 2 * block, down, block)
            yield from _original_pair(row, 8 + 2 * block, up, block + 3 * inmost)


_ORIGINAL_BLOCK = {
    "main.0": "conv_in",
    "main.1": "norm_in",
    "main.3": "conv_out",
    "main.4": "norm_out",
    "skip": "skip",
}
_ORIGINAL_ATTENTION = {
    "norm": "norm",
    "qkv_proj": "self_attention.qkv",
    "out_proj": "self_attention.out",
}


def _original_block(source: str, stage: str, number: int) -> Iterator[Rule]:
    for theirs, ours in _ORIGINAL_BLOCK.items():
        yield rename(f"{source}.{theirs}.*", f"{stage}.blocks.{number}.{ours}.*")


def _original_pair(row: str, place: int, stage: str, number: int) -> Iterator[Rule]:
    """A block and the attention in the place after it."""
    yield from _original_block(f"{row}.{place}", stage, number)
    for theirs, ours in _ORIGINAL_ATTENTION.items():
        yield rename(f"{row}.{place + 1}.{theirs}.*", f"{stage}.attentions.{number}.{ours}.*")
