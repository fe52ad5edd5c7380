"""The parts of the U-Net against their formulas."""

from __future__ import annotations

import math

import pytest
import torch
import torch.nn.functional as F

from engine.nets import attention
from engine.nets.attention import Context, CrossAttention, attend, mask_bias, rotary_angles, rotate
from engine.nets.conditioning import Conditioning
from engine.nets.embeddings import FourierFeatures, sinusoidal
from engine.nets.resample import Down, Downsample, Up, Upsample
from engine.nets.residual import ResidualBlock, TimeConditioning


def test_sinusoidal_is_the_formula() -> None:
    t, d = torch.tensor([0.0, 0.37, 812.5]), 8
    for row, value in zip(sinusoidal(t, d), t.tolist(), strict=True):
        for i, got in enumerate(row.tolist()):
            wave = math.sin if i % 2 == 0 else math.cos
            assert got == pytest.approx(wave(value / 10_000 ** (2 * i / d)), abs=1e-4)


def test_fourier_features_survive_a_cast() -> None:
    features, t = FourierFeatures(64, std=16.0), torch.rand(5)
    expected = features(t)
    assert torch.equal(expected, features.bfloat16()(t))
    assert expected.square().sum(-1).allclose(torch.tensor(32.0))


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize("tiles", [False, True])
@pytest.mark.parametrize("learns", [False, True])
@pytest.mark.parametrize("small", [0, attention.SMALL_SCORES])
def test_attend_is_scaled_dot_product_attention(
    dtype: torch.dtype, tiles: bool, learns: bool, small: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whichever way is the fastest: on a CPU of either kind, with gradients and without."""
    monkeypatch.setattr(torch.cpu, "_is_amx_tile_supported", lambda: tiles)
    monkeypatch.setattr(attention, "SMALL_SCORES", small)
    q, k, v = torch.randn(2, 3, 11, 8), torch.randn(2, 3, 5, 8), torch.randn(2, 3, 5, 8)
    keep = torch.tensor([[True, True, False, False, False], [True, True, True, True, False]])
    expected = F.scaled_dot_product_attention(q, k, v, attn_mask=keep[:, None, None])
    q, k, v = (part.to(dtype) for part in (q, k, v))
    with torch.set_grad_enabled(learns):
        out = attend(q, k, v, mask_bias(keep, dtype))
    assert out.dtype == dtype
    near = 1e-6 if dtype == torch.float32 else 3e-2
    assert torch.allclose(out.float(), expected, atol=near)


@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize("block", [17 * 23 * 2, 17 * 5, 1])
@pytest.mark.parametrize("loudness", [1.0, 30.0])
def test_blocks_of_attention_are_attention(
    masked: bool, block: int, loudness: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Some heads a block, some rows, one row; scores that are bounded, and scores that are not."""
    monkeypatch.setattr(torch.cpu, "_is_amx_tile_supported", lambda: False)
    monkeypatch.setattr(attention, "SMALL_SCORES", 0)
    monkeypatch.setattr(attention, "BLOCK_SCORES", block)
    q, k = torch.randn(2, 3, 23, 8) * loudness, torch.randn(2, 3, 17, 8)
    v = torch.randn(2, 3, 17, 5)
    q, k, v = (part.bfloat16() for part in (q, k, v))
    keep = torch.rand(2, 17) > 0.3 if masked else torch.ones(2, 17, dtype=torch.bool)
    expected = F.scaled_dot_product_attention(
        q.double(), k.double(), v.double(), attn_mask=keep[:, None, None]
    )
    with torch.no_grad():
        out = attend(q, k, v, mask_bias(keep, q.dtype) if masked else None)
    assert out.dtype == torch.bfloat16
    apart = (out.double() - expected).norm() / expected.norm()
    assert apart < (0.02 if loudness == 1.0 else 0.06)  # large scores round more


def test_cross_attention_of_nothing_but_padding_is_finite() -> None:
    layer = CrossAttention(16, 6, heads=2, zero_init=False)
    bias = mask_bias(torch.zeros(2, 4, dtype=torch.bool), torch.float32)
    padding = Context(torch.randn(2, 4, 6), bias)
    assert layer(torch.randn(2, 9, 16), padding).isfinite().all()


@pytest.mark.parametrize(("spatial", "moved"), [((40,), (7,)), ((12, 10), (3, 4))])
def test_rotary_scores_depend_on_distance_alone(
    spatial: tuple[int, ...], moved: tuple[int, ...]
) -> None:
    q, k = torch.randn(8), torch.randn(8)
    angles = rotary_angles(spatial, 8, torch.device("cpu")).view(*spatial, 4)

    def score(a: tuple[int, ...], b: tuple[int, ...]) -> float:
        return float(rotate(q[None], angles[a]) @ rotate(k[None], angles[b]).T)

    near, far = tuple(1 for _ in spatial), tuple(3 for _ in spatial)
    shift = tuple(a + m for a, m in zip(near, moved, strict=True))
    shift_far = tuple(b + m for b, m in zip(far, moved, strict=True))
    assert score(near, far) == pytest.approx(score(shift, shift_far), abs=1e-4)
    assert score(near, far) != pytest.approx(score(near, shift_far), abs=1e-3)


@pytest.mark.parametrize("time", list(TimeConditioning))
def test_residual_block_is_its_formula(time: TimeConditioning) -> None:
    block = ResidualBlock(
        8, 16, 12, dimensions=1, groups=4, time=time, zero_init=False, kernel_size=5
    )
    x, y = torch.randn(2, 8, 1, 9), torch.randn(2, 12)
    told = block.project(F.silu(y))[:, :, None, None]
    h = F.group_norm(x, 4, block.norm_in.weight, block.norm_in.bias)
    h = block.conv_in(F.silu(h + told if time is TimeConditioning.ADDITIVE else h))
    if time is TimeConditioning.BETWEEN:
        h = h + told
    if time is TimeConditioning.FILM:
        h = (1 + told[:, :16]) * h + told[:, 16:]
    h = F.group_norm(h, 4, block.norm_out.weight, block.norm_out.bias)
    if time is TimeConditioning.SCALE_SHIFT:
        h = (1 + told[:, :16]) * h + told[:, 16:]
    expected = block.skip(x) + block.conv_out(F.silu(h))
    assert torch.allclose(block(x, y), expected, atol=1e-6)


@pytest.mark.parametrize("down", list(Down))
@pytest.mark.parametrize("up", list(Up))
@pytest.mark.parametrize("size", [(1, 8), (1, 9), (7, 10)])
def test_down_and_up_meet_again(down: Down, up: Up, size: tuple[int, int]) -> None:
    dimensions = 1 if size[0] == 1 else 2
    half = Downsample(8, dimensions=dimensions, kind=down)(torch.randn(2, 8, *size))
    assert half.shape[2:] == tuple(math.ceil(n / 2) for n in size)
    back = Upsample(8, dimensions=dimensions, kind=up)(half, size)
    assert back.shape == (2, 8, *size)


def test_pooling_an_odd_length_weighs_no_padding() -> None:
    pooled = Downsample(1, dimensions=1, kind=Down.POOL)(torch.tensor([1.0, 3, 5]).view(1, 1, 1, 3))
    assert pooled.flatten().tolist() == [2, 5]


def test_stack_pads_the_shorter_context_and_masks_it() -> None:
    long = Conditioning(context=torch.randn(1, 5, 3))
    short = Conditioning(context=torch.randn(1, 2, 3), vector=torch.ones(1, 4))
    both = long.stack(short)
    assert both.context_mask is not None
    assert both.context_mask.tolist() == [[True] * 5, [True] * 2 + [False] * 3]
    assert both.vector is not None
    assert both.vector.tolist() == [[0] * 4, [1] * 4]
    assert both.concat is None


def test_repeat_and_to_keep_the_mask_bool() -> None:
    one = Conditioning(torch.randn(1, 5, 3), torch.ones(1, 5, dtype=torch.bool))
    three = one.repeat(3).to("cpu", torch.bfloat16)
    assert three.context is not None
    assert three.context.shape == (3, 5, 3)
    assert three.context.dtype == torch.bfloat16
    assert three.context_mask is not None
    assert three.context_mask.dtype == torch.bool
    with pytest.raises(ValueError, match="3 items cannot serve 4"):
        three.repeat(4)


def test_a_mask_that_does_not_fit_is_refused() -> None:
    with pytest.raises(ValueError, match=r"\(1, 4\).*\(1, 5\)"):
        Conditioning(torch.randn(1, 5, 3), torch.ones(1, 4, dtype=torch.bool))
