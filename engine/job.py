"""One job and how it is done: the model loaded, then sampled in the ways that memory allows.

Of threads it knows only that others may cancel a job and listen to it while it is being done.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from engine.api import Clip, Event, Excerpt, GenerationRequest, JobId, Loading, Preview, Progress
from engine.audition import Audition
from engine.errors import OutOfMemory
from engine.models.host import ModelHost
from engine.pace import Pace

if TYPE_CHECKING:
    from engine.device import Device
    from engine.diffusion.samplers import Step
    from engine.models.base import Model
    from engine.pipeline import Generation, Way

_log = logging.getLogger(__name__)
LOADING = "Loading the model"
_WARM_UP = GenerationRequest("music", steps=1, seed=0)


class CancelledByUser(Exception):
    """Unwinds a job that is to stop."""


@dataclass(eq=False)
class Job:
    id: JobId
    request: GenerationRequest
    wants_cancel: bool = False
    audition: Audition = field(default_factory=Audition)

    def stop_if_cancelled(self) -> None:
        """Raises `CancelledByUser`."""
        if self.wants_cancel:
            raise CancelledByUser


class Performer:
    """Does jobs, one after the other. `emit` is told what happens on the way, not the end.

    `loading` is true while a model, or torch itself, is being loaded.
    """

    def __init__(self, host: ModelHost, emit: Callable[[Event], None]) -> None:
        self._host, self._emit = host, emit
        self._pace = Pace()
        self.loading = False

    def perform(self, job: Job) -> Clip:
        """With all of the device, then the leaner way, then on the CPU, as memory allows.

        Raises `CancelledByUser`, `EngineError`, and whatever else goes wrong.
        """
        job.stop_if_cancelled()
        if not self._host.holds(job.request.model):
            self._emit(Loading(job.id, LOADING))
        for number, (device, way) in enumerate(self._ways()):
            if number:
                self._emit(Loading(job.id, "Memory is short: beginning again in a smaller way"))
            try:
                job.stop_if_cancelled()
                model = self._load(job.request.model, device)
                clip = self._sample(job, model, way)
            except (RuntimeError, MemoryError) as error:
                if not _is_out_of_memory(error):
                    raise
                _log.warning("job %d: out of memory on %s, %s", job.id, device.title, way)
            else:
                return clip if number == 0 else _with_notice(clip)
            device.release_memory()
        raise OutOfMemory(
            f"A clip of {job.request.duration_s:g} s does not fit into this machine's memory.",
            "Close other programs, or ask for a shorter clip.",
        )

    def device_title(self) -> str:
        with self._saying_loading():
            return self._host.device.title

    def warm_up(self, id: str, is_wanted: Callable[[], bool]) -> None:
        """Load a model and run it once: kernels are chosen at their first use.

        Not to the end where it `is_wanted` no more. Raises what loading does.
        """
        if not self._host.holds(id):
            self._run_once(self._load(id), is_wanted)

    def tidy_up(self) -> None:
        """Give back what memory a job took, where no other follows at once."""
        if self._host.is_loaded:
            from engine.device import trim_host_memory

            trim_host_memory()

    def _ways(self) -> list[tuple[Device, Way]]:
        with self._saying_loading():
            from engine.device import choose
            from engine.pipeline import FULL, LEAN

            device = self._host.device
        ways = [(device, FULL), (device, LEAN)]
        return ways if device.kind == "cpu" else [*ways, (choose("cpu"), LEAN)]

    def _load(self, id: str, device: Device | None = None) -> Model:
        with self._saying_loading():
            return self._host.load(id, device)

    def _sample(self, job: Job, model: Model, way: Way) -> Clip:
        from engine.pipeline import Generation

        job.stop_if_cancelled()
        started = time.perf_counter()
        generation = Generation(model, job.request, way)
        self._pace.start(job.request.duration_s)
        for step in generation.steps():
            job.stop_if_cancelled()
            self._report(job, generation, step)
            job.stop_if_cancelled()
        clip = generation.clip(step.x)
        self._pace.decoded()
        job.stop_if_cancelled()
        return replace(clip, elapsed_s=time.perf_counter() - started)

    def _report(self, job: Job, generation: Generation, step: Step) -> None:
        costs = job.request.sampler.costs(step.total)
        left_s = self._pace.step_done(sum(costs[: step.index]), sum(costs))
        self._emit(Progress(job.id, step.index, step.total, generation.evaluations, left_s))
        pause_s = self._pace.pause_s(sum(costs[step.index : step.index + 1]))
        if (piece := job.audition.piece(generation, step.denoised, pause_s)) is not None:
            begin, audio = piece
            rate = generation.model.codec.sample_rate
            self._emit(Excerpt(job.id, step.index, audio, rate, begin, generation.samples))
        if job.request.previews:
            picture = generation.picture(step.denoised)
            self._emit(Preview(job.id, step.index, step.total, picture))

    def _run_once(self, model: Model, is_wanted: Callable[[], bool]) -> None:
        from engine.pipeline import Generation

        generation = Generation(model, _WARM_UP)
        for step in generation.steps():
            generation.picture(step.denoised)
            if is_wanted():
                generation.excerpt(step.x, 0.0, _WARM_UP.duration_s)

    @contextmanager
    def _saying_loading(self) -> Iterator[None]:
        """Meanwhile jobs that come in hear `Loading` at once."""
        self.loading = True
        try:
            yield
        finally:
            self.loading = False


def _is_out_of_memory(error: BaseException) -> bool:
    from engine.device import is_out_of_memory

    return is_out_of_memory(error)


def _with_notice(clip: Clip) -> Clip:
    said = "Memory was short: this clip was made in a smaller, slower way."
    return replace(clip, notices=(*clip.notices, said))
