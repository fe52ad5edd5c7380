"""The player in its own process: what the window does cannot be heard, and a crash is survived."""

from __future__ import annotations

import subprocess
import threading
import time
from collections.abc import Callable, Iterator

import numpy as np
import pytest

from app.playback import remote
from app.playback.devices import DeviceState
from app.playback.messages import PlayerEvents
from app.playback.remote import RemotePlayer
from tests.audio_sink import RATE, NullSink, needs_pulseaudio, null_sink, residual_db

__all__ = ["null_sink"]


class Listener:
    def __init__(self) -> None:
        self.states: list[DeviceState] = []
        self.notices: list[tuple[str, str]] = []

    def events(self) -> PlayerEvents:
        return PlayerEvents(self.states.append, lambda *words: self.notices.append(words))


def noise(seconds: float) -> np.ndarray:
    samples = np.random.default_rng(0).uniform(-0.3, 0.3, (round(seconds * RATE), 2))
    return samples.astype(np.float32)


def wait_until(condition: Callable[[], bool], timeout_s: float = 20.0) -> None:
    deadline = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.005)


def hold_the_lock() -> None:
    """Keep every other Python thread of this process waiting for a while, as long imports do."""
    pow(7, 10**300, 10**4000 + 1)  # one long instruction to the interpreter


@pytest.fixture
def player() -> Iterator[RemotePlayer]:
    player = RemotePlayer(Listener().events())
    yield player
    player.close()


def test_nothing_is_started_before_sound_is_needed(player: RemotePlayer) -> None:
    player.load(0, noise(1.0), RATE)
    player.set_volume(0.5)
    player.seek(0.5)
    assert player._process is None
    assert player.heard().position_s == 0.5
    assert not player.heard().playing


@needs_pulseaudio
def test_a_busy_window_is_not_heard(null_sink: NullSink, player: RemotePlayer) -> None:
    audio = noise(2.0)
    player.load(0, audio, RATE)
    with null_sink.recording() as recording:
        player.play()
        wait_until(lambda: player.heard().position_s > 0.1)
        while player.heard().playing:
            hold_the_lock()
            time.sleep(0.01)
    assert residual_db(audio, recording.audio) < -80
    assert player.underruns == 0


@needs_pulseaudio
def test_a_crash_is_told_and_the_next_play_goes_on(null_sink: NullSink) -> None:
    listener = Listener()
    player = RemotePlayer(listener.events())
    player.load(0, noise(20.0), RATE)
    player.play()
    wait_until(lambda: player.heard().position_s > 0.3)
    assert player._process is not None
    player._process.kill()
    wait_until(lambda: bool(listener.notices))
    assert "ended unexpectedly" in listener.notices[0][0]
    place = player.heard().position_s
    assert place > 0.3
    assert not player.heard().playing
    player.play()
    wait_until(lambda: player.heard().position_s > place + 0.2)
    assert player.heard().position_s < place + 3.0
    player.close()
    assert len(listener.notices) == 1


@needs_pulseaudio
def test_positions_never_tremble(null_sink: NullSink, player: RemotePlayer) -> None:
    player.load(0, noise(2.0), RATE)
    player.play()
    seen = []
    while player.heard().playing:
        seen.append(player.heard().position_s)
        time.sleep(0.002)
    assert seen == sorted(seen)
    assert len(set(seen)) > 50


@needs_pulseaudio
def test_closing_ends_the_process(null_sink: NullSink) -> None:
    player = RemotePlayer(Listener().events())
    player.find_devices()
    wait_until(lambda: player._process is not None)
    process = player._process
    assert process is not None
    player.close()
    player.close()
    assert process.poll() == 0


def test_nothing_is_told_after_closing_however_late_the_process_starts(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A window that closes at once must not hear of devices on signals that are gone."""
    closed, start = threading.Event(), remote._start_server

    def start_late(wanted: str) -> subprocess.Popen[bytes]:
        assert closed.wait(20)
        return start(wanted)

    monkeypatch.setattr(remote, "_start_server", start_late)
    listener = Listener()
    player = RemotePlayer(listener.events())
    player.find_devices()
    player.close()
    closed.set()
    wait_until(lambda: player._process is not None)
    assert player._process is not None
    assert player._process.wait(20) == 0
    wait_until(lambda: not [t for t in threading.enumerate() if t.name == "player news"])
    assert not listener.states
    assert not listener.notices


def test_an_event_may_close_the_player() -> None:
    told: list[DeviceState] = []

    def on_state(state: DeviceState) -> None:
        told.append(state)
        player.close()

    player = RemotePlayer(PlayerEvents(on_state, lambda *words: None))
    player._tell(DeviceState())
    player._tell(DeviceState())
    assert len(told) == 1
