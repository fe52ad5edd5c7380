"""A model's evaluation, run and shown: a table for people, JSON for programs."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import soundfile
from tqdm import tqdm

from engine.api import GenerationRequest, Score
from engine.device import choose, prepare_process
from engine.models.registry import Registry
from engine.pipeline import Generation
from engine.training.evaluation import Generate, Report, Sound, evaluate


def evaluate_model(
    model_id: str, seed: int, steps: int | None, guidance: float | None, out: Path | None
) -> Report:
    """Raises `ModelUnavailable` where there is no such model."""
    generate = _generator(model_id, steps, guidance, out)
    with tqdm(total=24, desc="evaluating", unit="prompt") as bar:
        return evaluate(generate, seed, lambda _: bar.update())


def _generator(
    model_id: str, steps: int | None, guidance: float | None, out: Path | None
) -> Generate:
    prepare_process()
    model = Registry.default().load(model_id, choose())
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
        return clip.audio, clip.request.score

    return generate


def as_table(report: Report) -> str:
    lines = [f"{'':36} {'generated':>10} {'real':>10} {'ratio':>8}"]
    for name, generated, real in report.rows():
        ratio = f"{generated / real:8.2f}" if real else f"{'':>8}"
        lines.append(f"{name:36} {generated:10.1%} {real:10.1%} {ratio}")
    lines.append(
        f"two seeds of one prompt differ by at least {report.seeds_differ:.2f} (0 = equal)"
    )
    lines.append(f"drum detector on renders it was not fitted to: {report.detector_accuracy:.1%}")
    return "\n".join(lines)


def as_json(report: Report) -> dict[str, Any]:
    return {
        "rows": [
            {"what": name, "generated": generated, "real": real}
            for name, generated, real in report.rows()
        ],
        "seeds_differ": report.seeds_differ,
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
                "chords": made.chords,
                "faults": list(made.faults),
            }
            for made, real in zip(report.generated, report.real, strict=True)
        ],
    }
