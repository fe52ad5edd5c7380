"""Holds one of our networks against a reference with the same weights, number by number."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn

FP32, FP64 = (torch.float32, 1e-5), (torch.float64, 1e-10)
"""A precision, and how far apart two exact networks may be in it, relative to the output."""
ROUNDING = {torch.float32: 10.0, torch.float64: 1.0}
"""How many times that the gradients may differ. In fp32 some are sums that nearly cancel, so
that the order of adding shows; fp64 tells that the function is the same."""

Run = Callable[[nn.Module, Tensor], Tensor]


def assert_same(got: Tensor, wanted: Tensor, bound: float) -> None:
    """The largest difference is within `bound` of the reference's largest value."""
    assert got.shape == wanted.shape
    assert (got - wanted).abs().max() <= bound * wanted.abs().max()


def assert_same_function(
    own: nn.Module, reference: nn.Module, run_own: Run, run_reference: Run, x: Tensor, bound: float
) -> None:
    """Both give the same output for `x` and the same gradient on it."""
    one, other = (x.clone().requires_grad_() for _ in range(2))
    got, wanted = run_own(own, one), run_reference(reference, other)
    assert_same(got, wanted, bound)
    weight = torch.randn(wanted.shape, dtype=wanted.dtype)
    (got * weight).sum().backward()
    (wanted * weight).sum().backward()
    assert one.grad is not None
    assert other.grad is not None
    assert_same(one.grad, other.grad, bound * ROUNDING[x.dtype])


def assert_same_gradients(
    own: nn.Module,
    reference: nn.Module,
    translate: Callable[[dict[str, Tensor], nn.Module], dict[str, Tensor]],
    bound: float,
) -> None:
    """After a backward pass through both: every weight's gradient, by the names of `own`."""
    wanted = {name: p.grad for name, p in reference.named_parameters() if p.grad is not None}
    buffers = {name: torch.zeros_like(b) for name, b in reference.state_dict().items()}
    translated = translate({**buffers, **wanted}, own)
    for name, parameter in own.named_parameters():
        assert parameter.grad is not None, name
        wide = bound * ROUNDING[parameter.dtype]
        assert_same(parameter.grad, translated[name].view_as(parameter.grad), wide)


def lively(net: nn.Module) -> nn.Module:
    """Random weights, those that start at zero or one included, so that nothing is hidden."""
    generator = torch.Generator().manual_seed(0)
    for parameter in net.parameters():
        fan_in = max(1, parameter[0].numel()) if parameter.dim() > 1 else 1
        scale = fan_in**-0.5 if parameter.dim() > 1 else 0.3
        noise = torch.randn(parameter.shape, generator=generator) * scale
        parameter.data = noise + (parameter.data.mean() if parameter.dim() == 1 else 0)
    return net.eval()
