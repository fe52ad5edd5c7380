"""Playing for real: what leaves the output is recorded and compared with what was loaded."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import numpy as np
import pytest
from numpy.typing import NDArray

from app.playback.devices import DeviceState
from app.playback.messages import PlayerEvents
from app.playback.mixer import FADE_S
from app.playback.player import Player
from tests.audio_sink import RATE, NullSink, needs_pulseaudio, null_sink, offset_of, residual_db

__all__ = ["null_sink"]
pytestmark = needs_pulseaudio


class Listener:
    def __init__(self) -> None:
        self.states: list[DeviceState] = []
        self.notices: list[tuple[str, str]] = []

    def events(self) -> PlayerEvents:
        return PlayerEvents(self.states.append, lambda *words: self.notices.append(words))


@pytest.fixture
def listener() -> Listener:
    return Listener()


@pytest.fixture
def player(null_sink: NullSink, listener: Listener) -> Iterator[Player]:
    player = Player(listener.events())
    player.rescan()  # an earlier test of this process may have met another sound server
    yield player
    player.close()


def music(seconds: float, seed: int = 0) -> NDArray[np.float32]:
    """Band-limited noise: nothing correlates with it but itself, and no sample jumps."""
    rng = np.random.default_rng(seed)
    spectrum = np.fft.rfft(rng.standard_normal((round(seconds * RATE), 2)), axis=0)
    spectrum[round(4000 * seconds) :] = 0
    noise = np.fft.irfft(spectrum, round(seconds * RATE), axis=0)
    return (0.3 * noise / np.abs(noise).max()).astype(np.float32)


def wait_until(condition: Callable[[], bool], timeout_s: float = 10.0) -> None:
    deadline = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.005)


def largest_step(audio: NDArray[np.float32]) -> float:
    return float(np.abs(np.diff(audio, axis=0)).max())


def test_what_is_heard_is_what_was_loaded(player: Player, null_sink: NullSink) -> None:
    audio = music(1.0)
    player.load(0, audio, RATE)
    with null_sink.recording() as recording:
        player.play()
        wait_until(lambda: player.heard().position_s > 0.5)
        wait_until(lambda: not player.heard().playing)
        assert player.heard().position_s == pytest.approx(1.0, abs=1e-3)
        time.sleep(0.2)
    assert residual_db(audio, recording.audio) < -80
    assert player.underruns == 0


def test_a_loop_has_no_seam_and_a_stop_has_no_click(player: Player, null_sink: NullSink) -> None:
    audio = music(0.4)
    player.load(0, audio, RATE)
    player.set_loop((0.0, 0.4))
    with null_sink.recording() as recording:
        player.play()
        time.sleep(1.5)
        player.stop()
        time.sleep(0.4)
    assert residual_db(np.tile(audio, (3, 1)), recording.audio) < -80
    assert np.abs(recording.audio[-2000:]).max() == 0
    slope_of_fade = 0.3 * np.pi / 2 / (FADE_S * RATE)
    assert largest_step(recording.audio[RATE // 2 :]) < largest_step(audio) + slope_of_fade


def test_another_rate_is_resampled_once_on_loading(player: Player, null_sink: NullSink) -> None:
    time_s = np.arange(16_000) / 16_000
    mono = (0.5 * np.sin(2 * np.pi * 440 * time_s)).astype(np.float32)[:, None]
    player.load(0, mono, 16_000)
    with null_sink.recording() as recording:
        player.play()
        wait_until(lambda: player.heard().position_s > 0.9)
        time.sleep(0.3)
    heard_s = np.arange(RATE) / RATE
    expected = np.repeat((0.5 * np.sin(2 * np.pi * 440 * heard_s))[:, None], 2, axis=1)
    assert residual_db(expected.astype(np.float32)[500:-500], recording.audio) < -40


def test_the_switch_is_locked_to_the_position(player: Player, null_sink: NullSink) -> None:
    one, two = music(2.0, seed=1), music(2.0, seed=2)
    player.load(0, one, RATE)
    player.load(1, two, RATE)
    with null_sink.recording() as recording:
        player.play()
        wait_until(lambda: player.heard().position_s > 0.6)
        player.set_active(1)
        wait_until(lambda: player.heard().position_s > 1.5)
        player.stop()
    start_of_one = offset_of(one[: RATE // 2], recording.audio)
    start_of_two = offset_of(two[RATE : RATE * 5 // 4], recording.audio) - RATE
    assert start_of_one == start_of_two


def test_a_seek_shows_at_once_and_the_position_is_what_the_ear_hears(
    player: Player, null_sink: NullSink
) -> None:
    player.load(0, music(5.0), RATE)
    player.play()
    wait_until(lambda: player.heard().position_s > 0.1)
    player.seek(3.0)
    assert player.heard().position_s == pytest.approx(3.0)
    wait_until(lambda: player.heard().position_s > 3.2)
    began, first = time.perf_counter(), player.heard().position_s
    time.sleep(0.5)
    passed, heard = time.perf_counter() - began, player.heard().position_s - first
    assert heard == pytest.approx(passed, abs=0.04)


def test_stopping_remembers_the_place(player: Player, null_sink: NullSink) -> None:
    player.load(0, music(5.0), RATE)
    player.play()
    wait_until(lambda: player.heard().position_s > 0.3)
    player.stop()
    place = player.heard().position_s
    time.sleep(0.3)
    assert player.heard().position_s == pytest.approx(place)
    assert not player.heard().playing
    player.play()
    time.sleep(0.2)
    assert place < player.heard().position_s < place + 0.3


def test_a_device_that_goes_away_is_reported_and_can_come_back(
    player: Player, null_sink: NullSink, listener: Listener
) -> None:
    player.load(0, music(5.0), RATE)
    player.play()
    wait_until(lambda: player.heard().position_s > 0.3)
    null_sink.stop()
    wait_until(lambda: bool(listener.notices))
    assert "went away" in listener.notices[-1][0]
    assert not player.heard().playing
    assert listener.states[-1].in_use == ""

    player.play()
    wait_until(lambda: len(listener.notices) == 2)
    assert "no audio output" in listener.notices[-1][0]

    null_sink.start()
    player.rescan()
    player.play()
    wait_until(lambda: player.heard().playing and player.heard().position_s > 0.6)
    assert listener.states[-1].problem == ""


def test_an_output_that_is_missing_falls_back_visibly(
    null_sink: NullSink, listener: Listener
) -> None:
    player = Player(listener.events(), wanted="Headphones")
    player.rescan()
    wait_until(lambda: bool(listener.states))
    assert listener.states[-1].fallen_back
    assert "Headphones" in listener.notices[-1][0]
    player.choose_device("")
    wait_until(lambda: len(listener.states) >= 2)
    assert not listener.states[-1].fallen_back
    player.close()
