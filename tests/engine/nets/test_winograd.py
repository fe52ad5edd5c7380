"""Winograd's way gives what the plain convolution gives."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from engine.nets import winograd
from engine.nets.layers import Convolution
from engine.nets.unet import UNet, UNetConfig
from engine.nets.winograd import WinogradConvolution, matrices, with_winograd


@pytest.mark.parametrize(("outputs", "taps"), [(2, 3), (4, 3), (4, 5), (2, 5)])
def test_the_transforms_are_a_correlation(outputs: int, taps: int) -> None:
    A, G, B = matrices(outputs, taps)
    n = outputs + taps - 1
    assert (A.shape, G.shape, B.shape) == ((outputs, n), (n, taps), (n, n))
    d, g = torch.randn(n, dtype=torch.float64), torch.randn(taps, dtype=torch.float64)
    wanted = F.conv1d(d.view(1, 1, -1), g.view(1, 1, -1)).flatten()
    torch.testing.assert_close(A @ ((G @ g) * (B @ d)), wanted)
    for transform in (A, B):
        torch.testing.assert_close(transform.bfloat16().double(), transform, atol=1e-14, rtol=0)


def test_too_large_a_tile_is_refused() -> None:
    with pytest.raises(ValueError, match=r"F\(6, 5\) needs 9 points of 7"):
        matrices(6, 5)


@pytest.mark.parametrize("circular", [False, True])
@pytest.mark.parametrize("block", [1, 1 << 24])
@pytest.mark.parametrize(
    ("dimensions", "taps", "size"),
    [(1, 3, (1, 13)), (1, 3, (1, 16)), (1, 5, (1, 9)), (2, 3, (6, 8)), (2, 3, (7, 5))],
)
def test_it_is_the_convolution(
    dimensions: int,
    taps: int,
    size: tuple[int, int],
    block: int,
    circular: bool,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(winograd, "BLOCK_BYTES", block)
    plain = Convolution(dimensions, 6, 10, taps)
    plain.circular = circular
    x = torch.randn(3, 6, *size).contiguous(memory_format=torch.channels_last)
    out = WinogradConvolution(plain)(x)
    torch.testing.assert_close(out, plain(x), atol=1e-5, rtol=1e-5)
    assert out.is_contiguous(memory_format=torch.channels_last)


@pytest.mark.parametrize(("dimensions", "size"), [(1, (37,)), (2, (12, 9))])
def test_a_network_computes_the_same_with_it(
    dimensions: int, size: tuple[int, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(winograd.LEAST_CHANNELS, torch.float32, {(3, 3): 8, (1, 3): 8})
    config = UNetConfig(
        dimensions=dimensions, in_channels=4, out_channels=4, channels=(16, 32), head_channels=8,
        self_attention_levels=frozenset({1}), cross_attention_levels=frozenset(), zero_init=False,
    )  # fmt: skip
    net = UNet(config).eval()
    inputs = config.fake_inputs(2, *size)
    with torch.no_grad():
        wanted = net(*inputs)
        got = with_winograd(net)(*inputs)
    replaced = sum(isinstance(module, WinogradConvolution) for module in net.modules())
    assert replaced == 2 * 10 + 1  # two a residual block, and the upsampling
    assert (got - wanted).abs().max() <= 1e-5 * wanted.abs().max()


@pytest.mark.parametrize(("dimensions", "taps"), [(1, 3), (1, 5), (2, 3)])
def test_in_bf16_it_is_near(dimensions: int, taps: int) -> None:
    torch.manual_seed(0)
    plain = Convolution(dimensions, 64, 32, taps).bfloat16()
    x = torch.randn(2, 64, 1 if dimensions == 1 else 12, 24).bfloat16()
    out = WinogradConvolution(plain)(x.contiguous(memory_format=torch.channels_last))
    wanted = plain.double()(x.double())
    assert out.dtype == torch.bfloat16
    assert (out - wanted).norm() <= 1.5e-2 * wanted.norm()


@pytest.mark.parametrize(
    ("dtype", "tiles", "narrow", "wide"),
    [
        (torch.float32, False, 64, 320), (torch.float32, True, 64, 320),
        (torch.bfloat16, False, 192, 512), (torch.bfloat16, True, 640, 1_280),
    ],
)  # fmt: skip
def test_only_convolutions_that_gain_are_replaced(
    dtype: torch.dtype, tiles: bool, narrow: int, wide: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In bf16 only the widest gain on a CPU that multiplies `tiles`, whichever CPU this is."""
    monkeypatch.setattr(torch.cpu, "_is_amx_tile_supported", lambda: tiles)
    layers = (
        Convolution(2, narrow, wide, 3), Convolution(2, wide, wide, 3, stride=2),
        Convolution(2, wide, wide), Convolution(2, wide, wide, 3),
    )  # fmt: skip
    net = with_winograd(torch.nn.Sequential(*layers).to(dtype))
    kinds = [type(module) for module in net.children()]
    assert kinds == [Convolution, Convolution, Convolution, WinogradConvolution]


def test_in_half_precision_none_is_replaced() -> None:
    net = with_winograd(nn.Sequential(Convolution(2, 320, 320, 3)).half())
    assert type(net[0]) is Convolution


def test_a_loop_switched_later_is_heard() -> None:
    from engine.nets.layers import make_circular

    net = torch.nn.Sequential(WinogradConvolution(Convolution(1, 4, 4, 3)))
    x = torch.randn(1, 4, 1, 8).contiguous(memory_format=torch.channels_last)
    make_circular(net)
    torch.testing.assert_close(net(x.roll(3, -1)), net(x).roll(3, -1))


def test_a_network_with_a_wide_input_runs() -> None:
    """The U-Net asks its layers for their dtype, but not one that is replaced."""
    nowhere: frozenset[int] = frozenset()
    config = UNetConfig(
        in_channels=160, out_channels=8, channels=(160,), head_channels=32,
        self_attention_levels=nowhere, cross_attention_levels=nowhere, groups=4,
        embedding_channels=16, zero_init=False,
    )  # fmt: skip
    net = UNet(config).eval().requires_grad_(False)
    inputs = config.fake_inputs(1, 16)
    expected = net(*inputs)
    assert isinstance(with_winograd(net).input, WinogradConvolution)
    torch.testing.assert_close(net(*inputs), expected, atol=1e-4, rtol=1e-4)
