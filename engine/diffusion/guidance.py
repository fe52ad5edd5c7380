"""Guidance: away from what the network would say without the prompt, and how to do it gently.

C and U are the estimates of x0 with and without the prompt. Plain guidance is classifier-free
(Ho & Salimans 2022). Its refinements act on the estimates as well, whatever the network itself
predicts, and can be combined; `engine.api.Refinement` holds their numbers.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, Self, TypeVar

import torch
from torch import Tensor

from engine.api import Projection, Refinement
from engine.diffusion.samplers import Denoise

PLAIN = Refinement()


class Guidable(Protocol):
    """What guidance asks of a conditioning."""

    def repeat(self, batch: int) -> Self:
        """One item's conditioning for `batch` items."""
        ...

    def stack(self, other: Self) -> Self:
        """Both along the batch, self first."""
        ...


C = TypeVar("C", bound=Guidable)
Evaluate = Callable[[Tensor, Tensor, C], Tensor]
"""A `Denoiser`, or what counts its calls: `(x, sigma (B,), conditioning)` → the estimate."""

Combine = Callable[[Tensor, Tensor], Tensor]
"""`combine(C, U)` → the guided estimate."""


def guided(
    denoiser: Evaluate[C],
    conditional: C,
    unconditional: C,
    scale: float,
    refinement: Refinement = PLAIN,
    *,
    batched: bool = True,
) -> Denoise:
    """`denoise(x, sigma)` → `U + scale·(C − U)`, refined; for one walk, as it may remember.

    C and U come from one pass over a doubled batch, or from two passes unless `batched`. Where
    one of them does not count there is no second half: at scale 1, at plain scale 0, and outside
    the refinement's interval, where the estimate is C. Conditionings hold one item, or as many
    as x.
    """
    with_prompt = _alone(denoiser, conditional)
    if scale == 1:
        return with_prompt
    if scale == 0 and refinement == PLAIN:
        return _alone(denoiser, unconditional)
    both = (_together if batched else _apart)(denoiser, conditional, unconditional)
    combine = combination(scale, refinement)

    def denoise(x: Tensor, sigma: Tensor) -> Tensor:
        if refinement.interval and not refinement.guides_at(float(sigma)):
            return with_prompt(x, sigma)
        return combine(*both(x, sigma))

    return denoise


def combination(scale: float, refinement: Refinement = PLAIN) -> Combine:
    """How C and U, each (B, …), become one at a level that is guided."""
    if refinement.projection:
        lead: Combine = _Projected(scale, refinement.projection)
    else:
        lead = _Plain(scale)
    if refinement.rescale == 0:
        return lead
    return lambda C, U: rescaled(lead(C, U), C, refinement.rescale)


def rescaled(guided: Tensor, C: Tensor, phi: float) -> Tensor:
    """`φ·guided·std(C)/std(guided) + (1 − φ)·guided`, spreads item by item.

    Lin et al. 2023 (arXiv 2305.08891, eq. 15 and 16): a great scale widens the estimate, which
    is heard as loud and harsh.
    """
    spread = _each(guided.flatten(1).std(1), guided).clamp(min=torch.finfo(guided.dtype).tiny)
    narrow = _each(C.flatten(1).std(1), C) / spread
    return phi * narrow * guided + (1 - phi) * guided


class _Plain:
    def __init__(self, scale: float) -> None:
        self._scale = scale

    def __call__(self, C: Tensor, U: Tensor) -> Tensor:
        return U + self._scale * (C - U)


class _Projected:
    """Adaptive projected guidance (Sadat et al. 2024, arXiv 2410.02416, algorithm 1).

    The difference C − U gathers momentum, is limited in size, and loses `1 − eta` of its part
    along C, which only makes the estimate louder. The limit is on the root mean square, the
    paper's norm r over √(number of values), so that it means the same for every length.
    """

    def __init__(self, scale: float, projection: Projection) -> None:
        self._scale = scale
        self._projection = projection
        self._average: Tensor | None = None

    def __call__(self, C: Tensor, U: Tensor) -> Tensor:
        return C + (self._scale - 1) * self._update(C, C - U)

    def _update(self, C: Tensor, difference: Tensor) -> Tensor:
        if self._average is not None:
            difference = difference + self._projection.momentum * self._average
        self._average = difference
        if r := self._projection.threshold:
            size = difference.square().flatten(1).mean(1).sqrt()
            difference = difference * _each((r / size).clamp(max=1), difference)
        along = (difference * C).flatten(1).sum(1) / C.square().flatten(1).sum(1)
        parallel = _each(along, C).nan_to_num(0) * C
        return difference - (1 - self._projection.eta) * parallel


def _alone(denoiser: Evaluate[C], conditioning: C) -> Denoise:
    def denoise(x: Tensor, sigma: Tensor) -> Tensor:
        return denoiser(x, sigma.expand(len(x)), conditioning.repeat(len(x)))

    return denoise


Both = Callable[[Tensor, Tensor], tuple[Tensor, Tensor]]


def _together(denoiser: Evaluate[C], conditional: C, unconditional: C) -> Both:
    """C and U from one pass; the stacked conditioning is kept for the next."""
    stacked: dict[int, C] = {}

    def both(x: Tensor, sigma: Tensor) -> tuple[Tensor, Tensor]:
        batch = len(x)
        if batch not in stacked:
            stacked[batch] = conditional.repeat(batch).stack(unconditional.repeat(batch))
        estimates = denoiser(torch.cat([x, x]), sigma.expand(batch).repeat(2), stacked[batch])
        C, U = estimates.chunk(2)
        return C, U

    return both


def _apart(denoiser: Evaluate[C], conditional: C, unconditional: C) -> Both:
    with_prompt, without = _alone(denoiser, conditional), _alone(denoiser, unconditional)
    return lambda x, sigma: (with_prompt(x, sigma), without(x, sigma))


def _each(values: Tensor, x: Tensor) -> Tensor:
    """(B,) → (B, 1, …), to broadcast against x."""
    return values.view(-1, *[1] * (x.dim() - 1))
