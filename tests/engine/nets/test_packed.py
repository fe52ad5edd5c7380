"""Packed weights give what plain weights give, at every size of map, one after another."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn

from engine.nets.feed_forward import GatedFeedForward
from engine.nets.layers import Convolution, make_circular
from engine.nets.packed import (
    ACTIVATIONS,
    PackedConvolution,
    PackedGatedFeedForward,
    PackedLinear,
    can_pack,
    with_packed_weights,
)

pytestmark = [
    pytest.mark.skipif(not can_pack(torch.float32), reason="torch has no oneDNN for this CPU"),
    pytest.mark.usefixtures("without_gradients"),
]

WIDE, SQUARE, NARROW, COLUMN = (5, 9), (8, 8), (11, 3), (9, 1)


@pytest.fixture
def without_gradients():  # type: ignore[no-untyped-def]
    with torch.no_grad():
        yield


@pytest.mark.parametrize("shape", [(7,), (3, 7), (2, 5, 7)])
@pytest.mark.parametrize("bias", [False, True])
def test_it_is_the_linear_layer(shape: tuple[int, ...], bias: bool) -> None:
    plain, x = nn.Linear(7, 10, bias=bias), torch.randn(shape)
    torch.testing.assert_close(PackedLinear(plain)(x), plain(x), atol=1e-6, rtol=1e-5)


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_it_is_the_gated_feed_forward(activation: Callable[[Tensor], Tensor]) -> None:
    net, x = nn.Sequential(GatedFeedForward(6, activation)), torch.randn(2, 5, 6)
    wanted = net(x)
    assert type(with_packed_weights(net)[0]) is PackedGatedFeedForward  # type: ignore[index]
    torch.testing.assert_close(net(x), wanted, atol=1e-6, rtol=1e-5)


def test_an_activation_without_a_kernel_stays() -> None:
    net, x = nn.Sequential(GatedFeedForward(6, torch.tanh)), torch.randn(2, 5, 6)
    wanted = net(x)
    torch.testing.assert_close(with_packed_weights(net)(x), wanted, atol=1e-6, rtol=1e-5)


@pytest.mark.parametrize("circular", [False, True])
@pytest.mark.parametrize(
    ("dimensions", "kernel", "stride", "groups"),
    [
        (2, 3, 1, 1),
        (2, 3, 2, 1),
        (2, 1, 1, 1),
        (2, 5, 1, 1),
        (2, 3, 1, 6),
        (1, 3, 1, 1),
        (1, 3, 2, 1),
    ],
)
def test_it_is_the_convolution_whatever_came_before(
    dimensions: int, kernel: int, stride: int, groups: int, circular: bool
) -> None:
    plain = Convolution(dimensions, 6, 12, kernel, stride, groups=groups)
    packed = PackedConvolution(plain)
    for convolution in (plain, packed):
        convolution.circular = circular
    sizes = (WIDE, NARROW, SQUARE, COLUMN, NARROW) if dimensions == 2 else ((1, 9), (1, 4), (1, 9))
    for items, size in zip((2, 2, 1, 3, 2), sizes, strict=False):
        if circular and size[1] < kernel // 2:
            continue  # nothing to join
        x = torch.randn(items, 6, *size).contiguous(memory_format=torch.channels_last)
        out = packed(x)
        torch.testing.assert_close(out, plain(x), atol=1e-5, rtol=1e-5)
        assert out.is_contiguous(memory_format=torch.channels_last)


def test_a_network_loses_no_layer_and_no_loop() -> None:
    net = nn.Sequential(Convolution(1, 4, 4, 3), nn.SiLU(), Convolution(1, 4, 4, 3, stride=2))
    x = torch.randn(1, 4, 1, 8).contiguous(memory_format=torch.channels_last)
    make_circular(net)
    wanted = net(x)
    assert [type(each).__name__ for each in with_packed_weights(net)] == [
        "PackedConvolution", "SiLU", "PackedConvolution",
    ]  # fmt: skip
    torch.testing.assert_close(net(x), wanted, atol=1e-6, rtol=1e-5)
    make_circular(net, False)
    assert (net(x) - wanted).abs().max() > 1e-3
