"""Choosing an output, also where there is none and where PortAudio is missing."""

from __future__ import annotations

import sys
import threading

import numpy as np
import pytest

from app.playback.deck import as_stereo
from app.playback.devices import AudioSystem, DeviceState, OutputDevice, PlaybackError, choose
from app.playback.messages import PlayerEvents
from app.playback.player import Player

SPEAKERS = OutputDevice("Speakers", 0, 48_000, is_default=False)
DEFAULT = OutputDevice("Default", 1, 44_100, is_default=True)


@pytest.mark.parametrize(
    ("wanted", "chosen"), [("", DEFAULT), ("Speakers", SPEAKERS), ("Headphones", DEFAULT)]
)
def test_the_wanted_output_else_the_default(wanted: str, chosen: OutputDevice) -> None:
    assert choose((SPEAKERS, DEFAULT), wanted) is chosen


def test_no_output_is_an_error_that_says_what_to_do() -> None:
    with pytest.raises(PlaybackError) as caught:
        choose((), "")
    assert "Rescan" in caught.value.remedy


def test_fallen_back_is_told_from_the_default() -> None:
    assert DeviceState(wanted="Headphones", in_use="Default").fallen_back
    assert not DeviceState(wanted="", in_use="Default").fallen_back
    assert not DeviceState(wanted="Headphones", in_use="").fallen_back


def test_without_portaudio_the_player_says_so_and_lives(monkeypatch: pytest.MonkeyPatch) -> None:
    """sounddevice raises OSError on import where the library is missing."""
    monkeypatch.delitem(sys.modules, "sounddevice", raising=False)
    monkeypatch.setattr("ctypes.util.find_library", lambda name: None)
    monkeypatch.setattr("platform.system", lambda: "Plan9")
    told = threading.Event()
    notices: list[tuple[str, str]] = []

    def notice(text: str, remedy: str) -> None:
        notices.append((text, remedy))
        told.set()

    player = Player(PlayerEvents(lambda state: None, notice), system=AudioSystem())
    player.load(0, np.zeros((100, 2), np.float32), 44_100)
    player.play()
    assert told.wait(5.0)
    assert "PortAudio" in notices[0][0]
    assert not player.heard().playing
    player.seek(0.001)
    assert player.heard().position_s == pytest.approx(0.001, abs=1e-4)
    player.close()


@pytest.mark.parametrize("channels", [1, 2, 6])
def test_any_number_of_channels_becomes_two(channels: int) -> None:
    audio = np.arange(4 * channels, dtype=np.float32).reshape(4, channels)
    stereo = as_stereo(audio)
    assert stereo.shape == (4, 2)
    assert stereo.flags.c_contiguous
    np.testing.assert_array_equal(stereo[:, 1], audio[:, min(1, channels - 1)])
