"""The engine behind its door: one background thread, a queue, cancelling, events.

The only file that knows threads. Importing it costs milliseconds: torch and all that needs it
are imported on the thread, with the first model.
"""

from __future__ import annotations

import itertools
import logging
import threading
import traceback
from collections import deque

from engine.api import (
    Cancelled,
    Event,
    Failed,
    Finished,
    GenerationRequest,
    JobId,
    Loading,
    ModelInfo,
    OnEvent,
    Queued,
    Ready,
    Score,
)
from engine.errors import EngineError, InternalError
from engine.job import LOADING, CancelledByUser, Job, Performer
from engine.models.host import ModelHost
from engine.models.registry import DEFAULT, Registry
from engine.planner import plan_for
from engine.restating import restated

_log = logging.getLogger(__name__)
_CLOSE_TIMEOUT_S = 60.0  # a step of a very long clip on a slow machine


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
        self._registry = registry or Registry.default()
        self._performer = Performer(ModelHost(self._registry, device_kind), self._emit)
        self._ids = itertools.count(1)
        self._lock = threading.Condition()
        self._waiting: deque[Job] = deque()
        self._live: dict[JobId, Job] = {}  # every job that has not had its end
        self._wants_warm_up = False
        self._closing = False
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
            job = Job(next(self._ids), request)
            self._live[job.id] = job
        self._emit(Queued(job.id, request))
        if self._performer.loading:
            self._emit(Loading(job.id, LOADING))
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

    def wording(self, request: GenerationRequest) -> str:
        return restated(request.prompt, plan_for(request))

    def models(self) -> tuple[ModelInfo, ...]:
        return self._registry.models()

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
                if not self._waiting:
                    self._performer.tidy_up()

    def _outcome(self, job: Job) -> Finished | Cancelled | Failed:
        """Do the job; whatever happens becomes its end."""
        try:
            return Finished(job.id, self._performer.perform(job))
        except CancelledByUser:
            return Cancelled(job.id)
        except EngineError as error:
            return Failed(job.id, error)
        except Exception as error:
            _log.exception("job %d failed", job.id)
            return Failed(job.id, _internal(error))

    def _warm_up(self) -> None:
        """Be ready with the default model, where no job comes first."""
        device, problem = "", None
        try:
            device = self._performer.device_title()
            self._performer.warm_up(DEFAULT, lambda: not (self._waiting or self._closing))
        except EngineError as error:
            _log.warning("warming up: %s", error)
            problem = error
        except Exception as error:
            _log.exception("warming up failed")
            problem = _internal(error)
        self._emit(Ready(device, problem))

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


def _internal(error: Exception) -> InternalError:
    return InternalError(
        f"Something went wrong inside the engine ({type(error).__name__}: {error}).",
        "Try again; if it happens again, report it with the details.",
        "".join(traceback.format_exception(error)),
    )
