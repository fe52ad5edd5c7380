"""A model as whatever measures it asks for it, and the short evaluation that `compare` runs."""

from __future__ import annotations

import math
import re
from dataclasses import replace
from pathlib import Path

import soundfile
import soxr
from tqdm import tqdm

from engine.api import GenerationRequest, Score
from engine.models.base import Model
from engine.pipeline import Generation
from engine.training.corpus.prompts import evaluation_prompts
from engine.training.evaluation import SAMPLE_RATE, Generate, Report, Sound, evaluate


def evaluate_on(generate: Generate, seed: int = 0, count: int | None = None) -> Report:
    prompts = evaluation_prompts()[:count]
    with tqdm(total=len(prompts), desc="evaluating", unit="prompt") as bar:
        return evaluate(generate, seed, prompts, lambda _: bar.update())


def generator(
    model: Model,
    steps: int | None = None,
    guidance: float | None = None,
    out: Path | None = None,
) -> Generate:
    """`model` as `evaluate` asks for it; None takes its own setting, `out` keeps the clips."""
    info = model.info

    def generate(request: GenerationRequest) -> tuple[Sound, Score]:
        request = replace(
            request,
            steps=steps or info.steps,
            guidance=info.guidance if guidance is None else guidance,
            sampler=info.sampler,
            schedule=info.schedule,
        )
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


def number(value: float) -> float | None:
    """JSON has no word for what could not be measured but null."""
    return value if math.isfinite(value) else None
