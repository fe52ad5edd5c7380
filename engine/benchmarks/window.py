"""The window's own measurements, taken by `app.benchmarks` in a process of its own.

The engine does not import the window; it starts its benchmarks as a program and reads the
figures that this prints, one JSON object a line.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator

from engine.benchmarks.table import Figure, Setting

MODULE = "app.benchmarks"


def measure_window(setting: Setting) -> Iterator[Figure]:
    """Figures as the window measures them; where it cannot, one that says why."""
    command = [sys.executable, "-m", MODULE, "--json"]
    command += [f"--seconds={setting.seconds}", f"--steps={setting.steps}"]
    with (
        tempfile.TemporaryFile("w+", encoding="utf-8") as complaint,
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=complaint, text=True) as child,
    ):
        assert child.stdout is not None
        for line in child.stdout:
            yield Figure.from_json(json.loads(line))
        if child.wait():
            complaint.seek(0)
            yield Figure("the window", None, "", note=_reason(complaint.read()))


def _reason(complaint: str) -> str:
    said = [line.strip() for line in complaint.splitlines() if line.strip()]
    return f"cannot be measured here: {said[-1]}" if said else "cannot be measured here"
