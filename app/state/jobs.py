"""The jobs that the window asked for: how far each is, and the picture of every step it showed.

Fed by the bridge's signals, so it lives on the window's thread and knows no locks. Errors are
state too: a failed job keeps its `error`, and `failed` tells whoever shows it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum

from PySide6.QtCore import QObject, Signal

from app.engine_bridge import EngineBridge
from engine.api import (
    Cancelled,
    Clip,
    Engine,
    Excerpt,
    Failed,
    Finished,
    GenerationRequest,
    JobId,
    Loading,
    Picture,
    Preview,
    Progress,
    Queued,
    Ready,
    Score,
)
from engine.errors import EngineError

PICTURE_BYTES = 96 << 20  # what the pictures of one job may take before every second one goes


class JobState(StrEnum):
    QUEUED = "queued"
    LOADING = "loading"
    RUNNING = "running"
    FINISHED = "finished"
    CANCELLED = "cancelled"
    FAILED = "failed"

    @property
    def is_over(self) -> bool:
        return self in (JobState.FINISHED, JobState.CANCELLED, JobState.FAILED)


@dataclass(eq=False)
class Job:
    """One asked-for take. `pictures` maps a step, counted from 1, to its picture."""

    id: JobId
    request: GenerationRequest
    score: Score  # the whole one, as planned
    state: JobState = JobState.QUEUED
    what: str = ""  # what is being loaded
    step: int = 0
    total: int = 0
    evaluations: int = 0  # of the network, so far
    seconds_left: float = 0.0
    pictures: dict[int, Picture] = field(default_factory=dict)
    clip: Clip | None = None
    error: EngineError | None = None

    def keep(self, step: int, picture: Picture) -> None:
        """Remember a step's picture; of too many, forget every second one but the newest."""
        self.pictures[step] = picture
        if sum(each.level_db.nbytes for each in self.pictures.values()) > PICTURE_BYTES:
            for old in sorted(self.pictures)[-2::-2]:
                del self.pictures[old]


class Jobs(QObject):
    """Every job that is not over, and the one that the window shows.

    `current` is the job whose steps are shown: the running one, or the last one that ran.
    `shown_step` is the step in view; None follows the newest, and after the end the take.
    """

    changed = Signal()  # state, progress or queue
    picture = Signal(object)  # a Picture: the newest of the current job
    heard = Signal(object)  # an Excerpt: how the running job sounds so far
    started = Signal(object)  # a Job that became current
    finished = Signal(object)  # a Job
    cancelled = Signal(object)  # a Job
    failed = Signal(object)  # a Job
    ready = Signal(object)  # an engine.api.Ready: the engine warmed up, or why it did not
    shown_changed = Signal()  # another step is in view

    def __init__(self, engine: Engine, bridge: EngineBridge, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._engine = engine
        self._jobs: dict[JobId, Job] = {}
        self._current: Job | None = None
        self._shown_step: int | None = None
        self.warming = False  # the engine makes itself ready
        bridge.ready.connect(self._on_ready)
        bridge.queued.connect(self._on_queued)
        bridge.loading.connect(self._on_loading)
        bridge.progress.connect(self._on_progress)
        bridge.preview.connect(self._on_preview)
        bridge.excerpt.connect(self._on_excerpt)
        bridge.finished.connect(self._on_finished)
        bridge.cancelled.connect(self._on_cancelled)
        bridge.failed.connect(self._on_failed)

    # What is asked

    def warm_up(self) -> None:
        """Let the engine load its default model while the user still types."""
        self.warming = True
        self.changed.emit()
        self._engine.warm_up()

    def start(self, requests: Iterable[GenerationRequest]) -> None:
        for request in requests:
            self._engine.submit(request)

    def cancel(self) -> None:
        """Stop the running job; those that wait go on."""
        if job := self.active:
            self._engine.cancel(job.id)

    def cancel_all(self) -> None:
        self._engine.cancel_all()

    def audition(self, job_id: JobId, ear_s: float | None) -> None:
        """Say where a job is listened to, None for nowhere; `heard` brings its sound."""
        self._engine.audition(job_id, ear_s)

    # What is seen

    @property
    def current(self) -> Job | None:
        return self._current

    @property
    def active(self) -> Job | None:
        """The job being worked on, else the next one in the queue."""
        pending = list(self._jobs.values())
        busy = [job for job in pending if job.state is not JobState.QUEUED]
        return next(iter(busy or pending), None)

    @property
    def waiting(self) -> int:
        """How many jobs are queued behind the active one."""
        return max(0, len(self._jobs) - 1)

    @property
    def steps(self) -> list[int]:
        """The steps of the current job that have a picture, in order."""
        return sorted(self._current.pictures) if self._current else []

    @property
    def shown_step(self) -> int | None:
        return self._shown_step

    @property
    def shown_picture(self) -> Picture | None:
        """The picture in view: of the chosen step, else the newest."""
        if not self.steps or self._current is None:
            return None
        return self._current.pictures[self._shown_step or self.steps[-1]]

    def show_step(self, step: int | None) -> None:
        """Bring the kept picture nearest to `step` into view; None follows the newest again."""
        wanted = step
        if wanted is not None:
            wanted = min(self.steps, key=lambda kept: abs(kept - (step or 0)), default=None)
        if wanted != self._shown_step:
            self._shown_step = wanted
            self.shown_changed.emit()

    def show_neighbour(self, direction: int) -> None:
        """Go one kept step back (-1) or forward (+1); past the last one, follow again."""
        steps = self.steps
        if not steps:
            return
        at = len(steps) if self._shown_step is None else steps.index(self._shown_step)
        to = max(0, at + direction)
        self.show_step(steps[to] if to < len(steps) else None)

    # What the engine tells

    def _on_ready(self, event: Ready) -> None:
        self.warming = False
        self.changed.emit()
        self.ready.emit(event)

    def _on_queued(self, event: Queued) -> None:
        request = event.request
        score = self._engine.plan(request)
        self._jobs[event.job_id] = Job(event.job_id, request, score, total=request.steps)
        self.changed.emit()

    def _on_loading(self, event: Loading) -> None:
        if job := self._jobs.get(event.job_id):
            job.state, job.what = JobState.LOADING, event.what
            self.changed.emit()

    def _on_progress(self, event: Progress) -> None:
        if job := self._jobs.get(event.job_id):
            self._begin(job)
            job.state, job.step, job.total = JobState.RUNNING, event.step, event.total
            job.evaluations, job.seconds_left = event.evaluations, event.seconds_left
            self.changed.emit()

    def _on_preview(self, event: Preview) -> None:
        job = self._jobs.get(event.job_id)
        if job is None:
            return
        self._begin(job)
        job.keep(event.step, event.picture)
        if self._shown_step is not None and self._shown_step not in job.pictures:
            self.show_step(self._shown_step)
        self.picture.emit(event.picture)

    def _on_excerpt(self, event: Excerpt) -> None:
        if event.job_id in self._jobs:
            self.heard.emit(event)

    def _on_finished(self, event: Finished) -> None:
        if job := self._close(event.job_id, JobState.FINISHED):
            job.clip = event.clip
            self._end(job)
            self.finished.emit(job)

    def _on_cancelled(self, event: Cancelled) -> None:
        if job := self._close(event.job_id, JobState.CANCELLED):
            self._end(job)
            self.cancelled.emit(job)

    def _on_failed(self, event: Failed) -> None:
        if job := self._close(event.job_id, JobState.FAILED):
            job.error = event.error
            self._end(job)
            self.failed.emit(job)

    def _begin(self, job: Job) -> None:
        """Make `job` the shown one when its first news arrives."""
        if self._current is not job:
            self._current = job
            self._shown_step = None
            self.started.emit(job)
            self.shown_changed.emit()

    def _close(self, job_id: JobId, state: JobState) -> Job | None:
        job = self._jobs.pop(job_id, None)
        if job is not None:
            job.state = state
        return job

    def _end(self, job: Job) -> None:
        self.changed.emit()
        if self._current is job:
            self.shown_changed.emit()
