"""How far a model's latents spread beyond music's: asked for music whose render is there.

The last step of making a model, after its weights: nothing is learnt, some prompts are answered at
several scales of guidance, and their latents held against those of the composer's renders.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import torch
from torch import Tensor

from engine.codecs.base import Codec
from engine.models.base import Model
from engine.models.folder import ModelFolder, write_config
from engine.models.moments import MOMENTS_FILE, Moments
from engine.pipeline import Generation
from engine.training.asking import Sampling
from engine.training.corpus.render import Renderer
from engine.training.latents import HEADROOM_DB
from engine.training.listening.asked import Asked, mixes

FIRST_PROMPT = 2_000  # among those of evaluations, which ask for earlier ones
SCALES = (1.0, 2.0, 3.5, 5.0)  # of guidance
STEPS = 8
Tick = Callable[[], object]


@torch.inference_mode()
def measure_moments(
    model: Model, prompts: int, scales: Sequence[float] = SCALES, tick: Tick = lambda: None
) -> Moments:
    """Of `prompts` answers at each scale, by the model's own settings but for its steps."""
    asked = mixes(prompts, FIRST_PROMPT)
    renderer = Renderer()
    true = [_encoded(model.codec, renderer.render(each.piece)) for each in asked]
    spreads, shifts = [], []
    for scale in scales:
        made = []
        for each in asked:
            made.append(_answered(model, each, scale))
            tick()
        spreads.append(_spread(true) / _spread(made).clamp(min=1e-6))
        shifts.append(_mean(true) - _mean(made))
    return Moments(torch.tensor(scales), torch.stack(spreads), torch.stack(shifts))


def write_moments(folder: ModelFolder, moments: Moments) -> None:
    """Into the model's folder, beside its other files.

    Older ones are first struck off the list, so that a model is whole wherever this is interrupted.
    """
    settings = {k: v for k, v in folder.config.items() if k not in ("format", "files")}
    files = [name for name in folder.files if name != MOMENTS_FILE]
    if MOMENTS_FILE in folder.files:
        write_config(folder.path, settings, files)
    moments.save(folder.path / MOMENTS_FILE)
    write_config(folder.path, settings, [*files, MOMENTS_FILE])


def _answered(model: Model, asked: Asked, scale: float) -> Tensor:
    """Latents as they are before any moments are matched, (C, T)."""
    request = Sampling(STEPS, scale).asked_of(model.info, asked.request())
    *_, last = Generation(model, request).steps()
    return last.x[0].cpu()


def _encoded(codec: Codec, sound: np.ndarray) -> Tensor:
    """A render as training has it, (C, T)."""
    audio = sound.T * np.float32(10 ** (-HEADROOM_DB / 20))
    return codec.encode(torch.from_numpy(audio)[None])[0].cpu()


def _mean(clips: Sequence[Tensor]) -> Tensor:
    """The mean of all clips' own means, (C,)."""
    return torch.stack([clip.mean(1) for clip in clips]).mean(0)


def _spread(clips: Sequence[Tensor]) -> Tensor:
    """The deviation around each clip's own mean, (C,)."""
    around = [clip - clip.mean(1, keepdim=True) for clip in clips]
    return torch.cat(around, dim=1).square().mean(1).sqrt()
