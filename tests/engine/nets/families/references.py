"""diffusers' networks of the same shape as a config of ours, and how each is called."""

from __future__ import annotations

from collections.abc import Callable

import torch
from diffusers import StableAudioDiTModel, UNet1DModel, UNet2DConditionModel
from diffusers.models.embeddings import get_1d_rotary_pos_embed
from diffusers.pipelines.audioldm2.modeling_audioldm2 import AudioLDM2UNet2DConditionModel
from torch import Tensor, nn

from engine.nets.conditioning import Conditioning
from engine.nets.dit_config import DiTConfig
from engine.nets.unet import UNetConfig
from engine.nets.waveform import WaveformUNetConfig

PLAIN_FIRST = {
    "down_block_types": ("DownBlock2D", *["CrossAttnDownBlock2D"] * 3),
    "up_block_types": (*["CrossAttnUpBlock2D"] * 3, "UpBlock2D"),
}


def riffusion(config: UNetConfig) -> nn.Module:
    return UNet2DConditionModel(
        in_channels=4,
        out_channels=4,
        block_out_channels=config.channels,
        cross_attention_dim=config.context_channels,
        norm_num_groups=config.groups,
    )


def latent_audio(config: UNetConfig) -> nn.Module:
    return UNet2DConditionModel(
        in_channels=8,
        out_channels=8,
        block_out_channels=config.channels,
        cross_attention_dim=config.channels,
        class_embed_type="simple_projection",
        projection_class_embeddings_input_dim=config.vector_channels,
        class_embeddings_concat=True,
        norm_num_groups=config.groups,
        **PLAIN_FIRST,
    )


def latent_audio_2(config: UNetConfig) -> nn.Module:
    widths = (*config.context_widths, None)
    reads = [None if each is None else widths[each] for each in config.transformers]
    return AudioLDM2UNet2DConditionModel(
        in_channels=8,
        out_channels=8,
        block_out_channels=config.channels,
        cross_attention_dim=[reads] * 4,
        transformer_layers_per_block=config.transformer_layers,
        norm_num_groups=config.groups,
        **PLAIN_FIRST,
    )


def call_2d(t: Tensor, told: Conditioning) -> Callable[[nn.Module, Tensor], Tensor]:
    given = {"class_labels": told.vector, "encoder_attention_mask": told.context_mask}
    if told.context_2 is not None:
        given["encoder_hidden_states_1"] = told.context_2
        given["encoder_attention_mask_1"] = told.context_mask_2
    given = {name: part for name, part in given.items() if part is not None}
    return lambda net, x: net(x, t, encoder_hidden_states=told.context, **given).sample


def waveform(config: WaveformUNetConfig) -> nn.Module:
    plain, attending = len(config.channels) - len(config.attention_levels), config.attention_levels
    net = UNet1DModel(
        extra_in_channels=config.time_channels,
        time_embedding_dim=config.time_channels,
        block_out_channels=config.channels,
        down_block_types=(
            "DownBlock1DNoSkip",
            *["DownBlock1D"] * (plain - 1),
            *["AttnDownBlock1D"] * len(attending),
        ),
        up_block_types=(
            *["AttnUpBlock1D"] * len(attending),
            *["UpBlock1D"] * (plain - 1),
            "UpBlock1DNoSkip",
        ),
    )
    for module in net.modules():  # diffusers gives 32 channels to a head whatever the width
        if hasattr(module, "num_heads"):
            module.num_heads = module.channels // config.head_channels
    return net


def stable_audio(config: DiTConfig) -> StableAudioDiTModel:
    return StableAudioDiTModel(
        sample_size=64,
        in_channels=config.in_channels,
        out_channels=config.out_channels,
        num_layers=config.depth,
        attention_head_dim=config.head_channels,
        num_attention_heads=config.heads,
        num_key_value_attention_heads=config.context_heads,
        cross_attention_dim=config.context_width,
        cross_attention_input_dim=config.context_channels,
        global_states_input_dim=config.vector_channels,
        time_proj_dim=config.time_channels,
    )


def call_stable_audio(net: StableAudioDiTModel, x: Tensor, t: Tensor, told: Conditioning) -> Tensor:
    """The reference's output, with the rotary embedding that its pipeline makes."""
    assert told.vector is not None
    rotary = get_1d_rotary_pos_embed(
        net.config.attention_head_dim // 2,
        x.shape[2] + 1,
        use_real=True,
        repeat_interleave_real=False,
        freqs_dtype=torch.get_default_dtype(),
    )
    return net(
        x,
        t,
        encoder_hidden_states=told.context,
        global_hidden_states=told.vector[:, None],
        rotary_embedding=rotary,
        encoder_attention_mask=told.context_mask,
    ).sample
