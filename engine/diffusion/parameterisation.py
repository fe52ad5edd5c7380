"""What the network predicts, and the denoiser that makes one view of it all.

Everything outside works in the variance-exploding view `x = x0 + σ·noise`. A network sees
`c_in·x` and `c_noise`, and its output F gives the estimate `D = c_skip·x + c_out·F`
(Karras et al. 2022, "Elucidating the design space", eq. 7).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Protocol, TypeVar

import torch
from torch import Tensor


@dataclass(frozen=True)
class Scalings:
    """c_skip, c_out, c_in and c_noise at some noise levels; all of sigma's shape, in fp32."""

    skip: Tensor
    out: Tensor
    into: Tensor
    noise: Tensor


class Parameterisation(StrEnum):
    """The network's own target. σ below is in units of the data's standard deviation.

    EPS:  the noise ε
    X0:   the clean signal x0
    V:    v = (ε − σ·x0) / √(1 + σ²) (Salimans & Ho 2022); EDM's preconditioning with F = −v
    FLOW: the velocity ε − x0 of the straight path x_t = (1 − t)·x0 + t·ε, t = σ / (1 + σ)
    """

    EPS = "eps"
    X0 = "x0"
    V = "v"
    FLOW = "flow"

    def scalings(self, sigma: Tensor, sigma_data: float = 1.0) -> Scalings:
        """The four coefficients at `sigma` > 0. c_noise is ln(σ)/4, for FLOW the time t."""
        s = sigma.float() / sigma_data
        one, root, log = torch.ones_like(s), (1 + s**2).rsqrt(), s.log() / 4
        match self:
            case Parameterisation.EPS:
                skip, out, into, noise = one, -s, root, log
            case Parameterisation.X0:
                skip, out, into, noise = 0 * one, one, root, log
            case Parameterisation.V:
                skip, out, into, noise = root**2, -s * root, root, log
            case Parameterisation.FLOW:
                kept = 1 / (1 + s)
                skip, out, into, noise = kept, -s * kept, kept, s * kept
        return Scalings(skip, sigma_data * out, into / sigma_data, noise)

    def target(self, x0: Tensor, noise: Tensor, sigma: Tensor, sigma_data: float = 1.0) -> Tensor:
        """What the network should say of `x0 + sigma·noise`; `sigma` broadcasts against x0."""
        clean, s = x0 / sigma_data, sigma / sigma_data
        match self:
            case Parameterisation.EPS:
                return noise
            case Parameterisation.X0:
                return clean
            case Parameterisation.V:
                return (noise - s * clean) * (1 + s**2).rsqrt()
            case Parameterisation.FLOW:
                return noise - clean


Conditions = TypeVar("Conditions", contravariant=True)


class Network(Protocol[Conditions]):
    """Any network: `(x, c_noise (B,), conditioning)` → its prediction, of x's shape."""

    def __call__(self, x: Tensor, t: Tensor, conditioning: Conditions) -> Tensor: ...


@dataclass(frozen=True)
class Denoiser:
    """A network as the function `D(x; σ)` that samplers call. The σ maths is in fp32.

    `sigma_data` is the standard deviation of the clean signal.
    """

    net: Network[Any]
    parameterisation: Parameterisation
    sigma_data: float = 1.0

    def __call__(self, x: Tensor, sigma: Tensor, conditioning: Any = None) -> Tensor:
        """The estimate of x0, fp32 (B, …), from `x = x0 + sigma·noise`; sigma is (B,) or ()."""
        sigma = sigma.float().expand(len(x))
        c = self.parameterisation.scalings(sigma, self.sigma_data)
        F = self.net(_like(c.into, x) * x, c.noise, conditioning).float()
        return _like(c.skip, x) * x + _like(c.out, x) * F

    def loss(self, x0: Tensor, noise: Tensor, sigma: Tensor, conditioning: Any = None) -> Tensor:
        """Mean squared error on the network's own target, per item, fp32 (B,).

        In x0 it weighs 1 / c_out²: no noise level counts more than another in what the network
        is asked, which keeps its gradients of one size.
        """
        x0, noise, sigma = x0.float(), noise.float(), sigma.float()
        c = self.parameterisation.scalings(sigma, self.sigma_data)
        level = _like(sigma, x0)
        F = self.net(_like(c.into, x0) * (x0 + level * noise), c.noise, conditioning).float()
        target = self.parameterisation.target(x0, noise, level, self.sigma_data)
        return (F - target).square().flatten(1).mean(1)


def _like(c: Tensor, x: Tensor) -> Tensor:
    """(B,) → (B, 1, …), to broadcast against x."""
    return c.view(-1, *[1] * (x.dim() - 1))
