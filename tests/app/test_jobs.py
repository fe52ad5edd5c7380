"""Engine events on their way to the window: the bridge's order and the jobs' state."""

from __future__ import annotations

import threading

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from app.engine_bridge import EngineBridge
from app.state.jobs import PICTURE_BYTES, Job, Jobs, JobState
from engine.api import Event, Excerpt, GenerationRequest, Picture, Preview, Progress, Queued, Score
from engine.errors import OutOfMemory
from tests.fakes import FakeEngine, clip, picture

REQUEST = GenerationRequest("piano", duration_s=1.0, steps=4)


@pytest.fixture
def engine(qtbot: QtBot) -> FakeEngine:
    bridge = EngineBridge()
    engine = FakeEngine(bridge.on_event, clip_s=0.1)
    engine.bridge = bridge  # type: ignore[attr-defined]
    engine.jobs = Jobs(engine, bridge)  # type: ignore[attr-defined]
    return engine


@pytest.fixture
def jobs(engine: FakeEngine) -> Jobs:
    made = engine.jobs  # type: ignore[attr-defined]
    assert isinstance(made, Jobs)
    return made


def step_by_step(engine: FakeEngine) -> None:
    """Run until idle, each event delivered on its own, as to a window that is not busy."""
    deliver = engine.bridge.deliver  # type: ignore[attr-defined]
    deliver()
    while engine.advance() is not None:
        deliver()


def preview(step: int) -> Preview:
    return Preview(1, step, 4, picture(1.0, step / 4))


def excerpt(step: int, job_id: int = 1) -> Excerpt:
    return Excerpt(job_id, step, clip(REQUEST, 0.1).audio, 44_100, 0, 44_100)


def test_a_busy_window_gets_the_latest_preview_and_every_other_event(qtbot: QtBot) -> None:
    bridge, got = EngineBridge(), []
    for signal in (bridge.queued, bridge.progress, bridge.preview, bridge.excerpt):
        signal.connect(got.append)
    sent: list[Event] = [Queued(1, REQUEST)]
    for step in range(1, 5):
        heard = excerpt(step) if step == 2 else Progress(1, step, 4, step, 0.0)
        sent += [heard, preview(step)]
    thread = threading.Thread(target=lambda: [bridge.on_event(event) for event in sent])
    thread.start()
    thread.join()
    assert got == []
    qtbot.waitUntil(lambda: len(got) == 6)
    assert got == [sent[0], sent[1], sent[3], sent[5], sent[7], sent[8]]


def test_previews_of_two_jobs_do_not_displace_each_other(qtbot: QtBot) -> None:
    bridge, got = EngineBridge(), []
    bridge.preview.connect(got.append)
    first, second = preview(1), Preview(2, 1, 4, picture(1.0, 0.2))
    bridge.on_event(first)
    bridge.on_event(second)
    bridge.deliver()
    assert got == [first, second]


def test_a_job_goes_from_queued_to_finished(engine: FakeEngine, jobs: Jobs) -> None:
    seen: list[JobState] = []
    over = JobState.FINISHED
    jobs.changed.connect(lambda: seen.append(jobs.active.state if jobs.active else over))
    finished: list[Job] = []
    jobs.finished.connect(finished.append)
    jobs.start([REQUEST])
    step_by_step(engine)
    assert list(dict.fromkeys(seen)) == [
        JobState.QUEUED, JobState.LOADING, JobState.RUNNING, JobState.FINISHED,
    ]  # fmt: skip
    assert finished[0].clip is not None
    assert jobs.active is None
    assert jobs.steps == [1, 2, 3, 4]


def test_steps_can_be_looked_back_on(engine: FakeEngine, jobs: Jobs) -> None:
    jobs.start([REQUEST])
    step_by_step(engine)
    assert jobs.current is not None
    newest = jobs.shown_picture
    jobs.show_neighbour(-1)
    assert (jobs.shown_step, jobs.shown_picture is newest) == (4, True)
    jobs.show_step(2)
    assert jobs.shown_picture is jobs.current.pictures[2]
    jobs.show_neighbour(+1)
    assert jobs.shown_step == 3
    jobs.show_neighbour(+1)
    jobs.show_neighbour(+1)
    assert jobs.shown_step is None


def test_cancel_stops_one_and_cancel_all_the_rest(engine: FakeEngine, jobs: Jobs) -> None:
    ended: list[int] = []
    jobs.cancelled.connect(lambda job: ended.append(job.id))
    jobs.start([REQUEST] * 4)
    engine.run_until(lambda event: isinstance(event, Preview))
    engine.bridge.deliver()  # type: ignore[attr-defined]
    assert (jobs.active.id if jobs.active else 0, jobs.waiting) == (1, 3)
    jobs.cancel()
    engine.advance()
    engine.bridge.deliver()  # type: ignore[attr-defined]
    assert ended == [1]
    jobs.cancel_all()
    step_by_step(engine)
    assert sorted(ended) == [1, 2, 3, 4]


def test_a_failure_keeps_its_error(engine: FakeEngine, jobs: Jobs) -> None:
    failed: list[Job] = []
    jobs.failed.connect(failed.append)
    engine.fail_with, engine.fail_after = OutOfMemory("Full.", "Shorten it."), 1
    jobs.start([REQUEST])
    step_by_step(engine)
    assert failed[0].state is JobState.FAILED
    assert failed[0].error == engine.fail_with or isinstance(failed[0].error, OutOfMemory)


def test_warming_up_is_told_until_it_is_over(engine: FakeEngine, jobs: Jobs) -> None:
    devices: list[str] = []
    jobs.ready.connect(lambda event: devices.append(event.device))
    jobs.warm_up()
    assert jobs.warming
    engine.bridge.deliver()  # type: ignore[attr-defined]
    assert (jobs.warming, devices) == (False, ["fake device"])


def test_pictures_never_take_more_than_their_share() -> None:
    job = Job(1, REQUEST, Score())
    wide = Picture(np.zeros((128, 40_000), np.float32), 0.0, 20_000.0, 900.0)
    for step in range(1, 41):
        job.keep(step, wide)
        assert len(job.pictures) * wide.level_db.nbytes <= PICTURE_BYTES
    assert max(job.pictures) == 40
    assert min(job.pictures) < 20


def test_only_a_job_that_is_not_over_is_heard(engine: FakeEngine, jobs: Jobs) -> None:
    heard: list[Excerpt] = []
    jobs.heard.connect(heard.append)
    jobs.start([REQUEST])
    jobs.audition(1, 0.05)
    step_by_step(engine)
    assert [each.step for each in heard] == [1, 2, 3, 4]
    engine.on_event(excerpt(5))
    engine.bridge.deliver()  # type: ignore[attr-defined]
    assert len(heard) == 4
