"""From the scenes, each played in a process of its own, to figures beside their bars."""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from statistics import median
from typing import Any

from app.benchmarks.null_sink import somewhere_to_play
from engine.benchmarks.table import Figure

START_RUNS = 3
USABLE_BAR_S = 2.0
FIRST_TAKE_BAR_S = 10.0
BLOCK_BAR_MS = 50.0
MEMORY_BAR_MB = 1_500.0
Result = dict[str, Any]
Options = argparse.Namespace


def measure(options: Options) -> Iterator[Figure]:
    """The figures of the scenes named in `options`, or of all. Raises `RuntimeError`."""
    for name, figures in _FIGURES.items():
        if not options.names or name in options.names:
            yield from figures(options)


def start_figures(options: Options) -> Iterator[Figure]:
    """Medians of `START_RUNS` starts; the second bar is for takes of the usual length."""
    runs = [run_scene("start", options) for _ in range(START_RUNS)]
    usual = (options.seconds, options.steps) == (10.0, 25)
    usable_s = median(r["usable_s"] for r in runs)
    yield Figure("process start to a usable window", usable_s, "s", USABLE_BAR_S)
    yield Figure(
        "process start to the first take",
        median(r["first_take_s"] for r in runs),
        "s",
        FIRST_TAKE_BAR_S if usual else None,
    )


def together_figures(options: Options) -> Iterator[Figure]:
    with somewhere_to_play() as (environment, note):
        result = run_scene("together", options, environment)
    if result["underruns"] is None:
        note = "nothing played: there is no audio output"
    yield Figure("underruns while playing and generating", result["underruns"], "", 0, note)
    yield Figure("takes made meanwhile", result["takes"], "")
    longest_ms, where = result["longest_block_ms"], result["where"]
    yield Figure("longest block of the event loop", longest_ms, "ms", BLOCK_BAR_MS, where)
    yield Figure(
        "most computed by the window in one block",
        result["busiest_ms"],
        "ms",
        BLOCK_BAR_MS,
        result["busiest_where"],
    )
    yield Figure(f"blocks over {BLOCK_BAR_MS:g} ms", result["long_blocks"], "", 0)


def memory_figures(options: Options) -> Iterator[Figure]:
    """At each quarter of the takes, and how much each of the second half added."""
    readings = [tuple(reading) for reading in run_scene("memory", options)["readings"]]
    if not readings:
        yield Figure("memory", None, "MB", note="this system does not tell it")
        return
    for takes, resident_mb in readings:
        bar = MEMORY_BAR_MB if takes == 20 else None
        yield Figure(f"memory of the window after {takes} takes", resident_mb, "MB", bar)
    (early, before_mb), (late, after_mb) = readings[(len(readings) - 1) // 2], readings[-1]
    if late > early:
        grown_mb = (after_mb - before_mb) / (late - early)
        yield Figure("growth a take, second half", grown_mb, "MB")


_FIGURES: dict[str, Callable[[Options], Iterator[Figure]]] = {
    "start": start_figures,
    "together": together_figures,
    "memory": memory_figures,
}


def run_scene(name: str, options: Options, environment: Mapping[str, str] | None = None) -> Result:
    """Start the program for one scene. Raises `RuntimeError` with what it printed when it fails."""
    words = [f"--{each}={getattr(options, each)}" for each in ("together", "takes", "steps")]
    words += [f"--seconds={options.seconds}", f"--scene={name}"]
    ended = subprocess.run(
        [sys.executable, "-m", "app.benchmarks", *words, f"--began={time.time()}"],
        env=_screen() | dict(environment or {}),
        capture_output=True,
        text=True,
        check=False,
    )
    lines = ended.stdout.splitlines()
    if ended.returncode or not lines:
        raise RuntimeError(f"the scene “{name}” failed:\n{ended.stderr[-2000:]}")
    return dict(json.loads(lines[-1]))


def _screen() -> dict[str, str]:
    """The environment, drawing off screen where there is no screen."""
    environment = dict(os.environ)
    if sys.platform == "linux" and not {"DISPLAY", "WAYLAND_DISPLAY"} & environment.keys():
        environment["QT_QPA_PLATFORM"] = "offscreen"
    return environment
