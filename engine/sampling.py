"""How a clip is made, as names and numbers: the sampler, the schedule, refinements of guidance.

What stands behind the names is in `engine.diffusion`; nothing here needs torch.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum

from engine.errors import InvalidRequest

RESCALE = (0.0, 1.0)
ETA = (0.0, 1.0)
MOMENTUM = (-1.0, 1.0)
THRESHOLD = (0.0, 100.0)
SIGMA = (0.0, 1_000.0)


class SamplerName(StrEnum):
    """How the noise is walked down; see `engine.diffusion.samplers`."""

    DDIM = "ddim"
    PNDM = "pndm"
    PLMS = "plms"
    IPNDM = "ipndm"
    EULER = "euler"
    EULER_ANCESTRAL = "euler-ancestral"
    HEUN = "heun"
    DPMPP_2M = "dpmpp-2m"
    DPMPP_2M_SDE = "dpmpp-2m-sde"
    DPMPP_3M_SDE = "dpmpp-3m-sde"
    UNIPC = "unipc"
    LCM = "lcm"
    RECTIFIED_FLOW = "rectified-flow"
    PING_PONG = "ping-pong"

    @property
    def is_stochastic(self) -> bool:
        """Whether noise is added on the way, drawn from the request's seed."""
        return self in _STOCHASTIC

    @property
    def order(self) -> int:
        """p, when halving the steps' size divides the error by 2^p.

        Of the stochastic samplers it is the order of their drift, without the noise. On any row
        of levels; PNDM has 4 on rows that are even in σ. LCM and ping-pong follow no equation,
        they trust each estimate wholly: 1, and exact for a consistency model.
        """
        return _ORDERS.get(self, 1)

    def costs(self, steps: int) -> tuple[int, ...]:
        """The evaluations of the denoiser in each of `steps` steps, the last of which ends at 0.

        There is no evaluation at level 0, so that the last step always costs one.
        """
        dearer, cost = {
            SamplerName.HEUN: (steps, 2),
            SamplerName.PNDM: (3, 4),
            SamplerName.PLMS: (1, 2),
        }.get(self, (0, 1))
        dearer = min(dearer, steps - 1)
        return (cost,) * dearer + (1,) * (steps - dearer)

    def evaluations(self, steps: int) -> int:
        """How often `steps` steps down to 0 evaluate the denoiser."""
        return sum(self.costs(steps))


_STOCHASTIC = frozenset({
    SamplerName.EULER_ANCESTRAL, SamplerName.DPMPP_2M_SDE, SamplerName.DPMPP_3M_SDE,
    SamplerName.LCM, SamplerName.PING_PONG,
})  # fmt: skip
_ORDERS = {
    SamplerName.PNDM: 2, SamplerName.PLMS: 2, SamplerName.IPNDM: 2, SamplerName.HEUN: 2,
    SamplerName.DPMPP_2M: 2, SamplerName.DPMPP_2M_SDE: 2, SamplerName.DPMPP_3M_SDE: 2,
    SamplerName.UNIPC: 3,
}  # fmt: skip


class ScheduleName(StrEnum):
    """Where the noise levels of the steps lie; see `engine.diffusion.schedules`."""

    KARRAS = "karras"
    EXPONENTIAL = "exponential"
    POLYEXPONENTIAL = "polyexponential"
    COSINE = "cosine"
    CRASH = "crash"
    SCALED_LINEAR = "scaled-linear"
    LINEAR = "linear"
    SHIFTED = "shifted"


@dataclass(frozen=True)
class Projection:
    """Adaptive projected guidance (Sadat et al. 2024); see `engine.diffusion.guidance`.

    eta:       how much is kept of guidance along the estimate itself, which only makes it
               louder; 1 keeps all
    momentum:  how much of the earlier guidance is added; negative pushes away from it
    threshold: the greatest difference that the prompt may make, as a root mean square in units of
               the latents; 0 sets none. The house model differs by 0.4 at much noise
    """

    eta: float = 0.0
    momentum: float = -0.5
    threshold: float = 0.2

    def __post_init__(self) -> None:
        check_range("eta", "Projected guidance's η", self.eta, ETA)
        check_range("momentum", "Projected guidance's momentum", self.momentum, MOMENTUM)
        check_range("threshold", "Projected guidance's threshold", self.threshold, THRESHOLD)


@dataclass(frozen=True)
class Refinement:
    """What is done to guidance beyond its scale; the default is nothing.

    rescale:    how far the guided estimate is brought back to the spread of the one it started
                from (Lin et al. 2023): 0 not, 1 wholly
    projection: projected instead of plain guidance
    interval:   guide only at noise levels σ with low < σ ≤ high (Kynkäänniemi et al. 2024); None
                guides at all
    """

    rescale: float = 0.0
    projection: Projection | None = None
    interval: tuple[float, float] | None = None

    def __post_init__(self) -> None:
        check_range("rescale", "Rescale", self.rescale, RESCALE)
        if self.interval is None:
            return
        for level in self.interval:
            check_range("interval", "Noise level", level, SIGMA)
        low, high = self.interval
        if low >= high:
            raise InvalidRequest(
                "interval",
                f"There is no noise level above {low:g} and up to {high:g}.",
                "Give the lower level first, for example 0.3 and 5.",
            )

    def guides_at(self, sigma: float) -> bool:
        return self.interval is None or self.interval[0] < sigma <= self.interval[1]


def check_range(
    name: str, label: str, value: float, limits: tuple[float, float], unit: str = ""
) -> None:
    """Raises the `InvalidRequest` that names field `name` for a value outside `limits`."""
    low, high = limits
    if not (math.isfinite(value) and low <= value <= high):
        shown = f"{value:.12g}" if isinstance(value, float) else str(value)  # 1e9 digit by digit
        raise InvalidRequest(
            name,
            f"{label} {shown} is out of range.",
            f"Choose a value from {low:g} to {high:g}{' ' + unit if unit else ''}.",
        )
