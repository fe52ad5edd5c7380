"""The count of a network's products, attention included."""

from __future__ import annotations

import torch
import torch.nn.functional as F

from engine.nets.flops import counted


def test_a_product_costs_two_for_each_multiply_add() -> None:
    result, flops = counted(lambda: torch.ones(3, 5) @ torch.ones(5, 7))
    assert result.shape == (3, 7)
    assert flops == 2 * 3 * 5 * 7


def test_fused_attention_costs_what_its_two_products_do() -> None:
    q, k, v = torch.randn(2, 3, 65, 8), torch.randn(2, 3, 70, 8), torch.randn(2, 3, 70, 8)
    _, fused = counted(lambda: F.scaled_dot_product_attention(q, k, v))
    _, spelt_out = counted(lambda: (q @ k.transpose(-1, -2)).softmax(-1) @ v)
    assert fused == spelt_out == 2 * 2 * 3 * 65 * 70 * 8 * 2
