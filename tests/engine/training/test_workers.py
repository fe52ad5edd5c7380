"""Workers do their work, and outlive nobody."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from engine.training.workers import worker_pool

PARENT = """
from pathlib import Path
from tests.engine.training.test_workers import write_id
from engine.training.workers import worker_pool

if __name__ == "__main__":
    with worker_pool(1) as pool:
        pool.submit(write_id, Path({path!r})).result()
        print("working", flush=True)
        input()
"""


def write_id(path: Path) -> None:
    path.write_text(str(os.getpid()))


def say_begun() -> None:
    os.environ["BEGUN"] = "yes"


def has_begun(_: int) -> tuple[int, str | None]:
    return os.getpid(), os.environ.get("BEGUN")


def test_every_worker_begins_as_it_is_told() -> None:
    with worker_pool(2, say_begun) as pool:
        answers = list(pool.map(has_begun, range(4)))
    assert os.getpid() not in {id for id, _ in answers}
    assert {begun for _, begun in answers} == {"yes"}


@pytest.mark.skipif(sys.platform == "win32", reason="asks for a process by signal 0")
def test_workers_end_with_a_killed_parent(tmp_path: Path) -> None:
    script, note = tmp_path / "parent.py", tmp_path / "id"
    script.write_text(PARENT.format(path=str(note)))
    with subprocess.Popen(
        [sys.executable, str(script)], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
    ) as parent:  # fmt: skip
        assert parent.stdout is not None
        assert parent.stdout.readline().strip() == b"working"
        parent.kill()
    worker, end = int(note.read_text()), time.monotonic() + 20
    while is_alive(worker):
        assert time.monotonic() < end, "the worker outlived its parent"
        time.sleep(0.05)


def is_alive(id: int) -> bool:
    try:
        os.kill(id, 0)
    except ProcessLookupError:
        return False
    return (
        not Path(f"/proc/{id}/stat").exists() or " Z " not in Path(f"/proc/{id}/stat").read_text()
    )
