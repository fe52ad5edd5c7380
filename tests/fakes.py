"""A scriptable engine for the window's tests: no network, no torch, test-only.

`FakeEngine` keeps the promises of `engine.api.Engine` (every job `Queued` first and exactly one
terminal event) and is driven in one of two ways. By hand, the default: `advance()` emits the
next event of the running job, `run_until_idle()` all that are left. Threaded
(`threaded=True`): a background thread does the same, one event each `event_s` seconds.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from engine.api import (
    Cancelled,
    Clip,
    Event,
    Excerpt,
    Failed,
    Finished,
    GenerationRequest,
    JobId,
    Key,
    Loading,
    Mode,
    ModelInfo,
    OnEvent,
    Picture,
    Preview,
    Progress,
    Queued,
    Ready,
    SamplerName,
    ScheduleName,
    Score,
    Stem,
)
from engine.errors import EngineError

SAMPLE_RATE = 44_100
MELS = 128
FRAMES_PER_S = 43.0
PLANNED = Score(
    tempo_bpm=90.0, beats_per_bar=4, key=Key(9, Mode.MINOR), drums=True, stem=Stem.MIX, loop=False,
    style="jazz", instruments=("piano", "upright bass"),
)  # fmt: skip
HOUSE = ModelInfo(
    id="house",
    title="House",
    licence="MIT",
    sample_rate=SAMPLE_RATE,
    channels=2,
    steps=25,
    guidance=3.0,
    sampler=SamplerName.DPMPP_2M,
    schedule=ScheduleName.KARRAS,
    bytes_a_second=11e6,
)


def tone(duration_s: float, freq_hz: float = 440.0, level: float = 0.3) -> NDArray[np.float32]:
    """A stereo sine, (frames, 2), the right channel a fifth above the left."""
    time_s = np.arange(round(duration_s * SAMPLE_RATE)) / SAMPLE_RATE
    phases = 2 * np.pi * freq_hz * time_s[:, None] * np.array([1.0, 1.5])
    return (level * np.sin(phases)).astype(np.float32)


def planned(request: GenerationRequest) -> Score:
    """The request's score, what is open taken from `PLANNED`; an open loop has four bars."""
    score = request.score.filled_by(PLANNED)
    return replace(score, bars=score.bars or 4) if score.loop else score


def clip(request: GenerationRequest, clip_s: float | None = None) -> Clip:
    """A short synthetic clip whose pitch tells its seed; its request has no open part.

    A loop lasts its bars, whatever `clip_s` says.
    """
    score = planned(request)
    used = replace(
        request,
        seed=request.seed if request.seed is not None else 1234,
        score=score,
        duration_s=score.loop_s or request.duration_s,
    )
    freq_hz = 220.0 * 2 ** ((used.seed or 0) % 12 / 12)
    audio = tone(score.loop_s or clip_s or request.duration_s, freq_hz)
    return Clip(audio, SAMPLE_RATE, used, elapsed_s=0.5)


def picture(duration_s: float, clean: float, seed: int = 0) -> Picture:
    """A log-mel picture (MELS, frames): noise at `clean` 0, bars and partials at 1."""
    frames = max(1, round(duration_s * FRAMES_PER_S))
    noise = np.random.default_rng(seed).normal(-50.0, 8.0, (MELS, frames))
    band, frame = np.mgrid[0:MELS, 0:frames]
    partials = np.exp(-(((band % 17) - 4) ** 2) / 3.0) * (1.0 - band / MELS)
    beats = np.exp(-(frame % 32) / 10.0)
    music = -80.0 + 75.0 * partials * (0.4 + 0.6 * beats)
    level_db = (1.0 - clean) * noise + clean * music
    return Picture(level_db.astype(np.float32), 30.0, 20_000.0, duration_s)


class FakeEngine:
    """Implements `engine.api.Engine`. Knobs: `fail_with` (the next job to run fails with it
    after `fail_after` steps), `clip_s` (length of the clips made), `known_models`. Seen:
    `requests`, `cancelled`, `ears` (where each job is listened to), `warmed_up`, `closed`.
    """

    def __init__(
        self,
        on_event: OnEvent,
        *,
        threaded: bool = False,
        event_s: float = 0.0,
        clip_s: float | None = None,
        known_models: tuple[ModelInfo, ...] = (HOUSE,),
    ) -> None:
        self.on_event = on_event
        self.clip_s = clip_s
        self.known_models = known_models
        self.fail_with: EngineError | None = None
        self.fail_after = 0
        self.requests: dict[JobId, GenerationRequest] = {}
        self.cancelled: set[JobId] = set()
        self.ears: dict[JobId, float | None] = {}
        self.warmed_up = False
        self.closed = False
        self._waiting: deque[JobId] = deque()
        self._running: Iterator[Event] | None = None
        self._lock = threading.RLock()
        self._wake = threading.Condition(self._lock)
        self._event_s = event_s
        self._thread = threading.Thread(target=self._loop, daemon=True) if threaded else None
        if self._thread:
            self._thread.start()

    def submit(self, request: GenerationRequest) -> JobId:
        with self._lock:
            job_id = len(self.requests) + 1
            self.requests[job_id] = request
            self.on_event(Queued(job_id, request))
            self._waiting.append(job_id)
            self._wake.notify_all()
        return job_id

    def cancel(self, job_id: JobId) -> None:
        with self._lock:
            self.cancelled.add(job_id)
            if job_id in self._waiting:
                self._waiting.remove(job_id)
                self.on_event(Cancelled(job_id))

    def cancel_all(self) -> None:
        with self._lock:
            for job_id in list(self.requests):
                self.cancel(job_id)

    def audition(self, job_id: JobId, ear_s: float | None) -> None:
        self.ears[job_id] = ear_s

    def plan(self, request: GenerationRequest) -> Score:
        return planned(request)

    def wording(self, request: GenerationRequest) -> str:
        """As typed, with "lofi" in full."""
        return request.prompt.replace("lofi", "lo-fi hip hop")

    def models(self) -> tuple[ModelInfo, ...]:
        return self.known_models

    def warm_up(self) -> None:
        self.warmed_up = True
        self.on_event(Ready("fake device"))

    def close(self) -> None:
        self.cancel_all()
        if self._thread is None:
            self.run_until_idle()
        with self._lock:
            self.closed = True
            self._wake.notify_all()
        if self._thread and self._thread is not threading.current_thread():
            self._thread.join(timeout=10)

    @property
    def idle(self) -> bool:
        with self._lock:
            return self._running is None and not self._waiting

    def advance(self) -> Event | None:
        """Emit the next event of the running job, starting the next job; None when idle."""
        with self._lock:
            while True:
                if self._running is None:
                    if not self._waiting:
                        return None
                    self._running = self._events(self._waiting.popleft())
                event = next(self._running, None)
                if event is not None:
                    self.on_event(event)
                    return event
                self._running = None

    def run_until(self, wanted: Callable[[Event], bool]) -> Event:
        """Advance until an event satisfies `wanted`; a test asking in vain fails."""
        while (event := self.advance()) is not None:
            if wanted(event):
                return event
        raise AssertionError("the fake engine ran dry before the wanted event")

    def run_until_idle(self) -> None:
        while self.advance() is not None:
            pass

    def _events(self, job_id: JobId) -> Iterator[Event]:
        request = self.requests[job_id]
        failure, fail_after = self.fail_with, self.fail_after
        self.fail_with = None
        yield Loading(job_id, "Loading the model")
        for step in range(1, request.steps + 1):
            if job_id in self.cancelled:
                yield Cancelled(job_id)
                return
            if failure is not None and step > fail_after:
                break
            left_s = 0.02 * (request.steps - step)
            evaluations = sum(request.sampler.costs(request.steps)[:step])
            yield Progress(job_id, step, request.steps, evaluations, left_s)
            if (ear_s := self.ears.get(job_id)) is not None:
                yield self._excerpt(job_id, step, ear_s)
            if request.previews:
                yield self._preview(job_id, step)
        if job_id in self.cancelled:
            yield Cancelled(job_id)
        elif failure is not None:
            yield Failed(job_id, failure)
        else:
            yield Finished(job_id, clip(request, self.clip_s))

    def _preview(self, job_id: JobId, step: int) -> Preview:
        request = self.requests[job_id]
        duration_s = planned(request).loop_s or request.duration_s
        shown = picture(duration_s, step / request.steps, seed=step)
        return Preview(job_id, step, request.steps, shown)

    def _excerpt(self, job_id: JobId, step: int, ear_s: float) -> Excerpt:
        """A second of the clip that it will be, a little softer with each step left."""
        whole = clip(self.requests[job_id], self.clip_s).audio
        begin = min(round(ear_s * SAMPLE_RATE), len(whole))
        softer = step / self.requests[job_id].steps
        audio = softer * whole[begin : begin + SAMPLE_RATE]
        return Excerpt(job_id, step, audio.astype(np.float32), SAMPLE_RATE, begin, len(whole))

    def _loop(self) -> None:
        while True:
            with self._wake:
                while self.idle and not self.closed:
                    self._wake.wait()
                if self.closed and self.idle:
                    return
                self.advance()
            if self._event_s:
                threading.Event().wait(self._event_s)
