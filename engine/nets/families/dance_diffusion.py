"""Dance Diffusion's waveform U-Net and the key map of diffusers' `UNet1DModel`."""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor, nn

from engine.nets.families.keymap import Rule, drop, fuse, rename, translate
from engine.nets.waveform import WaveformUNetConfig

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
