"""The count of a network's products, attention included."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from engine.nets.feed_forward import GatedFeedForward
from engine.nets.flops import counted
from engine.nets.layers import Convolution
from engine.nets.packed import can_pack, with_packed_weights


def test_a_product_costs_two_for_each_multiply_add() -> None:
    result, flops = counted(lambda: torch.ones(3, 5) @ torch.ones(5, 7))
    assert result.shape == (3, 7)
    assert flops == 2 * 3 * 5 * 7


def test_fused_attention_costs_what_its_two_products_do() -> None:
    q, k, v = torch.randn(2, 3, 65, 8), torch.randn(2, 3, 70, 8), torch.randn(2, 3, 70, 8)
    _, fused = counted(lambda: F.scaled_dot_product_attention(q, k, v))
    _, spelt_out = counted(lambda: (q @ k.transpose(-1, -2)).softmax(-1) @ v)
    assert fused == spelt_out == 2 * 2 * 3 * 65 * 70 * 8 * 2


@pytest.mark.skipif(not can_pack(torch.float32), reason="torch has no oneDNN for this CPU")
def test_packed_weights_cost_what_plain_ones_do() -> None:
    net = nn.Sequential(Convolution(2, 4, 6, 3, stride=2), nn.Flatten(1), nn.Linear(6 * 20, 9))
    x = torch.randn(2, 4, 7, 10)
    with torch.no_grad():
        _, plain = counted(lambda: net(x))
        _, packed = counted(lambda: with_packed_weights(net)(x))
    assert packed == plain == 2 * 2 * (20 * 6 * 4 * 9 + 120 * 9)


@pytest.mark.skipif(not can_pack(torch.float32), reason="torch has no oneDNN for this CPU")
def test_a_gate_within_a_product_costs_nothing_more() -> None:
    net, x = nn.Sequential(GatedFeedForward(6, F.gelu)), torch.randn(2, 5, 6)
    with torch.no_grad():
        _, plain = counted(lambda: net(x))
        _, packed = counted(lambda: with_packed_weights(net)(x))
    assert packed == plain == 2 * 10 * (6 * 48 + 24 * 6)
