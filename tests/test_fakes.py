"""The fake keeps the promises that the window's tests rely on."""

import threading

from engine.api import (
    Cancelled,
    Engine,
    Event,
    Excerpt,
    Failed,
    Finished,
    GenerationRequest,
    Preview,
)
from engine.errors import OutOfMemory
from tests.fakes import SAMPLE_RATE, FakeEngine

REQUEST = GenerationRequest("slow jazz", duration_s=1.0, steps=3)


def test_a_job_runs_by_hand_to_its_one_end() -> None:
    events: list[Event] = []
    engine: Engine = FakeEngine(events.append)
    assert isinstance(engine, FakeEngine)
    job = engine.submit(REQUEST)
    engine.audition(job, 0.25)
    engine.run_until_idle()
    assert [type(e).__name__ for e in events] == [
        "Queued", "Loading", *["Progress", "Excerpt", "Preview"] * 3, "Finished",
    ]  # fmt: skip
    excerpts = [e for e in events if isinstance(e, Excerpt)]
    assert [e.begin for e in excerpts] == [SAMPLE_RATE // 4] * 3


def test_cancel_and_failure_are_terminal() -> None:
    events: list[Event] = []
    engine = FakeEngine(events.append)
    running, waiting = engine.submit(REQUEST), engine.submit(REQUEST)
    engine.run_until(lambda e: isinstance(e, Preview))
    engine.cancel_all()
    engine.run_until_idle()
    engine.fail_with, engine.fail_after = OutOfMemory("Full.", "Shorten it."), 1
    failing = engine.submit(REQUEST)
    engine.run_until_idle()
    ends = [e for e in events if isinstance(e, Cancelled | Failed | Finished)]
    assert sorted(e.job_id for e in ends) == [running, waiting, failing]
    assert isinstance(ends[-1], Failed)


def test_threaded_it_finishes_and_closes() -> None:
    done = threading.Event()
    engine = FakeEngine(lambda e: done.set() if isinstance(e, Finished) else None, threaded=True)
    engine.submit(REQUEST)
    assert done.wait(10)
    engine.close()
    assert engine.closed
