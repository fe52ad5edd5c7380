"""The 2D latent U-Nets against diffusers', with the same weights."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
import torch
from torch import Tensor, nn

from engine.nets.conditioning import Conditioning
from engine.nets.families.unet2d import RIFFUSION, audioldm, audioldm2, load_diffusers
from engine.nets.unet import UNet, UNetConfig, multiplied
from tests.engine.nets.families.exactness import (
    FP32,
    FP64,
    assert_same_function,
    assert_same_gradients,
    lively,
)
from tests.engine.nets.families.references import (
    call_2d,
    latent_audio,
    latent_audio_2,
    riffusion,
)

Reference = Callable[[UNetConfig], nn.Module]
PUBLISHED: dict[str, tuple[UNetConfig, Reference, float]] = {
    "Riffusion": (RIFFUSION, riffusion, 859.5),
    "AudioLDM s, MusicLDM": (audioldm(128), latent_audio, 185.0),
    "AudioLDM m": (audioldm(192), latent_audio, 416.0),
    "AudioLDM l": (audioldm(256), latent_audio, 739.1),
    "AudioLDM 2": (audioldm2(), latent_audio_2, 346.9),
    "AudioLDM 2 large": (audioldm2(large=True), latent_audio_2, 718.0),
}


def narrow(config: UNetConfig) -> UNetConfig:
    """The same network at 16 channels, so that nothing but the widths is left out."""
    base = config.channels[0]
    return replace(
        config,
        channels=multiplied(16, (width / base for width in config.channels)),
        embedding_channels=16 * config.embedding_channels // base,
        time_channels=16,
        groups=8,
        context_channels=config.context_channels and 24,
        context_channels_2=config.context_channels_2 and 40,
        vector_channels=config.vector_channels and 12,
    )


SMALL = {name: (narrow(PUBLISHED[name][0]), PUBLISHED[name][1]) for name in PUBLISHED}
SMALL = {name: SMALL[name] for name in SMALL if not name.endswith((" m", " l"))}


@pytest.mark.parametrize("family", PUBLISHED)
def test_every_weight_of_the_published_network_has_its_place(family: str) -> None:
    config, reference, millions = PUBLISHED[family]
    with torch.device("meta"):
        net, theirs = UNet(config), reference(config)
        made = load_diffusers(theirs.state_dict(), net)
    assert made.keys() == net.state_dict().keys()
    assert sum(p.numel() for p in net.parameters()) == sum(p.numel() for p in theirs.parameters())
    assert sum(p.numel() for p in net.parameters()) / 1e6 == pytest.approx(millions, abs=0.06)


def pair(family: str, dtype: torch.dtype) -> tuple[UNet, nn.Module]:
    config, reference = SMALL[family]
    theirs = lively(reference(config))
    own = UNet(config).eval()
    own.load_state_dict(load_diffusers(theirs.state_dict(), own))
    return own.to(dtype), theirs.to(dtype)


def assert_same_network(
    own: UNet, theirs: nn.Module, x: Tensor, t: Tensor, told: Conditioning, bound: float
) -> None:
    told = told.to("cpu", x.dtype)
    assert_same_function(own, theirs, lambda net, x: net(x, t, told), call_2d(t, told), x, bound)
    assert_same_gradients(own, theirs, load_diffusers, bound)


@pytest.mark.parametrize("family", [name for name in SMALL if "large" not in name])
@pytest.mark.parametrize(("dtype", "bound"), [FP32, FP64])
@pytest.mark.parametrize("size", [(8, 16), (13, 6)])
def test_outputs_and_gradients_are_the_reference_s(
    family: str, dtype: torch.dtype, bound: float, size: tuple[int, int]
) -> None:
    own, theirs = pair(family, dtype)
    x, _, told = own.config.fake_inputs(3, *size)
    assert_same_network(own, theirs, x.to(dtype), torch.tensor([0, 371, 999]), told, bound)


def test_four_transformers_of_two_layers_are_the_reference_s() -> None:
    """The large network is slow even when narrow, so it is held once."""
    dtype, bound = FP64
    own, theirs = pair("AudioLDM 2 large", dtype)
    x, _, told = own.config.fake_inputs(2, 8, 16)
    assert_same_network(own, theirs, x.to(dtype), torch.tensor([500, 3]), told, bound)


def test_without_masks_every_token_counts() -> None:
    dtype, bound = FP64
    own, theirs = pair("AudioLDM 2", dtype)
    x, _, told = own.config.fake_inputs(1, 8, 8)
    told = replace(told, context_mask=None, context_mask_2=None)
    assert_same_network(own, theirs, x.to(dtype), torch.tensor([20]), told, bound)


def test_a_wrong_shape_a_lost_weight_and_a_strange_one_are_named() -> None:
    config, reference = SMALL["Riffusion"]
    weights, net = reference(config).state_dict(), UNet(config)
    weights["conv_in.weight"] = weights["conv_in.weight"][:, :3]
    del weights["mid_block.resnets.1.norm1.bias"]
    weights["lora.up"] = torch.zeros(1)
    with pytest.raises(ValueError, match="do not fit") as caught:
        load_diffusers(weights, net)
    for part in ("input.weight", "(16, 3, 3, 3)", "middle.1.residual.norm_in.bias", "lora.up"):
        assert part in str(caught.value)
