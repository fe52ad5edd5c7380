"""The engine behind its door: one background thread, a queue, cancelling, events.

The only file that knows threads. Importing it costs milliseconds: torch and all that needs it
are imported on the thread, with the first model.
"""

from __future__ import annotations

import itertools
import logging
import threading
import time
import traceback
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from engine.api import (
    Cancelled,
    Clip,
    Event,
    Excerpt,
    Failed,
    Finished,
    GenerationRequest,
    JobId,
    Loading,
    ModelInfo,
    OnEvent,
    Preview,
    Progress,
    Queued,
    Ready,
    Score,
)
from engine.audition import Audition
from engine.errors import EngineError, InternalError, OutOfMemory
from engine.models.host import ModelHost
from engine.models.registry import DEFAULT, Registry
from engine.pace import Pace
from engine.planner import plan_for

if TYPE_CHECKING:
    from engine.device import Device
    from engine.diffusion.samplers import Step
    from engine.models.base import Model
    from engine.pipeline import Generation, Way

_log = logging.getLogger(__name__)
_LOADING = "Loading the model"
_CLOSE_TIMEOUT_S = 60.0  # a step of a very long clip on a slow machine
_WARM_UP = GenerationRequest("music", steps=1, seed=0)


@dataclass(eq=False)
class _Job:
    id: JobId
    request: GenerationRequest
    wants_cancel: bool = False
    audition: Audition = field(default_factory=Audition)


class _CancelledByUser(Exception):
    """Unwinds a job that is to stop."""


class EngineWorker:
    """Implements `engine.api.Engine`. Close it, or use it as a context manager.

    A callback that raises is logged, and the job goes on.
    """

    def __init__(
        self,
        on_event: OnEvent,
        *,
        registry: Registry | None = None,
        device_kind: str | None = None,
    ) -> None:
        self._on_event = on_event
        self._host = ModelHost(registry or Registry.default(), device_kind)
        self._ids = itertools.count(1)
        self._lock = threading.Condition()
        self._waiting: deque[_Job] = deque()
        self._live: dict[JobId, _Job] = {}  # every job that has not had its end
        self._wants_warm_up = False
        self._closing = False
        self._loading = False
        self._pace = Pace()
        self._thread = threading.Thread(target=self._run, name="engine", daemon=True)
        self._thread.start()

    def __enter__(self) -> EngineWorker:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # -- asked by callers, on any thread --------------------------------------------------------

    def submit(self, request: GenerationRequest) -> JobId:
        """Raises `RuntimeError` after `close`."""
        with self._lock:
            if self._closing:
                raise RuntimeError("the engine is closed")
            job = _Job(next(self._ids), request)
            self._live[job.id] = job
        self._emit(Queued(job.id, request))
        if self._loading:
            self._emit(Loading(job.id, _LOADING))
        with self._lock:
            if not self._closing:
                self._waiting.append(job)
                self._lock.notify()
                return job.id
        self._end(Cancelled(job.id))
        return job.id

    def cancel(self, job_id: JobId) -> None:
        with self._lock:
            job = self._live.get(job_id)
            if job is None:
                return
            job.wants_cancel = True
            if job not in self._waiting:
                return
            self._waiting.remove(job)
        self._end(Cancelled(job_id))

    def cancel_all(self) -> None:
        with self._lock:
            job_ids = list(self._live)
        for job_id in job_ids:
            self.cancel(job_id)

    def audition(self, job_id: JobId, ear_s: float | None) -> None:
        with self._lock:
            if job := self._live.get(job_id):
                job.audition.ear_s = ear_s

    def plan(self, request: GenerationRequest) -> Score:
        return plan_for(request)

    def models(self) -> tuple[ModelInfo, ...]:
        return self._host.registry.models()

    def warm_up(self) -> None:
        with self._lock:
            self._wants_warm_up = True
            self._lock.notify()

    def close(self) -> None:
        with self._lock:
            self._closing = True
            self._lock.notify()
        self.cancel_all()
        if threading.current_thread() is not self._thread:
            self._thread.join(_CLOSE_TIMEOUT_S)

    # -- on the engine's thread -----------------------------------------------------------------

    def _run(self) -> None:
        while True:
            with self._lock:
                self._lock.wait_for(lambda: self._waiting or self._wants_warm_up or self._closing)
                job = self._waiting.popleft() if self._waiting else None
                if job is None and self._closing:
                    return
                self._wants_warm_up = self._wants_warm_up and job is not None
            if job is None:
                self._warm_up()
            else:
                self._end(self._outcome(job))
                self._tidy_up()

    def _tidy_up(self) -> None:
        """Between two jobs, unless the next one waits already."""
        if not self._waiting and self._host.is_loaded:
            from engine.device import trim_host_memory

            trim_host_memory()

    def _outcome(self, job: _Job) -> Finished | Cancelled | Failed:
        """Do the job; whatever happens becomes its end."""
        try:
            return Finished(job.id, self._generate(job))
        except _CancelledByUser:
            return Cancelled(job.id)
        except EngineError as error:
            return Failed(job.id, error)
        except Exception as error:
            _log.exception("job %d failed", job.id)
            return Failed(job.id, _internal(error))

    def _generate(self, job: _Job) -> Clip:
        """With all of the device, then the leaner way, then on the CPU, as memory allows."""
        _stop_if_cancelled(job)
        if not self._host.holds(job.request.model):
            self._emit(Loading(job.id, _LOADING))
        for number, (device, way) in enumerate(self._ways()):
            if number:
                self._emit(Loading(job.id, "Memory is short: beginning again in a smaller way"))
            try:
                _stop_if_cancelled(job)
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

    def _sample(self, job: _Job, model: Model, way: Way) -> Clip:
        from engine.pipeline import Generation

        _stop_if_cancelled(job)
        started = time.perf_counter()
        generation = Generation(model, job.request, way)
        self._pace.start(job.request.duration_s)
        for step in generation.steps():
            _stop_if_cancelled(job)
            self._report(job, generation, step)
            _stop_if_cancelled(job)
        clip = generation.clip(step.x)
        self._pace.decoded()
        _stop_if_cancelled(job)
        return replace(clip, elapsed_s=time.perf_counter() - started)

    def _report(self, job: _Job, generation: Generation, step: Step) -> None:
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

    def _warm_up(self) -> None:
        """Load the default model and run it once: kernels are chosen at their first use."""
        device, problem = "", None
        try:
            device = self._device_title()
            if not self._host.holds(DEFAULT):
                self._run_once(self._load(DEFAULT))
        except EngineError as error:
            _log.warning("warming up: %s", error)
            problem = error
        except Exception as error:
            _log.exception("warming up failed")
            problem = _internal(error)
        self._emit(Ready(device, problem))

    def _device_title(self) -> str:
        with self._saying_loading():
            return self._host.device.title

    def _run_once(self, model: Model) -> None:
        """Not to the end when a job waits."""
        from engine.pipeline import Generation

        generation = Generation(model, _WARM_UP)
        for step in generation.steps():
            generation.picture(step.denoised)
            if not (self._waiting or self._closing):
                generation.excerpt(step.x, 0.0, _WARM_UP.duration_s)

    # -- events ---------------------------------------------------------------------------------

    def _end(self, event: Finished | Cancelled | Failed) -> None:
        with self._lock:
            del self._live[event.job_id]
        self._emit(event)

    def _emit(self, event: Event) -> None:
        try:
            self._on_event(event)
        except Exception:
            _log.exception("the callback failed on %s", type(event).__name__)

    @contextmanager
    def _saying_loading(self) -> Iterator[None]:
        """Meanwhile jobs that come in hear `Loading` at once."""
        self._loading = True
        try:
            yield
        finally:
            self._loading = False


def _stop_if_cancelled(job: _Job) -> None:
    if job.wants_cancel:
        raise _CancelledByUser


def _is_out_of_memory(error: BaseException) -> bool:
    from engine.device import is_out_of_memory

    return is_out_of_memory(error)


def _with_notice(clip: Clip) -> Clip:
    said = "Memory was short: this clip was made in a smaller, slower way."
    return replace(clip, notices=(*clip.notices, said))


def _internal(error: Exception) -> InternalError:
    return InternalError(
        f"Something went wrong inside the engine ({type(error).__name__}: {error}).",
        "Try again; if it happens again, report it with the details.",
        "".join(traceback.format_exception(error)),
    )
