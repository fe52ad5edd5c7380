"""Slow modules are imported behind the window, never two at a time."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

SLOW = """
import sys, time
assert not hasattr(sys, "importing"), "two threads import at once"
sys.importing = True
time.sleep(0.3)
del sys.importing
"""
BOTH = """
import sys, threading
sys.path.insert(0, {folder!r})
from app.state.background import import_behind
threads = [threading.Thread(target=import_behind, args=(name,)) for name in ("one", "two")]
[thread.start() for thread in threads]
[thread.join() for thread in threads]
assert {{"one", "two"}} <= set(sys.modules)
"""


def test_two_slow_modules_are_imported_one_after_the_other(tmp_path: Path) -> None:
    """Half a matplotlib was seen else, now and then, and no spectrogram came."""
    for name in ("one", "two"):
        (tmp_path / f"{name}.py").write_text(SLOW)
    script = BOTH.format(folder=str(tmp_path))
    root = Path(__file__).resolve().parents[2]
    subprocess.run([sys.executable, "-c", script], cwd=root, check=True, timeout=60)
