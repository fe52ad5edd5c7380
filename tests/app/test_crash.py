"""Killed at random moments, thirty times: no finished take is lost and every file is whole."""

import contextlib
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from app.library import Library, TakeState
from tests.app.crash_child import RATE, sound

ROOT = Path(__file__).resolve().parents[2]
KILLS = 30
LONGEST_RUN_S = 0.12  # after the first take; saving one takes 10 to 40 ms


def run_and_kill(folder: Path, first_seed: int, after_s: float) -> dict[str, int]:
    """Let a process save takes, kill it, and return what it had reported: seeds by id."""
    child = subprocess.Popen(
        [sys.executable, "-m", "tests.app.crash_child", str(folder), str(first_seed)],
        stdout=subprocess.PIPE,
        cwd=ROOT,
        text=True,
    )
    assert child.stdout is not None
    first = child.stdout.readline()
    time.sleep(after_s)
    child.send_signal(signal.SIGKILL)
    rest = child.stdout.read()
    child.stdout.close()
    assert child.wait() == -signal.SIGKILL
    lines = [line for line in (first + rest).splitlines(keepends=True) if line.endswith("\n")]
    return {id: int(seed) for id, seed in (line.split() for line in lines)}


@pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL")
def test_no_finished_take_is_lost(tmp_path: Path) -> None:
    pause = random.Random(30)
    for kill in range(KILLS):
        folder = tmp_path / str(kill % 3)  # ten kills hit the same library
        finished = run_and_kill(folder, 1000 * kill, pause.uniform(0, LONGEST_RUN_S))
        assert finished
        check(folder, finished)


def check(folder: Path, finished: dict[str, int]) -> None:
    with contextlib.closing(Library(folder)) as library:
        takes = {take.id: take for take in library.all()}
        assert set(finished) <= set(takes)
        for id, take in takes.items():
            assert take.state is TakeState.SAVED
            assert take.request.seed == finished.get(id, take.request.seed)
            clip = library.clip(take)
            assert (clip.sample_rate, take.frames) == (RATE, len(clip.audio))
            assert take.request.seed is not None
            if id in finished:
                np.testing.assert_array_equal(clip.audio, sound(take.request.seed))
        assert not library.repairs.unreadable
        assert not list(folder.rglob("*.part"))
