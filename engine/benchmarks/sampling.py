"""How fast a warm engine answers: a whole clip, the first picture and sound, a cancel."""

from __future__ import annotations

import queue
import time
from collections.abc import Iterator
from statistics import median

from engine.api import (
    Cancelled,
    Event,
    Excerpt,
    Failed,
    Finished,
    GenerationRequest,
    JobId,
    Preview,
    Progress,
    Ready,
)
from engine.benchmarks.table import Figure, Setting
from engine.models.registry import Registry
from engine.worker import EngineWorker

CLIP_BAR_S = 1.5  # 10 s of stereo, 25 steps, with guidance and pictures, on 2 cores with AMX
FIRST_PICTURE_BAR_S = 0.3
PICTURES_BAR = 1.10
FIRST_SOUND_BAR_S = 0.1
HEARING_BAR = 1.25


class Session:
    """A warm engine whose events carry the time at which they came."""

    def __init__(self, setting: Setting) -> None:
        self.setting = setting
        self._info = Registry.default().info(setting.model)
        self._events: queue.SimpleQueue[tuple[float, Event]] = queue.SimpleQueue()
        self.engine = EngineWorker(lambda e: self._events.put((time.perf_counter(), e)))

    def __enter__(self) -> Session:
        self.engine.warm_up()
        _, ready = self.wait_for(Ready)
        assert isinstance(ready, Ready)
        if ready.problem:
            raise ready.problem
        self.clip_s()
        return self

    def __exit__(self, *_: object) -> None:
        self.engine.close()

    def submit(self, *, previews: bool = True) -> tuple[float, JobId]:
        """When, and which job."""
        setting = self.setting
        request = GenerationRequest(
            setting.prompt,
            duration_s=setting.seconds,
            seed=1,
            previews=previews,
            **self._info.own_settings | {"steps": setting.steps},
        )
        began = time.perf_counter()
        return began, self.engine.submit(request)

    def wait_for(self, kind: type[Event]) -> tuple[float, Event]:
        """When the next event of `kind` came, and the event. Raises what a job failed with."""
        while True:
            at, event = self._events.get()
            if isinstance(event, kind):
                return at, event
            if isinstance(event, Failed):
                raise event.error

    def clip_s(self, *, previews: bool = True) -> float:
        began, _ = self.submit(previews=previews)
        return self.wait_for(Finished)[0] - began

    def sampling_s(self, *, previews: bool = True, heard: bool = False) -> float:
        """From the first step's end to the last one's, so that decoding hides nothing.

        `heard` by an ear that goes on from the clip's start, as fast as time does.
        """
        _, job_id = self.submit(previews=previews)
        first, event = self.wait_for(Progress)
        last = first
        while not isinstance(event, Finished):
            if heard:
                self.engine.audition(job_id, time.perf_counter() - first)
            at, event = self._events.get()
            if isinstance(event, Preview if previews else Progress):
                last = at
        return last - first

    def first_picture_s(self) -> float:
        began, job_id = self.submit()
        at, _ = self.wait_for(Preview)
        self.engine.cancel(job_id)
        self.wait_for(Cancelled)
        return at - began

    def first_sound_s(self, after_step: int, into_step_s: float) -> float:
        """Seconds from asking to hear a job in its middle to the first sound of it."""
        job_id = self._submit_and_reach(after_step, into_step_s)
        began = time.perf_counter()
        self.engine.audition(job_id, self.setting.seconds / 2)
        at, _ = self.wait_for(Excerpt)
        self.engine.cancel(job_id)
        self.wait_for(Cancelled)
        return at - began

    def _submit_and_reach(self, step: int, into_step_s: float) -> JobId:
        """A job that is `into_step_s` beyond the end of `step`."""
        _, job_id = self.submit()
        while True:
            _, event = self.wait_for(Progress)
            if isinstance(event, Progress) and event.step == step:
                time.sleep(into_step_s)
                return job_id

    def cancel(self, after_step: int, into_step_s: float) -> tuple[float, int]:
        """Seconds from cancelling to `Cancelled`, and the steps that still ended meanwhile."""
        job_id = self._submit_and_reach(after_step, into_step_s)
        began = time.perf_counter()
        self.engine.cancel(job_id)
        event: Event | None = None
        steps = 0
        while not isinstance(event, Cancelled):
            at, event = self._events.get()
            steps += isinstance(event, Progress) and at > began
        return at - began, steps


def measure_clip(setting: Setting) -> Iterator[Figure]:
    what = f"{setting.seconds:g} s clip, {setting.steps} steps"
    usual = (setting.seconds, setting.steps) == (10.0, 25)
    with Session(setting) as session:
        taken = [session.clip_s() for _ in range(setting.repeats)]
        yield Figure(what, median(taken), "s", CLIP_BAR_S if usual else None)
        pairs = [
            session.sampling_s(previews=True) / session.sampling_s(previews=False)
            for _ in range(setting.repeats)
        ]
        yield Figure("sampling with pictures over without", median(pairs), "", PICTURES_BAR)
        pairs = [
            session.sampling_s(heard=True) / session.sampling_s() for _ in range(setting.repeats)
        ]
        yield Figure("sampling while heard over unheard", median(pairs), "", HEARING_BAR)


def measure_response(setting: Setting) -> Iterator[Figure]:
    with Session(setting) as session:
        firsts = [session.first_picture_s() for _ in range(setting.repeats)]
        bar = FIRST_PICTURE_BAR_S if setting.seconds <= 10 else None
        yield Figure("generate to first picture", median(firsts), "s", bar)
        last_step = max(1, setting.steps - 3)
        moments = [(1 + i % last_step, 0.005 * (i % 7)) for i in range(2 * setting.repeats)]
        sounds = [session.first_sound_s(*moment) for moment in moments]
        bar = FIRST_SOUND_BAR_S if setting.seconds <= 10 else None
        yield Figure("asking to hear it to first sound", median(sounds), "s", bar)
        cancels = [session.cancel(*moment) for moment in moments]
        yield Figure("cancel to cancelled", median(taken_s for taken_s, _ in cancels), "s")
        yield Figure("steps ended after cancel, at most", max(n for _, n in cancels), "", 1)
