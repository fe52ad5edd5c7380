"""The worker's promises: order, one end a job, cancelling within a step, smaller ways, no torch."""

from __future__ import annotations

import gc
import queue
import subprocess
import sys
import threading
import weakref
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from random import Random
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.api import (
    Cancelled,
    Event,
    Excerpt,
    Failed,
    Finished,
    GenerationRequest,
    JobId,
    Loading,
    Preview,
    Progress,
    Queued,
    Ready,
    SamplerName,
)
from engine.device import Device, choose
from engine.errors import InternalError, ModelUnavailable, OutOfMemory
from engine.models.registry import Registry
from engine.worker import EngineWorker
from tests.engine.scripted_model import Gate, ScriptedRegistry

REQUEST = GenerationRequest("slow jazz", duration_s=1.0, steps=3, seed=7)
ENDS = (Finished, Cancelled, Failed)
WAIT_S = 120.0


class Studio:
    """A worker on the scripted model, with its events."""

    def __init__(self) -> None:
        self.registry = ScriptedRegistry()
        self.events: list[Event] = []
        self.when: Callable[[Event], object] = lambda event: None
        self._ended: queue.SimpleQueue[Event] = queue.SimpleQueue()
        self.worker = EngineWorker(self._heard, registry=self.registry, device_kind="cpu")  # type: ignore[arg-type]
        self.model = self.registry.model

    def _heard(self, event: Event) -> None:
        self.events.append(event)
        self.when(event)
        if isinstance(event, ENDS):
            self._ended.put(event)

    def end(self) -> Any:
        """The next terminal event."""
        return self._ended.get(timeout=WAIT_S)

    def kinds(self, job_id: JobId) -> list[str]:
        mine = [e for e in self.events if not isinstance(e, Ready) and e.job_id == job_id]
        return [type(e).__name__ for e in mine]


@pytest.fixture
def studio() -> Iterator[Studio]:
    studio = Studio()
    yield studio
    studio.worker.close()


def test_events_come_in_order(studio: Studio) -> None:
    job = studio.worker.submit(REQUEST)
    assert isinstance(studio.end(), Finished)
    assert studio.kinds(job) == ["Queued", "Loading", *["Progress", "Preview"] * 3, "Finished"]
    progress = [e for e in studio.events if isinstance(e, Progress)]
    assert [(e.step, e.total, e.evaluations) for e in progress] == [(1, 3, 1), (2, 3, 2), (3, 3, 3)]
    assert progress[-1].seconds_left >= 0
    again = studio.worker.submit(GenerationRequest("slow jazz", steps=1, previews=False))
    assert studio.end().job_id == again
    assert studio.kinds(again) == ["Queued", "Progress", "Finished"]


def test_jobs_run_one_after_another_in_the_order_asked(studio: Studio) -> None:
    jobs = [studio.worker.submit(REQUEST) for _ in range(4)]
    assert [studio.end().job_id for _ in jobs] == jobs


def test_a_running_job_stops_before_its_next_step(studio: Studio) -> None:
    gate = Gate()
    studio.model.on_call = gate
    job = studio.worker.submit(REQUEST)
    assert gate.reached.wait(WAIT_S)
    studio.worker.cancel(job)
    gate.open()
    assert studio.end() == Cancelled(job)
    assert studio.model.calls == 1
    assert studio.model.codec.decodes == 0


def test_a_cancel_from_the_last_steps_event_comes_before_decoding() -> None:
    registry, ended = ScriptedRegistry(), threading.Event()

    def on_event(event: Event) -> None:
        if isinstance(event, Progress) and event.step == event.total:
            worker.cancel(event.job_id)
        if isinstance(event, Cancelled):
            ended.set()

    with EngineWorker(on_event, registry=registry, device_kind="cpu") as worker:  # type: ignore[arg-type]
        worker.submit(REQUEST)
        assert ended.wait(WAIT_S)
    assert registry.model.codec.decodes == 0


def test_waiting_jobs_are_cancelled_at_once_and_never_run(studio: Studio) -> None:
    gate = Gate()
    studio.model.on_call = gate
    running, waiting = studio.worker.submit(REQUEST), studio.worker.submit(REQUEST)
    assert gate.reached.wait(WAIT_S)
    studio.worker.cancel(waiting)
    assert studio.kinds(waiting) == ["Queued", "Cancelled"]
    studio.worker.cancel(waiting)
    studio.worker.cancel_all()
    gate.open()
    assert [studio.end().job_id for _ in range(2)] == [waiting, running]
    studio.worker.cancel(999)


def test_who_listens_hears_each_estimate_from_where_they_are_even_without_pictures(
    studio: Studio,
) -> None:
    gate = Gate()
    studio.model.on_call = gate
    job = studio.worker.submit(GenerationRequest("jazz", duration_s=5.0, steps=3, previews=False))
    assert gate.reached.wait(WAIT_S)
    studio.worker.audition(job, 1.25)
    ears = iter([4.5, None])
    studio.when = lambda event: (
        studio.worker.audition(job, next(ears)) if isinstance(event, Excerpt) else None
    )
    gate.open()
    studio.end()
    assert not any(isinstance(e, Preview) for e in studio.events)
    heard = [e for e in studio.events if isinstance(e, Excerpt)]
    assert [(e.step, e.begin, e.clip_frames) for e in heard] == [
        (1, 1_250, 5_000),
        (2, 4_500, 5_000),
    ]
    assert len(heard[0].audio) >= 900  # more, where a step takes long
    assert len(heard[1].audio) == 500


def test_memory_that_runs_out_once_leads_to_the_smaller_way(studio: Studio) -> None:
    def only_one_fits(batch: int) -> None:
        if batch > 1:
            raise RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory: …")

    studio.model.on_call = only_one_fits
    job = studio.worker.submit(REQUEST)
    end = studio.end()
    assert isinstance(end, Finished)
    assert "Memory was short" in end.clip.notices[-1]
    assert studio.kinds(job).count("Loading") == 2


@pytest.mark.parametrize("sampler", SamplerName)
def test_a_smaller_way_has_the_room_of_the_failed_one_without_a_garbage_collection(
    studio: Studio, monkeypatch: pytest.MonkeyPatch, sampler: SamplerName
) -> None:
    """No cycle may hold the failed try: its collection would end the window's objects too."""
    held: list[weakref.ref[torch.Tensor]] = []
    left: list[bool] = []

    def only_one_fits(batch: int) -> None:
        activations = torch.ones(batch)
        if batch > 1 and studio.model.calls > 2:
            held.append(weakref.ref(activations))
            raise RuntimeError("out of memory")

    studio.model.on_call = only_one_fits
    monkeypatch.setattr(Device, "release_memory", lambda _: left.append(held[-1]() is not None))
    gc.disable()
    try:
        studio.worker.submit(replace(REQUEST, steps=5, sampler=sampler))
        assert isinstance(studio.end(), Finished)
    finally:
        gc.enable()
    assert left == [False]


@pytest.mark.parametrize("error", [MemoryError(), RuntimeError("CUDA out of memory.")])
def test_memory_that_stays_short_is_said_and_the_engine_lives_on(
    studio: Studio, error: Exception
) -> None:
    def refuse(batch: int) -> None:
        raise error

    studio.model.on_call = refuse
    studio.worker.submit(REQUEST)
    end = studio.end()
    assert isinstance(end.error, OutOfMemory)
    assert end.error.remedy
    studio.model.on_call = lambda batch: None
    studio.worker.submit(REQUEST)
    assert isinstance(studio.end(), Finished)


def test_a_clip_that_cannot_fit_is_refused_before_any_work(
    studio: Studio, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Device, "free_bytes", lambda _: 999)
    studio.worker.submit(REQUEST)
    assert isinstance(studio.end().error, OutOfMemory)
    assert studio.model.calls == 0
    monkeypatch.setattr(Device, "free_bytes", lambda _: None)
    studio.worker.submit(REQUEST)
    assert isinstance(studio.end(), Finished)


def test_a_fault_of_ours_carries_its_traceback(studio: Studio) -> None:
    studio.model.codec.on_decode = lambda: [][1]  # type: ignore[assignment, return-value]
    studio.worker.submit(REQUEST)
    end = studio.end()
    assert isinstance(end.error, InternalError)
    assert "IndexError" in end.error.details


def test_a_model_that_cannot_be_loaded_fails_the_job_and_is_tried_again(studio: Studio) -> None:
    def refuse() -> None:
        raise ModelUnavailable("Gone.", "Fetch it.")

    studio.registry.on_load = refuse
    studio.worker.warm_up()
    studio.worker.submit(REQUEST)
    assert studio.end().error.message == "Gone."
    studio.registry.on_load = lambda: None
    studio.worker.submit(REQUEST)
    assert isinstance(studio.end(), Finished)
    problems = [e.problem for e in studio.events if isinstance(e, Ready)]
    assert all(isinstance(problem, ModelUnavailable) for problem in problems if problem)


def test_a_job_that_comes_while_the_model_loads_hears_it_at_once(studio: Studio) -> None:
    gate = Gate()
    studio.registry.on_load = gate
    studio.worker.warm_up()
    assert gate.reached.wait(WAIT_S)
    job = studio.worker.submit(REQUEST)
    assert studio.kinds(job) == ["Queued", "Loading"]
    gate.open()
    assert isinstance(studio.end(), Finished)


def test_warming_up_ends_in_ready_even_when_a_job_came_first(studio: Studio) -> None:
    gate = Gate()
    studio.model.on_call = gate
    studio.worker.submit(REQUEST)
    assert gate.reached.wait(WAIT_S)
    studio.worker.warm_up()
    gate.open()
    studio.end()
    for _ in range(1_000):
        if isinstance(studio.events[-1], Ready):
            break
        threading.Event().wait(0.01)
    assert studio.events[-1] == Ready(choose("cpu").title)


def test_a_callback_that_raises_harms_no_job() -> None:
    ends: queue.SimpleQueue[Event] = queue.SimpleQueue()

    def on_event(event: Event) -> None:
        if isinstance(event, ENDS):
            ends.put(event)
        raise ValueError("a bug in the window")

    with EngineWorker(on_event, registry=ScriptedRegistry(), device_kind="cpu") as worker:  # type: ignore[arg-type]
        for _ in range(2):
            worker.submit(REQUEST)
            assert isinstance(ends.get(timeout=WAIT_S), Finished)


def test_closing_ends_every_job_and_may_be_repeated() -> None:
    studio = Studio()
    gate = Gate()
    studio.model.on_call = gate
    jobs = {studio.worker.submit(REQUEST) for _ in range(3)}
    assert gate.reached.wait(WAIT_S)
    threading.Timer(0.1, gate.open).start()
    studio.worker.close()
    studio.worker.close()
    assert {e.job_id for e in studio.events if isinstance(e, Cancelled)} == jobs
    with pytest.raises(RuntimeError, match="closed"):
        studio.worker.submit(REQUEST)


def test_the_engine_may_be_closed_from_its_own_event() -> None:
    closed = threading.Event()

    def on_event(event: Event) -> None:
        if isinstance(event, Progress):
            worker.close()
        if isinstance(event, Cancelled):
            closed.set()

    worker = EngineWorker(on_event, registry=ScriptedRegistry(), device_kind="cpu")  # type: ignore[arg-type]
    worker.submit(REQUEST)
    assert closed.wait(WAIT_S)
    worker.close()


OPERATIONS = ("submit", "submit", "submit", "cancel", "cancel_all", "audition", "warm_up", "wait")


@settings(max_examples=25, deadline=None)
@given(st.lists(st.sampled_from(OPERATIONS), max_size=30), st.integers(0, 2**32))
def test_whatever_happens_each_job_has_one_beginning_and_one_end(
    operations: list[str], seed: int
) -> None:
    rng, studio = Random(seed), Studio()
    faults = [
        RuntimeError("out of memory"),
        ValueError("a bug"),
        MemoryError(),
        ModelUnavailable("x"),
    ]

    def now_and_then(*_: object) -> None:
        if rng.random() < 0.1:
            raise rng.choice(faults)

    studio.model.on_call = studio.model.codec.on_decode = studio.registry.on_load = now_and_then
    jobs: list[JobId] = []
    _operate(studio, operations, rng, jobs)
    ends = [e for e in studio.events if isinstance(e, ENDS)]
    assert Counter(e.job_id for e in ends) == Counter(jobs)
    for job in jobs:
        kinds = studio.kinds(job)
        assert kinds[0] == "Queued"
        assert kinds[-1] in ("Finished", "Cancelled", "Failed")


def _operate(studio: Studio, operations: list[str], rng: Random, jobs: list[JobId]) -> None:
    """Do what `operations` say, then close: at once, or when every job has ended."""
    for operation in operations:
        match operation:
            case "submit":
                jobs.append(studio.worker.submit(REQUEST))
            case "wait":
                threading.Event().wait(rng.random() / 200)
            case "cancel":
                studio.worker.cancel(rng.choice(jobs) if jobs else 1)
            case "audition":
                studio.worker.audition(rng.choice(jobs) if jobs else 1, rng.choice([None, 0.5]))
            case _:
                getattr(studio.worker, operation)()
    if rng.random() < 0.5:
        while sum(isinstance(e, ENDS) for e in list(studio.events)) < len(jobs):
            studio.end()
    studio.worker.close()


def test_a_real_model_makes_a_clip_through_the_door(tiny_registry: Registry) -> None:
    ends: queue.SimpleQueue[Event] = queue.SimpleQueue()
    with EngineWorker(ends.put, registry=tiny_registry, device_kind="cpu") as worker:
        worker.warm_up()
        worker.submit(REQUEST)
        while not isinstance(event := ends.get(timeout=WAIT_S), ENDS):
            assert isinstance(event, Ready | Queued | Loading | Progress | Preview)
    assert isinstance(event, Finished)
    assert event.clip.audio.shape == (44_100, 2)
    assert event.clip.elapsed_s > 0


def test_listing_planning_and_waiting_touch_no_torch() -> None:
    script = """
import sys
from engine.api import GenerationRequest
from engine.worker import EngineWorker
with EngineWorker(print) as worker:
    worker.models()
    assert worker.plan(GenerationRequest("slow jazz")).chords
sys.exit("torch" in sys.modules)
"""
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0
