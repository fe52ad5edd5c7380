"""The waveform U-Net against diffusers' `UNet1DModel`, with the same weights, under the names of
both checkpoints' layouts."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from torch import Tensor, nn

from engine.nets.families.dance_diffusion import (
    DANCE_DIFFUSION,
    load_diffusers,
    load_original,
)
from engine.nets.waveform import WaveformUNet
from tests.engine.nets.families.exactness import (
    FP32,
    FP64,
    assert_same_function,
    assert_same_gradients,
    lively,
)
from tests.engine.nets.families.references import waveform

SMALL = replace(
    DANCE_DIFFUSION,
    channels=(8, 16, 16, 16),
    attention_levels=frozenset({2, 3}),
    head_channels=8,
    time_channels=6,
)


def test_every_weight_of_the_published_network_has_its_place() -> None:
    with torch.device("meta"):
        net, theirs = WaveformUNet(DANCE_DIFFUSION), waveform(DANCE_DIFFUSION)
        made = load_diffusers(theirs.state_dict(), net)
    assert made.keys() == net.state_dict().keys()
    assert sum(p.numel() for p in net.parameters()) / 1e6 == pytest.approx(221.4, abs=0.05)
    assert DANCE_DIFFUSION.stride == 2**13


def pair(dtype: torch.dtype) -> tuple[WaveformUNet, nn.Module]:
    theirs = lively(waveform(SMALL))
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


ORIGINAL = {
    "conv_1": "main.0",
    "group_norm_1": "main.1",
    "conv_2": "main.3",
    "group_norm_2": "main.4",
    "conv_skip": "skip",
    "group_norm": "norm",
    "query": "qkv_proj",
    "key": "qkv_proj",
    "value": "qkv_proj",
    "proj_attn": "out_proj",
}


def in_original_names(weights: dict[str, Tensor], levels: int) -> dict[str, Tensor]:
    """diffusers' state dict as the repository that it was converted from has it."""
    made = {"timestep_embed.weight": weights["time_proj.weight"][:, None]}
    for name, weight in weights.items():
        if name != "time_proj.weight":
            original = original_name(name, levels)
            kernel = weight[:, :, None] if "attentions" in name and weight.dim() == 2 else weight
            before = [made[original]] if original in made else []  # query, key, value: in order
            made[original] = torch.cat([*before, kernel])
    return made


def original_name(name: str, levels: int) -> str:
    side, *parts = name.split(".")
    level = {"down_blocks": 0, "up_blocks": levels - 1, "mid_block": levels}[side]
    if side != "mid_block":
        number = int(parts.pop(0))
        level += number if side == "down_blocks" else -number
    row = "net.3." + "main.7." * (level - 1) + "main." if level else "net."
    kind, *rest = parts
    if kind in ("down", "up"):
        return f"{row}{0 if kind == 'down' else 14}.{rest[0]}"
    block, layer, tensor = int(rest[0]), rest[1], rest[2]
    later = side == "up_blocks" or block > 2
    if level:
        place = (8 if later else 1) + 2 * (block % 3) + (kind == "attentions")
    else:
        place = 4 * later + block
    return f"{row}{place}.{ORIGINAL[layer]}.{tensor}"


def test_the_original_names_are_those_of_the_checkpoints() -> None:
    with torch.device("meta"):
        weights = in_original_names(waveform(DANCE_DIFFUSION).state_dict(), 13)
    shapes = {name: tuple(weight.shape) for name, weight in weights.items()}
    assert len(shapes) == 932
    assert shapes["timestep_embed.weight"] == (8, 1)
    assert shapes["net.0.main.0.weight"] == (128, 18, 5)
    assert shapes["net.6.main.3.weight"] == (2, 128, 5)
    assert shapes["net.3.main.0.kernel"] == (8,)
    assert shapes["net.3.main.7.main.1.skip.weight"] == (256, 128, 1)
    assert shapes["net.3." + "main.7." * 7 + "main.2.qkv_proj.weight"] == (1536, 512, 1)
    assert shapes["net.3." + "main.7." * 12 + "main.13.out_proj.bias"] == (512,)


def test_every_original_weight_of_the_published_network_has_its_place() -> None:
    with torch.device("meta"):
        net, theirs = WaveformUNet(DANCE_DIFFUSION), waveform(DANCE_DIFFUSION)
        made = load_original(in_original_names(theirs.state_dict(), 13), net)
    assert made.keys() == net.state_dict().keys()


def test_both_layouts_are_one_network() -> None:
    weights = lively(waveform(SMALL)).state_dict()
    own = WaveformUNet(SMALL)
    original = load_original(in_original_names(weights, len(SMALL.channels)), own)
    converted = load_diffusers(weights, own)
    assert original.keys() == converted.keys()
    assert all(torch.equal(original[name], converted[name]) for name in original)


def test_what_does_not_fit_the_original_is_named() -> None:
    own = WaveformUNet(SMALL)
    weights = in_original_names(waveform(SMALL).state_dict(), len(SMALL.channels))
    weights["net.3.main.7.main.2.qkv_proj.weight"] = torch.zeros(48, 9, 1)
    weights["net.3.main.2.qkv_proj.bias"] = torch.zeros(48)
    weights["rng.state"] = torch.zeros(1)
    del weights["net.5.main.4.bias"]
    with pytest.raises(ValueError, match="do not fit") as caught:
        load_original(weights, own)
    for part in (
        "encoder.2.attentions.0.self_attention.qkv.weight is (48, 9, 1) instead of (48, 16)",
        "not in the network: encoder.1.attentions.0.self_attention.qkv.bias",
        "not known: rng.state",
        "missing: decoder.3.blocks.1.norm_out.bias",
    ):
        assert part in str(caught.value)
