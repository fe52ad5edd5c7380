"""The engine's only door: what may be asked, what comes back, and who answers.

Frozen dataclasses, enums and numpy arrays cross it; tensors, threads and Qt never do.
A request goes in through `Engine.submit`; events come out through the callback that the
engine was built with. `Queued` comes within `submit`, and the `Cancelled` of a job that never
ran within `cancel`, on the caller's thread; all else comes on the engine's own thread. Every
job ends in exactly one of `Finished`, `Cancelled` or `Failed`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from engine.errors import EngineError, InvalidRequest
from engine.instruments import INSTRUMENTS, parse_instruments
from engine.sampling import (
    ETA,
    MOMENTUM,
    RESCALE,
    SIGMA,
    THRESHOLD,
    Projection,
    Refinement,
    SamplerName,
    ScheduleName,
    check_range,
)
from engine.score import Chord, Key, Mode, Score, Stem, parse_chords
from engine.styles import STYLES, parse_style

__all__ = [
    "INSTRUMENTS", "STYLES", "Cancelled", "Chord", "Clip", "Engine", "Event", "Excerpt",
    "Failed", "Finished", "GenerationRequest", "JobId", "Key", "Limits", "Loading", "Mode",
    "ModelInfo", "OnEvent", "Picture", "Preview", "Progress", "Projection", "Queued", "Ready",
    "Refinement", "SamplerName", "ScheduleName", "Score", "Stem", "parse_chords",
    "parse_instruments", "parse_style",
]  # fmt: skip

JobId = int


class Limits:
    """Inclusive ranges that the window's controls and the command line share."""

    PROMPT_CHARS = 2_000
    DURATION_S = (1.0, 300.0)
    STEPS = (1, 1_000)
    GUIDANCE = (0.0, 30.0)
    RESCALE = RESCALE
    ETA = ETA
    MOMENTUM = MOMENTUM
    THRESHOLD = THRESHOLD
    SIGMA = SIGMA
    SEED = (0, 2**63 - 1)


@dataclass(frozen=True)
class GenerationRequest:
    """Everything one generation needs. Raises `InvalidRequest` for a value out of range.

    `seed=None` lets the engine choose; the clip that comes back names the seed it used.
    `guidance` is its scale, `refinement` what is done to it beyond. `score` holds what the user
    fixed; the planner fills what is open. A loop lasts its bars: `duration_s` then only guides
    how many they are. `over` is the path of a sound file that the music is to fit, "" for none.
    """

    prompt: str
    negative_prompt: str = ""
    duration_s: float = 10.0
    steps: int = 25
    guidance: float = 3.0
    refinement: Refinement = field(default_factory=Refinement)
    sampler: SamplerName = SamplerName.UNIPC
    schedule: ScheduleName = ScheduleName.EXPONENTIAL
    score: Score = field(default_factory=Score)
    seed: int | None = None
    model: str = "house"
    over: str = ""
    previews: bool = True

    def __post_init__(self) -> None:
        _check_prompt(self.prompt, self.negative_prompt)
        check_range("duration_s", "Length", self.duration_s, Limits.DURATION_S, "seconds")
        check_range("steps", "Steps", self.steps, Limits.STEPS)
        check_range("guidance", "Guidance", self.guidance, Limits.GUIDANCE)
        if self.seed is not None:
            check_range("seed", "Seed", self.seed, Limits.SEED)


def _check_prompt(prompt: str, negative_prompt: str) -> None:
    if not prompt.strip():
        raise InvalidRequest(
            "prompt", "The prompt is empty.", "Describe the music, for example: slow jazz, 80 bpm."
        )
    for name, text in (("prompt", prompt), ("negative_prompt", negative_prompt)):
        if len(text) > Limits.PROMPT_CHARS:
            label = name.replace("_", " ")
            raise InvalidRequest(
                name,
                f"The {label} has {len(text):,} characters; {Limits.PROMPT_CHARS:,} is the most.",
                "Shorten it: the model hears the first sentences best.",
            )


@dataclass(frozen=True, eq=False)
class Clip:
    """Finished sound. `request` holds the seed and the score actually used."""

    audio: NDArray[np.float32]  # (frames, channels), nominally within ±1
    sample_rate: int
    request: GenerationRequest
    elapsed_s: float = 0.0
    notices: tuple[str, ...] = ()

    @property
    def duration_s(self) -> float:
        return len(self.audio) / self.sample_rate


@dataclass(frozen=True, eq=False)
class Picture:
    """A log-mel spectrogram: `level_db` is (mels, frames), lowest frequency first.

    Band centres are spaced evenly on the Slaney mel scale from `low_hz` to `high_hz`.
    """

    level_db: NDArray[np.float32]
    low_hz: float
    high_hz: float
    duration_s: float


@dataclass(frozen=True)
class ModelInfo:
    """One model that can be asked for. `problem` is empty when it can be used.

    `bytes_a_second` is the memory that each second of sound takes at the worst moment of its
    making; 0 where it was not measured. `refinement` is what the model itself recommends.
    """

    id: str
    title: str
    licence: str
    sample_rate: int
    channels: int
    steps: int
    guidance: float
    sampler: SamplerName
    schedule: ScheduleName
    problem: str = ""
    bytes_a_second: float = 0.0
    refinement: Refinement = field(default_factory=Refinement)

    @property
    def own_settings(self) -> dict[str, Any]:
        """Fields of a request that is to be made as the model recommends."""
        return {
            "steps": self.steps,
            "guidance": self.guidance,
            "refinement": self.refinement,
            "sampler": self.sampler,
            "schedule": self.schedule,
            "model": self.id,
        }


@dataclass(frozen=True)
class Ready:
    """Warming up is over: jobs start at once on `device`, or `problem` says why they will not."""

    device: str  # a name for people
    problem: EngineError | None = None


@dataclass(frozen=True)
class Queued:
    job_id: JobId
    request: GenerationRequest


@dataclass(frozen=True)
class Loading:
    """Something slow is being made ready; `what` is a phrase for people."""

    job_id: JobId
    what: str


@dataclass(frozen=True)
class Progress:
    """Step `step` of `total` is done. `evaluations` counts network calls so far."""

    job_id: JobId
    step: int
    total: int
    evaluations: int
    seconds_left: float


@dataclass(frozen=True)
class Preview:
    """The denoised estimate after `step`, seen."""

    job_id: JobId
    step: int
    total: int
    picture: Picture


@dataclass(frozen=True, eq=False)
class Excerpt:
    """The same estimate heard: a draft of a part of the clip, for an ear that is there now."""

    job_id: JobId
    step: int
    audio: NDArray[np.float32]  # (frames, channels), nominally within ±1
    sample_rate: int
    begin: int  # the first frame's place in the clip
    clip_frames: int


@dataclass(frozen=True)
class Finished:
    job_id: JobId
    clip: Clip


@dataclass(frozen=True)
class Cancelled:
    job_id: JobId


@dataclass(frozen=True)
class Failed:
    job_id: JobId
    error: EngineError


Event = Ready | Queued | Loading | Progress | Preview | Excerpt | Finished | Cancelled | Failed
OnEvent = Callable[[Event], None]


class Engine(Protocol):
    """What the window and the command line may ask. No method blocks on the network's work."""

    def submit(self, request: GenerationRequest) -> JobId:
        """Queue `request`. Its events follow through the callback, `Queued` first."""

    def cancel(self, job_id: JobId) -> None:
        """Ask that a job stop; it answers with `Cancelled` within one step."""

    def cancel_all(self) -> None:
        """Ask that the running job and every queued one stop."""

    def audition(self, job_id: JobId, ear_s: float | None) -> None:
        """Say where in its clip a job is being listened to, as often as that changes.

        `Excerpt`s follow from step to step, so that the ear always has sound before it; with
        None they end.
        """

    def plan(self, request: GenerationRequest) -> Score:
        """The complete score that `request` would be generated with. Fast and pure."""

    def wording(self, request: GenerationRequest) -> str:
        """The words in which the network hears the request's prompt. Fast and pure."""

    def models(self) -> tuple[ModelInfo, ...]:
        """Every model known, usable or not."""

    def warm_up(self) -> None:
        """Load the default model in the background; `Ready` tells when the first job can start."""

    def close(self) -> None:
        """Cancel everything and join the thread. Safe to call twice."""
