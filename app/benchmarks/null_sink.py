"""Somewhere to play to where nothing can be heard: PulseAudio with one null sink, for as long
as it is needed. A null sink keeps time like a device, so what runs dry there would be heard."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_START_TIMEOUT_S = 15.0
_SERVER = """
load-module module-native-protocol-unix socket={socket} auth-anonymous=1
load-module module-null-sink sink_name=undertone rate=44100 channels=2 format=float32le
set-default-sink undertone
"""


@contextmanager
def somewhere_to_play() -> Iterator[tuple[dict[str, str], str]]:
    """Environment variables to play with, and a note where those lead to a null sink.

    Only a Linux machine with neither sound server nor card gets one, and only with PulseAudio.
    """
    if _has_output() or not (shutil.which("pulseaudio") and shutil.which("pactl")):
        yield {}, ""
        return
    with _null_sink() as environment:
        yield environment, "played into a null sink"


def _has_output() -> bool:
    if sys.platform != "linux":
        return True
    cards = Path("/proc/asound/cards")
    if cards.exists() and "[" in cards.read_text():
        return True
    asked = ["pactl", "info"]
    return bool(shutil.which("pactl")) and not subprocess.run(asked, capture_output=True).returncode


@contextmanager
def _null_sink() -> Iterator[dict[str, str]]:
    with tempfile.TemporaryDirectory(prefix="ut-pulse-") as name:
        folder = Path(name)
        socket = folder / "native"
        script = folder / "server.pa"
        script.write_text(_SERVER.format(socket=socket))
        environment = {
            "PULSE_SERVER": f"unix:{socket}",
            "PULSE_COOKIE": str(folder / "cookie"),
            "XDG_RUNTIME_DIR": str(folder),
        }
        server = subprocess.Popen(
            ["pulseaudio", "-n", "-F", str(script), "--exit-idle-time=-1", "--daemonize=no",
             "--use-pid-file=no", "--log-level=error"],
            env={**os.environ, **environment, "HOME": name},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )  # fmt: skip
        try:
            _wait_for_answer(server, environment)
            yield environment
        finally:
            server.kill()
            server.wait()


def _wait_for_answer(server: subprocess.Popen[bytes], environment: dict[str, str]) -> None:
    deadline = time.monotonic() + _START_TIMEOUT_S
    while server.poll() is None and time.monotonic() < deadline:
        asked = subprocess.run(
            ["pactl", "info"], env={**os.environ, **environment}, capture_output=True, check=False
        )
        if asked.returncode == 0:
            return
        time.sleep(0.05)
