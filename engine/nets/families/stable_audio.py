"""Stable Audio's transformers as configurations of ours, and their checkpoints' names.

Facts from diffusers' `StableAudioDiTModel` and from stable-audio-tools' `DiffusionTransformer`,
whose layout the original checkpoints have, Open Small's among them.

Before and after the transformer both have 1×1 convolutions that add to what goes in, `x + Kx`.
They are linear, so they become part of the first and the last layer: `W(I + K)`, `(I + K)W`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor, nn

from engine.nets.dit_config import ContextUse, DiTConfig, Modulation
from engine.nets.embeddings import TimeFeatures
from engine.nets.families.keymap import Rule, drop, fuse, rename, translate

STABLE_AUDIO_OPEN = DiTConfig(
    in_channels=64,
    out_channels=64,
    width=1536,
    depth=24,
    head_channels=64,
    modulation=Modulation.TOKEN,
    context_channels=768,
    context_use=ContextUse.CROSS,
    context_width=768,
    context_heads=12,
    null_context=False,
    vector_channels=1536,
    time_features=TimeFeatures.FOURIER,
    gated=True,
    rotary=0.5,
    biases=False,
    final_norm=False,
)
"""Stable Audio Open 1.0. t is atan(σ)·2/π; the vector is the embeddings of start and length."""

STABLE_AUDIO_OPEN_SMALL = replace(
    STABLE_AUDIO_OPEN,
    width=1024,
    depth=16,
    head_channels=128,
    context_width=1024,
    context_heads=8,
    vector_channels=768,
    qk_norm=True,
)
"""Stable Audio Open Small. t is the rectified flow's; the vector is the length's embedding."""


def diffusers_config(config: Mapping[str, Any]) -> DiTConfig:
    """From the `config.json` beside diffusers' weights. Raises `KeyError` for what it lacks."""
    head = int(config["attention_head_dim"])
    return replace(
        STABLE_AUDIO_OPEN,
        in_channels=int(config["in_channels"]),
        out_channels=int(config["out_channels"]),
        width=head * int(config["num_attention_heads"]),
        depth=int(config["num_layers"]),
        head_channels=head,
        context_channels=int(config["cross_attention_input_dim"]),
        context_width=int(config["cross_attention_dim"]),
        context_heads=int(config["num_key_value_attention_heads"]),
        vector_channels=int(config["global_states_input_dim"]),
        time_channels=int(config["time_proj_dim"]),
    )


def tools_config(config: Mapping[str, Any]) -> DiTConfig:
    """From `model.diffusion.config` of stable-audio-tools' `model_config.json`.

    The keys' heads are as wide as the queries', so the context's width tells their number.
    Raises `KeyError` for what is lacking and `ValueError` for a transformer of another kind.
    """
    _expect_plain(config)
    width, context = int(config["embed_dim"]), int(config["cond_token_dim"])
    head = width // int(config["num_heads"])
    context_width = width if config.get("project_cond_tokens", True) else context
    return replace(
        STABLE_AUDIO_OPEN,
        in_channels=int(config["io_channels"]),
        out_channels=int(config["io_channels"]),
        concat_channels=int(config.get("input_concat_dim", 0)),
        width=width,
        depth=int(config["depth"]),
        head_channels=head,
        context_channels=context,
        context_width=context_width,
        context_heads=context_width // head,
        rotary=max(head // 2, 32) / head,
        vector_channels=int(config["global_cond_dim"]),
        qk_norm=config.get("attn_kwargs", {}).get("qk_norm") == "ln",
    )


def _expect_plain(config: Mapping[str, Any]) -> None:
    known: dict[str, object] = {
        "transformer_type": "continuous_transformer",
        "global_cond_type": "prepend",
        "timestep_cond_type": "global",
        "project_global_cond": True,
        "patch_size": 1,
        "prepend_cond_dim": 0,
    }
    for name, value in known.items():
        if config.get(name, value) != value:
            raise ValueError(f"a transformer with {name} = {config[name]!r} is not known")
    if config.get("attn_kwargs", {}).get("qk_norm", "none") not in ("ln", "none"):
        raise ValueError(f"attention with {config['attn_kwargs']} is not known")


def _residual(kernel: Tensor) -> Tensor:
    """`I + K` in fp32 at least, of a kernel (C, C, 1)."""
    matrix = kernel.flatten(1).to(torch.promote_types(kernel.dtype, torch.float32))
    return matrix + torch.eye(len(matrix), dtype=matrix.dtype, device=matrix.device)


def _with_input_kernel(parts: list[Tensor]) -> Tensor:
    matrix = _residual(parts[1])
    return parts[0].to(matrix.dtype) @ matrix


def _with_output_kernel(parts: list[Tensor]) -> Tensor:
    matrix = _residual(parts[1])
    return matrix @ parts[0].to(matrix.dtype)


_DIFFUSERS_BLOCK = "transformer_blocks.*."
DIFFUSERS_RULES = (
    rename("time_proj.weight", "condition.fourier.frequencies"),
    rename("timestep_proj.**", "condition.time.**"),
    rename("global_proj.**", "condition.vector.**"),
    rename("cross_attention_proj.**", "context.**"),
    Rule(("proj_in.weight", "preprocess_conv.weight"), "input.weight", _with_input_kernel),
    Rule(("proj_out.weight", "postprocess_conv.weight"), "output.weight", _with_output_kernel),
    rename(_DIFFUSERS_BLOCK + "norm1.*", "blocks.*.attention.norm.norm.*"),
    rename(_DIFFUSERS_BLOCK + "norm2.*", "blocks.*.context.norm.norm.*"),
    rename(_DIFFUSERS_BLOCK + "norm3.*", "blocks.*.feed_forward.norm.norm.*"),
    fuse(_DIFFUSERS_BLOCK + "attn1.{to_q,to_k,to_v}.*", "blocks.*.attention.f.into.*"),
    rename(_DIFFUSERS_BLOCK + "attn2.to_q.*", "blocks.*.context.f.into.*"),
    fuse(_DIFFUSERS_BLOCK + "attn2.{to_k,to_v}.*", "blocks.*.context.f.kv.*"),
    rename(_DIFFUSERS_BLOCK + "attn1.to_out.0.*", "blocks.*.attention.f.out.*"),
    rename(_DIFFUSERS_BLOCK + "attn2.to_out.0.*", "blocks.*.context.f.out.*"),
    rename(_DIFFUSERS_BLOCK + "ff.net.0.proj.*", "blocks.*.feed_forward.f.into.*"),
    rename(_DIFFUSERS_BLOCK + "ff.net.2.*", "blocks.*.feed_forward.f.out.*"),
)

_TOOLS_BLOCK = "transformer.layers.*."
_TOOLS_INPUT = ("transformer.project_in.weight", "preprocess_conv.weight")
_TOOLS_OUTPUT = ("transformer.project_out.weight", "postprocess_conv.weight")
TOOLS_RULES = (
    rename("timestep_features.weight", "condition.fourier.frequencies"),
    rename("to_timestep_embed.**", "condition.time.**"),
    rename("to_global_embed.**", "condition.vector.**"),
    rename("to_cond_embed.**", "context.**"),
    Rule(_TOOLS_INPUT, "input.weight", _with_input_kernel),
    Rule(_TOOLS_OUTPUT, "output.weight", _with_output_kernel),
    drop("transformer.rotary_pos_emb.inv_freq"),
    *(
        rename(f"{_TOOLS_BLOCK}{theirs}.{{{old},{new}}}", f"blocks.*.{ours}.norm.norm.{new}")
        for theirs, ours in (
            ("pre_norm", "attention"),
            ("cross_attend_norm", "context"),
            ("ff_norm", "feed_forward"),
        )
        for old, new in (("gamma", "weight"), ("beta", "bias"))
    ),
    rename(_TOOLS_BLOCK + "self_attn.to_qkv.*", "blocks.*.attention.f.into.*"),
    rename(_TOOLS_BLOCK + "self_attn.to_out.*", "blocks.*.attention.f.out.*"),
    rename(_TOOLS_BLOCK + "self_attn.*.*", "blocks.*.attention.f.*.*"),
    rename(_TOOLS_BLOCK + "cross_attn.to_q.*", "blocks.*.context.f.into.*"),
    rename(_TOOLS_BLOCK + "cross_attn.to_kv.*", "blocks.*.context.f.kv.*"),
    rename(_TOOLS_BLOCK + "cross_attn.to_out.*", "blocks.*.context.f.out.*"),
    rename(_TOOLS_BLOCK + "cross_attn.*.*", "blocks.*.context.f.*.*"),
    rename(_TOOLS_BLOCK + "ff.ff.0.proj.*", "blocks.*.feed_forward.f.into.*"),
    rename(_TOOLS_BLOCK + "ff.ff.2.*", "blocks.*.feed_forward.f.out.*"),
)


def from_diffusers(weights: Mapping[str, Tensor], net: nn.Module) -> dict[str, Tensor]:
    """diffusers' state dict as `net`'s; see `translate` for `net` and the error."""
    return translate(weights, DIFFUSERS_RULES, net)


def from_tools(weights: Mapping[str, Tensor], net: nn.Module) -> dict[str, Tensor]:
    """stable-audio-tools' state dict, without its prefix “model.model.”, as `net`'s."""
    return translate(weights, TOOLS_RULES, net)
