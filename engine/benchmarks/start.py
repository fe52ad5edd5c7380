"""How long from nothing to a first clip, and how much memory an engine keeps."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from statistics import median

from engine.benchmarks.sampling import Session
from engine.benchmarks.table import Figure, Setting
from engine.errors import EngineError

FIRST_CLIP_BAR_S = 10.0
MEMORY_BAR_MB = 1_500.0
MEMORY_CLIPS = 20

# Run by a fresh interpreter: the worker as the window uses it, without the window.
_FIRST_CLIP = """
import json, queue, sys
from engine.api import Failed, Finished, GenerationRequest
from engine.worker import EngineWorker
events = queue.SimpleQueue()
with EngineWorker(events.put) as engine:
    engine.submit(GenerationRequest(**json.loads(sys.argv[1])))
    while not isinstance(event := events.get(), Finished):
        if isinstance(event, Failed):
            sys.exit(str(event.error))
    print("finished", flush=True)
"""


def measure_start(setting: Setting) -> Iterator[Figure]:
    usual = (setting.seconds, setting.steps) == (10.0, 25)
    taken = [_first_clip_s(setting) for _ in range(min(3, setting.repeats))]
    yield Figure(
        "process start to first clip", median(taken), "s", FIRST_CLIP_BAR_S if usual else None
    )


def measure_memory(setting: Setting) -> Iterator[Figure]:
    """Resident memory of this process; Linux only, elsewhere there is no figure."""
    with Session(setting) as session:
        before = resident_mb()
        if before is None:
            return
        for _ in range(MEMORY_CLIPS):
            session.clip_s()
        after = resident_mb()
    assert after is not None
    yield Figure(f"memory after {MEMORY_CLIPS} clips", after, "MB", MEMORY_BAR_MB)
    yield Figure("growth a clip", (after - before) / MEMORY_CLIPS, "MB")


def resident_mb() -> float | None:
    """This process's resident set, in 10⁶ bytes."""
    try:
        with open("/proc/self/status", encoding="ascii") as status:
            line = next(line for line in status if line.startswith("VmRSS:"))
    except (OSError, StopIteration):
        return None
    return int(line.split()[1]) * 1_024 / 1e6


def _first_clip_s(setting: Setting) -> float:
    request = {
        "prompt": setting.prompt,
        "duration_s": setting.seconds,
        "steps": setting.steps,
        "model": setting.model,
    }
    command = [sys.executable, "-c", _FIRST_CLIP, json.dumps(request)]
    began = time.perf_counter()
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as child:
        assert child.stdout is not None
        assert child.stderr is not None
        said = child.stdout.readline()
        taken = time.perf_counter() - began
        complaint = child.stderr.read()
    if said.strip() != "finished":
        raise EngineError("The first clip could not be made.", complaint.strip())
    return taken
