"""A real sound server with nobody listening: what a program plays can be recorded and compared.

`NullSink` runs a private PulseAudio with one null sink and records the sink's monitor, so that
tests hear exactly what reaches the output. Point a program at it with `sink.environment()`;
inside the test process the `null_sink` fixture has already done so.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType

import numpy as np
import pytest
from numpy.typing import NDArray

SINK = "undertone_test"
RATE = 44_100
_START_TIMEOUT_S = 15.0
_FIRST = ("nice", "-n", "-15")  # where allowed: a busy machine must not tear the recording
_SETTLING_S = 0.3  # a monitor that has just been opened may miss the first block after it

needs_pulseaudio = pytest.mark.skipif(
    not (shutil.which("pulseaudio") and shutil.which("pactl") and shutil.which("parec")),
    reason="PulseAudio and its command line tools are not installed",
)


class Recording:
    """What the sink played while it was recorded: `audio` is (frames, 2) at `RATE`."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.audio: NDArray[np.float32] = np.zeros((0, 2), np.float32)

    def seconds_so_far(self) -> float:
        return self._path.stat().st_size / (8 * RATE)

    def finish(self) -> None:
        raw = self._path.read_bytes()
        self.audio = np.frombuffer(raw[: len(raw) // 8 * 8], np.float32).reshape(-1, 2)


class NullSink:
    """A PulseAudio server of one's own, as a context manager."""

    def __init__(self, rate: int = RATE) -> None:
        self._rate = rate
        self._folder = Path(tempfile.mkdtemp(prefix="ut-pulse-"))
        self._server: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> NullSink:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self.stop()
        shutil.rmtree(self._folder, ignore_errors=True)

    def environment(self) -> dict[str, str]:
        """The variables that lead PulseAudio's clients, and ALSA's `default`, to this server."""
        return {
            "PULSE_SERVER": f"unix:{self._folder / 'native'}",
            "PULSE_COOKIE": str(self._folder / "cookie"),
            "XDG_RUNTIME_DIR": str(self._folder),
        }

    def start(self) -> None:
        """Start the server and wait until it answers."""
        script = self._folder / "server.pa"
        script.write_text(
            f"load-module module-native-protocol-unix socket={self._folder / 'native'}"
            " auth-anonymous=1\n"
            f"load-module module-null-sink sink_name={SINK} rate={self._rate} channels=2"
            " format=float32le\n"
            f"set-default-sink {SINK}\n"
        )
        command = [
            *_FIRST,
            "pulseaudio",
            "-n",
            "-F",
            str(script),
            "--exit-idle-time=-1",
            "--daemonize=no",
        ]
        command += ["--use-pid-file=no", "--log-target=stderr", "--log-level=error"]
        log = (self._folder / "log").open("wb")
        home = {**os.environ, **self.environment(), "HOME": str(self._folder)}
        self._server = subprocess.Popen(command, env=home, stdout=log, stderr=log)
        self._wait_for_answer()

    def _wait_for_answer(self) -> None:
        deadline = time.monotonic() + _START_TIMEOUT_S
        while self.pactl("info").returncode != 0:
            if time.monotonic() > deadline:
                raise RuntimeError((self._folder / "log").read_text())
            time.sleep(0.05)

    def stop(self) -> None:
        """End the server at once, as when a device is pulled out."""
        if self._server is not None:
            self._server.kill()
            self._server.wait()
            self._server = None

    def pactl(self, *words: str) -> subprocess.CompletedProcess[bytes]:
        return subprocess.run(
            ["pactl", *words], env={**os.environ, **self.environment()}, capture_output=True
        )

    @contextmanager
    def recording(self) -> Iterator[Recording]:
        """Record the sink's monitor for as long as the block runs; read `.audio` afterwards."""
        path = self._folder / f"recording-{time.monotonic_ns()}.f32"
        command = [
            *_FIRST,
            "parec",
            f"--device={SINK}.monitor",
            "--format=float32le",
            f"--rate={RATE}",
        ]
        command += ["--channels=2", "--latency-msec=20", "--raw"]
        with path.open("wb") as file:
            process = subprocess.Popen(
                command, stdout=file, env={**os.environ, **self.environment()}
            )
            recording = Recording(path)
            try:
                _wait_until(lambda: recording.seconds_so_far() > _SETTLING_S)
                yield recording
            finally:
                process.terminate()
                process.wait()
        recording.finish()


def _wait_until(condition: object, timeout_s: float = _START_TIMEOUT_S) -> None:
    assert callable(condition)
    deadline = time.monotonic() + timeout_s
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError("the recorder delivered nothing")
        time.sleep(0.01)


def offset_of(played: NDArray[np.float32], recorded: NDArray[np.float32]) -> int:
    """Where `played` (frames, channels) begins in `recorded`, by cross-correlation of channel 1."""
    size = 1 << int(np.ceil(np.log2(len(played) + len(recorded))))
    spectrum = np.fft.rfft(recorded[:, 0], size) * np.conj(np.fft.rfft(played[:, 0], size))
    return int(np.argmax(np.fft.irfft(spectrum, size)[: len(recorded)]))


def residual_db(played: NDArray[np.float32], recorded: NDArray[np.float32]) -> float:
    """What differs between `played` and its best match in `recorded`, in dB re `played`."""
    start = offset_of(played, recorded)
    match = recorded[start : start + len(played)]
    error = np.square(played[: len(match)] - match).sum() + np.square(played[len(match) :]).sum()
    return float(10 * np.log10(max(error, 1e-20) / np.square(played).sum()))


@pytest.fixture
def null_sink(monkeypatch: pytest.MonkeyPatch) -> Iterator[NullSink]:
    """A running null sink to which this process's audio goes as well."""
    with NullSink() as sink:
        for name, value in sink.environment().items():
            monkeypatch.setenv(name, value)
        yield sink
