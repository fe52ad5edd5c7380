"""A model's evaluation, run and shown: a table for people, JSON for programs."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import soundfile
import soxr
from tqdm import tqdm

from engine.api import GenerationRequest, Score
from engine.device import choose, prepare_process
from engine.models.base import Model
from engine.models.registry import Registry
from engine.pipeline import Generation
from engine.training.corpus.prompts import evaluation_prompts
from engine.training.evaluation import SAMPLE_RATE, Generate, Report, Sound, evaluate


def evaluate_model(
    model_id: str,
    seed: int,
    steps: int | None,
    guidance: float | None,
    out: Path | None,
    count: int | None = None,
) -> Report:
    """On the first `count` prompts, or all. Raises what `Registry.load` does."""
    prepare_process()
    model = Registry.default().load(model_id, choose())
    return evaluate_on(generator(model, steps, guidance, out), seed, count)


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
            name = f"{clip.request.seed:05}.wav"
            soundfile.write(out / name, clip.audio, clip.sample_rate, subtype="FLOAT")
        return at_evaluation_rate(clip.audio, clip.sample_rate), clip.request.score

    return generate


def at_evaluation_rate(audio: Sound, sample_rate: int) -> Sound:
    """Any model's sound at the rate that the measures and the real renders have."""
    if sample_rate == SAMPLE_RATE:
        return audio
    return soxr.resample(audio, sample_rate, SAMPLE_RATE)


def as_table(report: Report) -> str:
    lines = [f"{'':36} {'generated':>10} {'real':>10} {'ratio':>8}"]
    for name, generated, real in report.rows():
        ratio = "" if math.isnan(generated) or not real > 0 else f"{generated / real:.2f}"
        lines.append(f"{name:36} {_share(generated)} {_share(real)} {ratio:>8}")
    lines.append(
        f"two seeds of one prompt differ by at least {report.seeds_differ:.2f} (0 = equal)"
    )
    lines.append(f"drum detector on renders it was not fitted to: {report.detector_accuracy:.1%}")
    return "\n".join(lines)


def _share(value: float) -> str:
    return f"{'–':>10}" if math.isnan(value) else f"{value:10.1%}"


def number(value: float) -> float | None:
    """JSON has no word for what could not be measured but null."""
    return value if math.isfinite(value) else None


def as_json(report: Report) -> dict[str, Any]:
    return {
        "rows": [
            {"what": name, "generated": number(generated), "real": number(real)}
            for name, generated, real in report.rows()
        ],
        "seeds_differ": number(report.seeds_differ),
        "detector_accuracy": report.detector_accuracy,
        "prompts": [
            {
                "prompt": made.prompt.text,
                "asked_bpm": made.prompt.tempo_bpm,
                "found_bpm": made.tempo_bpm,
                "found_bpm_in_render": real.tempo_bpm,
                "drums_asked": made.prompt.drums,
                "drums_found": made.drums,
                "on_grid": made.grid.share,
                "chords": number(made.chords),
                "faults": list(made.faults),
            }
            for made, real in zip(report.generated, report.real, strict=True)
        ],
    }
