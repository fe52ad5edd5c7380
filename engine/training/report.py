"""The short evaluation that `compare` runs."""

from __future__ import annotations

import math

from tqdm import tqdm

from engine.training.corpus.prompts import evaluation_prompts
from engine.training.evaluation import Generate, Report, evaluate


def evaluate_on(generate: Generate, seed: int = 0, count: int | None = None) -> Report:
    prompts = evaluation_prompts()[:count]
    with tqdm(total=len(prompts), desc="evaluating", unit="prompt") as bar:
        return evaluate(generate, seed, prompts, lambda _: bar.update())


def number(value: float) -> float | None:
    """JSON has no word for what could not be measured but null."""
    return value if math.isfinite(value) else None
