"""Samplers: each walks `x` down a row of noise levels, and reads like its paper.

All share one signature and are generators of `Step`, so that progress, preview, cancelling and
recording are only their consumers. All work in the variance-exploding view `x = x0 + σ·ε`, in
which the probability-flow ODE is `dx/dσ = (x − D(x; σ)) / σ`; a variance-preserving
`x_t = α·x0 + σ_t·ε` is the same point at `x = x_t / α`, `σ = σ_t / α`.

Whether each is stochastic, its order and its evaluations a step are properties of its
`SamplerName`.
"""

from __future__ import annotations

from engine.api import SamplerName
from engine.diffusion.samplers.consistency import lcm, ping_pong
from engine.diffusion.samplers.dpm_solver import dpmpp_2m, dpmpp_2m_sde, dpmpp_3m_sde
from engine.diffusion.samplers.euler import ddim, euler, euler_ancestral, heun, rectified_flow
from engine.diffusion.samplers.pseudo_numerical import ipndm, plms, pndm
from engine.diffusion.samplers.unipc import unipc
from engine.diffusion.samplers.walk import Denoise, Sampler, Step

__all__ = [
    "SAMPLERS", "Denoise", "Sampler", "Step", "ddim", "dpmpp_2m", "dpmpp_2m_sde", "dpmpp_3m_sde",
    "euler", "euler_ancestral", "heun", "ipndm", "lcm", "ping_pong", "plms", "pndm",
    "rectified_flow", "unipc",
]  # fmt: skip

SAMPLERS: dict[SamplerName, Sampler] = {
    SamplerName.DDIM: ddim,
    SamplerName.PNDM: pndm,
    SamplerName.PLMS: plms,
    SamplerName.IPNDM: ipndm,
    SamplerName.EULER: euler,
    SamplerName.EULER_ANCESTRAL: euler_ancestral,
    SamplerName.HEUN: heun,
    SamplerName.DPMPP_2M: dpmpp_2m,
    SamplerName.DPMPP_2M_SDE: dpmpp_2m_sde,
    SamplerName.DPMPP_3M_SDE: dpmpp_3m_sde,
    SamplerName.UNIPC: unipc,
    SamplerName.LCM: lcm,
    SamplerName.RECTIFIED_FLOW: rectified_flow,
    SamplerName.PING_PONG: ping_pong,
}
