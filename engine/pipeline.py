"""One request on one model: noise, step by step, to a clip. No threads, no events.

generation = Generation(model, request)
for step in generation.steps(): ...
clip = generation.clip(step.x)
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from engine import accompaniment
from engine.api import Clip, GenerationRequest, Limits, Picture, Score
from engine.diffusion.guidance import guided
from engine.diffusion.noise import initial_noise
from engine.diffusion.samplers import SAMPLERS, Denoise, Step
from engine.diffusion.schedules import sigmas
from engine.errors import EngineError, InvalidRequest
from engine.models.base import Model
from engine.nets.conditioning import Conditioning
from engine.planner import plan_for
from engine.preview import picture_of
from engine.prompt_reader import tempo_in

Sound = NDArray[np.float32]

_CHOSEN_SEEDS = 2**31  # short enough to be read aloud


@dataclass(frozen=True)
class Way:
    """How a generation is computed. Every way gives the same music, but for rounding."""

    batched_guidance: bool = True


FULL = Way()
LEAN = Way(batched_guidance=False)  # half the activations, at up to twice the time


def settled(request: GenerationRequest) -> GenerationRequest:
    """`request` with a seed and a complete score, so that it makes the same clip again.

    A loop's length is that of its bars. Raises `InvalidRequest`, and `AudioFileError` for what
    it is written over.
    """
    seed = secrets.randbelow(_CHOSEN_SEEDS) if request.seed is None else request.seed
    if request.over:
        request = accompaniment.with_known_tempo(request, tempo_in(request.prompt))
    score = plan_for(request)
    duration_s = request.duration_s if score.loop_s is None else _loop_length(score)
    return replace(request, seed=seed, score=score, duration_s=duration_s)


def _frames(audio: Tensor) -> Sound:
    """(1, channels, frames) on any device → (frames, channels)."""
    return audio[0].float().T.contiguous().cpu().numpy()


def _loop_length(score: Score) -> float:
    assert score.loop_s is not None
    low, high = Limits.DURATION_S
    if low <= score.loop_s <= high:
        return score.loop_s
    raise InvalidRequest(
        "bars",
        f"A loop of {score.bars_told} lasts {score.loop_s:.2f} s here.",
        f"Choose bars that last {low:g} to {high:g} seconds.",
    )


class Generation:
    """One clip in the making. `evaluations` counts the network's calls so far."""

    def __init__(self, model: Model, request: GenerationRequest, way: Way = FULL) -> None:
        self.model = model
        self.request = settled(request)
        self.samples = round(self.request.duration_s * model.codec.sample_rate)
        self.loop = bool(self.request.score.loop)
        self.frames = self._frames()
        self.notices = model.notices(request.prompt, request.negative_prompt, self.request.score)
        self.evaluations = 0
        self._way = way

    @torch.inference_mode()
    def steps(self) -> Iterator[Step]:
        """The sampler's steps; the last one's `x` is the clip's latents, fp32 (1, C, frames).

        Raises `MemoryError` before any work where the clip would not fit.
        """
        request, model = self.request, self.model
        self._check_memory()
        model.turn_around(self.loop)
        seed = request.seed or 0
        levels = sigmas(request.schedule, request.steps, *model.sigma_range)
        levels = levels.to(model.device.torch)
        shape = (1, model.codec.latent_channels, self.frames)
        noise = initial_noise(seed, shape, model.device.torch)
        yield from SAMPLERS[request.sampler](
            self._denoise(),
            levels[0] * noise,
            levels,
            generator=torch.Generator().manual_seed(seed ^ 1),
        )

    @torch.inference_mode()
    def picture(self, latents: Tensor) -> Picture:
        """The estimate `latents` as the codec's cheap picture."""
        codec, duration_s = self.model.codec, self.request.duration_s
        length_s = latents.shape[-1] * codec.hop / codec.sample_rate
        latents = self._finished(latents)
        return picture_of(codec, latents, duration_s, duration_s if self.loop else length_s)

    @torch.inference_mode()
    def excerpt(self, latents: Tensor, begin_s: float, length_s: float) -> tuple[int, Sound]:
        """A draft of the estimate `latents`: its first frame, and (frames, channels) from there.

        At most up to the clip's end; a loop comes whole. What is no number is silence.
        """
        codec, latents = self.model.codec, self._finished(latents)
        if self.loop:
            begin, audio = 0, codec.decode(latents, self.samples, draft=True, circular=True)
        else:
            begin = min(max(0, round(begin_s * codec.sample_rate)), self.samples - 1)
            wanted = min(max(1, round(length_s * codec.sample_rate)), self.samples - begin)
            audio = codec.excerpt(latents, begin, wanted)
        return begin, _frames(audio.nan_to_num(0.0, 0.0, 0.0))

    @torch.inference_mode()
    def clip(self, latents: Tensor, *, elapsed_s: float = 0.0) -> Clip:
        """Decode to exactly the asked length, its peaks untouched.

        Raises `EngineError` for sound that is no number.
        """
        codec = self.model.codec
        audio = codec.decode(self._finished(latents), self.samples, circular=self.loop)
        if not audio.isfinite().all():
            raise EngineError(
                "The sound ran away into values that are not numbers.",
                "Lower the guidance, or choose another sampler or more steps.",
            )
        return Clip(_frames(audio), codec.sample_rate, self.request, elapsed_s, self.notices)

    def _finished(self, latents: Tensor) -> Tensor:
        return self.model.finished(latents, self.request.guidance)

    def _frames(self) -> int:
        """Latent frames of the clip; a loop's are spread evenly over its length."""
        if not self.loop:
            return self.model.codec.frames(self.samples)
        multiple = self.model.loop_frames
        return multiple * max(1, round(self.samples / self.model.codec.hop / multiple))

    def _over(self) -> Tensor | None:
        """The latents of what the music is to fit."""
        request, model, codec = self.request, self.model, self.model.codec
        if not request.over:
            return None
        audio = accompaniment.load(
            request.over, codec.sample_rate, codec.channels, self.samples, self.loop
        )
        sound = torch.from_numpy(audio)[None].to(model.device.torch)
        if self.loop:
            return codec.encode(sound, circular=True, frames=self.frames)
        return codec.encode(sound)

    def _check_memory(self) -> None:
        """Systems that promise more memory than they have end the process instead of saying so."""
        free = self.model.device.free_bytes()
        needed = self.model.bytes_a_second * self.request.duration_s
        if free is not None and needed > free:
            raise MemoryError(f"{needed / 1e6:,.0f} MB are needed, {free / 1e6:,.0f} MB are free")

    def _denoise(self) -> Denoise:
        request = self.request
        told = self.model.conditioning(
            request.prompt, request.negative_prompt, request.score, self.frames, self._over()
        )
        return guided(
            self._evaluate,
            *told,
            request.guidance,
            request.refinement,
            batched=self._way.batched_guidance,
        )

    def _evaluate(self, x: Tensor, sigma: Tensor, conditioning: Conditioning) -> Tensor:
        self.evaluations += 1
        return self.model.denoiser(x, sigma, conditioning)
