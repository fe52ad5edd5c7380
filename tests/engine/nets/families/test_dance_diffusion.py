"""The waveform U-Net against diffusers' `UNet1DModel`, with the same weights."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from diffusers import UNet1DModel
from torch import nn

from engine.nets.families.dance_diffusion import DANCE_DIFFUSION, load_diffusers
from engine.nets.waveform import WaveformUNet, WaveformUNetConfig
from tests.engine.nets.families.exactness import (
    FP32,
    FP64,
    assert_same_function,
    assert_same_gradients,
    lively,
)

SMALL = replace(
    DANCE_DIFFUSION,
    channels=(8, 16, 16, 16),
    attention_levels=frozenset({2, 3}),
    head_channels=8,
    time_channels=6,
)


def reference(config: WaveformUNetConfig) -> nn.Module:
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


def test_every_weight_of_the_published_network_has_its_place() -> None:
    with torch.device("meta"):
        net, theirs = WaveformUNet(DANCE_DIFFUSION), reference(DANCE_DIFFUSION)
        made = load_diffusers(theirs.state_dict(), net)
    assert made.keys() == net.state_dict().keys()
    assert sum(p.numel() for p in net.parameters()) / 1e6 == pytest.approx(221.4, abs=0.05)
    assert DANCE_DIFFUSION.stride == 2**13


def pair(dtype: torch.dtype) -> tuple[WaveformUNet, nn.Module]:
    theirs = lively(reference(SMALL))
    own = WaveformUNet(SMALL).eval()
    own.load_state_dict(load_diffusers(theirs.state_dict(), own))
    return own.to(dtype), theirs.to(dtype)


@pytest.mark.parametrize(("dtype", "bound"), [FP32, FP64])
@pytest.mark.parametrize(("batch", "length"), [(1, 128), (3, 160), (2, 512)])
def test_outputs_and_gradients_are_the_reference_s(
    dtype: torch.dtype, bound: float, batch: int, length: int
) -> None:
    own, theirs = pair(dtype)
    x, t, _ = SMALL.fake_inputs(batch, length)
    t = t.to(dtype)
    assert_same_function(
        own,
        theirs,
        lambda net, x: net(x, t),
        lambda net, x: net(x, t).sample,
        x.to(dtype),
        bound,
    )
    assert_same_gradients(own, theirs, load_diffusers, bound)


def test_any_length_comes_back_and_is_padded_with_silence() -> None:
    own, _ = pair(torch.float64)
    x, t, _ = SMALL.fake_inputs(2, 131)
    x = x.double()
    padded = torch.nn.functional.pad(x, (0, 144 - 131))
    torch.testing.assert_close(own(x, t), own(padded, t)[..., :131])


def test_a_loop_may_begin_anywhere() -> None:
    own = WaveformUNet(replace(SMALL, circular=True)).double()
    x, t, _ = SMALL.fake_inputs(1, 8 * SMALL.stride)
    moved = SMALL.stride
    torch.testing.assert_close(
        own(x.double().roll(moved, -1), t), own(x.double(), t).roll(moved, -1)
    )


def test_shapes_that_do_not_fit_are_named() -> None:
    own, _ = pair(torch.float32)
    with pytest.raises(ValueError, match="channels of x: got 3, the network takes 2"):
        own(torch.randn(1, 3, 128), torch.rand(1))
    with pytest.raises(ValueError, match="heads of 7 channels do not divide 16"):
        replace(SMALL, head_channels=7)
