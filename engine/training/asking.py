"""A model as whatever measures it asks for clips: with its own settings, or with others."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from pathlib import Path

import soundfile
import soxr

from engine.api import GenerationRequest, Limits, ModelInfo, Score
from engine.models.base import Model
from engine.pipeline import Generation
from engine.sampling import Refinement, SamplerName, check_range
from engine.training.evaluation import SAMPLE_RATE, Generate, Sound

Interval = tuple[float, float]


@dataclass(frozen=True)
class Sampling:
    """How a model is asked; None takes what the model itself is set to.

    `interval` are the noise levels σ that are guided and `rescale` how far guidance is brought
    back, as `Refinement` has them. Raises `InvalidRequest` at once for what a request would be
    refused for after minutes of renders.
    """

    steps: int | None = None
    guidance: float | None = None
    interval: Interval | None = None
    rescale: float | None = None
    sampler: SamplerName | None = None

    def __post_init__(self) -> None:
        Refinement(self.rescale or 0.0, interval=self.interval)
        if self.steps is not None:
            check_range("steps", "Steps", self.steps, Limits.STEPS)
        if self.guidance is not None:
            check_range("guidance", "Guidance", self.guidance, Limits.GUIDANCE)

    def settled(self, info: ModelInfo) -> Sampling:
        """With the model's own settings in place of what is open."""
        return Sampling(
            info.steps if self.steps is None else self.steps,
            info.guidance if self.guidance is None else self.guidance,
            info.refinement.interval if self.interval is None else self.interval,
            info.refinement.rescale if self.rescale is None else self.rescale,
            self.sampler or info.sampler,
        )

    def asked_of(self, info: ModelInfo, request: GenerationRequest) -> GenerationRequest:
        """`request` made this way, on the model's own schedule."""
        way = self.settled(info)
        refinement = Refinement(way.rescale or 0.0, interval=way.interval)
        asked = {
            "steps": way.steps,
            "guidance": way.guidance,
            "refinement": refinement,
            "sampler": way.sampler,
        }
        return replace(request, **info.own_settings | asked)


def generator(model: Model, way: Sampling = Sampling(), out: Path | None = None) -> Generate:
    """`model` as `evaluate` asks for it; `out` keeps the clips."""

    def generate(request: GenerationRequest) -> tuple[Sound, Score]:
        request = way.asked_of(model.info, request)
        generation = Generation(model, request)
        *_, last = generation.steps()
        clip = generation.clip(last.x)
        if out is not None:
            out.mkdir(parents=True, exist_ok=True)
            told = re.sub(r"\W+", "-", request.prompt.lower())[:60].strip("-")
            name = f"{clip.request.seed:05}-{request.steps}-{told}.wav"
            soundfile.write(out / name, clip.audio, clip.sample_rate, subtype="FLOAT")
        return at_evaluation_rate(clip.audio, clip.sample_rate), clip.request.score

    return generate


def at_evaluation_rate(audio: Sound, sample_rate: int) -> Sound:
    """Any model's sound at the rate that the measures and the real renders have."""
    if sample_rate == SAMPLE_RATE:
        return audio
    return soxr.resample(audio, sample_rate, SAMPLE_RATE)
