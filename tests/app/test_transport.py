"""The transport as the window sees it: state, signals, and playing through a real output."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from numpy.typing import NDArray
from pytestqt.qtbot import QtBot

from app.playback.taper import volume_from_db, volume_to_db
from app.state.analysis import TakeAnalysis
from app.state.slots import TakeSlot
from app.state.transport import Transport
from tests.audio_sink import RATE, NullSink, needs_pulseaudio, null_sink, residual_db

__all__ = ["null_sink"]


@pytest.fixture
def transport(qtbot: QtBot) -> Iterator[Transport]:
    transport = Transport()
    yield transport
    transport.close()


def noise(seconds: float = 2.0, level: float = 0.1, seed: int = 0) -> NDArray[np.float32]:
    samples = np.random.default_rng(seed).standard_normal((round(seconds * RATE), 2))
    return (level * np.clip(samples, -3, 3)).astype(np.float32)


def test_loading_shows_the_take_from_its_start(transport: Transport, qtbot: QtBot) -> None:
    with qtbot.waitSignals([transport.loaded, transport.slots_changed]):
        transport.load(noise(2.0), RATE, "first")
    assert transport.duration_s == pytest.approx(2.0)
    assert transport.position_s == 0.0
    assert transport.take is not None
    assert transport.take.title == "first"


def test_seeking_stays_inside_the_take(transport: Transport) -> None:
    transport.load(noise(2.0), RATE)
    for asked, reached in ((1.5, 1.5), (-3.0, 0.0), (99.0, 2.0)):
        transport.seek(asked)
        assert transport.position_s == pytest.approx(reached)
    transport.home()
    assert transport.position_s == 0.0
    transport.end()
    assert transport.position_s == pytest.approx(2.0)


def test_a_region_is_ordered_clipped_and_dropped_when_too_short(transport: Transport) -> None:
    transport.load(noise(2.0), RATE)
    transport.set_region((1.5, 0.5))
    assert transport.region_s == pytest.approx((0.5, 1.5))
    transport.set_region((1.0, 9.0))
    assert transport.region_s == pytest.approx((1.0, 2.0))
    transport.set_region((1.0, 1.001))
    assert transport.region_s is None
    transport.set_region((0.2, 0.4))
    transport.load(noise(1.0), RATE)
    assert transport.region_s is None


def test_home_is_the_start_of_what_loops(transport: Transport) -> None:
    transport.load(noise(2.0), RATE)
    transport.set_region((0.5, 1.5))
    transport.set_loop(True)
    transport.home()
    assert transport.position_s == pytest.approx(0.5)


def test_the_switch_keeps_the_place_and_matches_the_loudness(
    transport: Transport, qtbot: QtBot
) -> None:
    transport.load(noise(2.0, 0.2), RATE, "loud")
    assert not transport.take_in(TakeSlot.B)
    transport.toggle_slot()
    assert transport.slot is TakeSlot.A
    with qtbot.waitSignal(
        transport.match_changed, timeout=20_000, check_params_cb=lambda gain: gain < -1
    ):
        transport.load(noise(2.0, 0.1, seed=1), RATE, "soft", TakeSlot.B)
    assert transport.match_db(TakeSlot.A) == pytest.approx(-6.0, abs=0.3)
    assert transport.match_db(TakeSlot.B) == 0.0
    transport.seek(1.25)
    with qtbot.waitSignal(transport.loaded):
        transport.toggle_slot()
    assert transport.slot is TakeSlot.B
    assert transport.position_s == pytest.approx(1.25)
    transport.unload(TakeSlot.B)
    assert transport.slot is TakeSlot.A
    assert transport.match_db(TakeSlot.A) == 0.0


def test_the_volume_slider_is_straight_in_db(transport: Transport) -> None:
    transport.set_volume(0.9)
    assert transport.volume_db == pytest.approx(-6.0)
    transport.set_volume(7.0)
    assert transport.volume == 1.0
    assert volume_to_db(0.0) == -np.inf
    assert volume_from_db(volume_to_db(0.35)) == pytest.approx(0.35)


def test_without_a_take_nothing_plays(transport: Transport) -> None:
    transport.play()
    assert not transport.is_playing


def test_the_analysis_of_each_take_is_made_once(transport: Transport, qtbot: QtBot) -> None:
    analysis = TakeAnalysis(transport)
    with qtbot.waitSignals([analysis.picture_changed, analysis.peaks_changed], timeout=20_000):
        transport.load(noise(1.0), RATE)
    first = analysis.current
    assert first is not None
    assert first.picture.duration_s == pytest.approx(1.0)
    with qtbot.waitSignal(analysis.picture_changed, timeout=20_000):
        transport.load(noise(2.0, seed=1), RATE, slot=TakeSlot.B)
        transport.toggle_slot()
    transport.toggle_slot()
    assert analysis.current is first
    with qtbot.waitSignal(analysis.picture_changed, check_params_cb=lambda shown: shown is None):
        transport.unload(TakeSlot.B)
        transport.unload(TakeSlot.A)


@needs_pulseaudio
def test_playing_moves_tells_levels_and_ends(
    null_sink: NullSink, transport: Transport, qtbot: QtBot
) -> None:
    transport.output.rescan()
    audio = noise(1.0, 0.1)
    positions: list[float] = []
    peaks: list[float] = []
    transport.position_changed.connect(positions.append)
    transport.levels_changed.connect(lambda levels: peaks.append(max(levels.peak)))
    transport.load(audio, RATE)
    transport.set_volume(0.5)
    with null_sink.recording() as recording:
        transport.play()
        assert transport.is_playing
        qtbot.waitUntil(lambda: not transport.is_playing, timeout=20_000)
    assert transport.position_s == pytest.approx(1.0, abs=1e-3)
    assert len(positions) > 20
    assert positions == sorted(positions)
    assert max(peaks) == pytest.approx(np.abs(audio).max(), abs=1e-3)
    assert peaks[-1] == 0.0
    # At half of the slider the volume is −30 dB; the meter above did not move.
    assert np.abs(recording.audio).max() == pytest.approx(0.3 * 10**-1.5, rel=0.02)
    assert residual_db(audio * np.float32(10**-1.5), recording.audio) < -60


@needs_pulseaudio
def test_a_lost_output_is_told_and_playing_stops(
    null_sink: NullSink, transport: Transport, qtbot: QtBot
) -> None:
    with qtbot.waitSignal(transport.output.changed, timeout=20_000):
        transport.output.rescan()
    transport.load(noise(5.0), RATE)
    transport.play()
    qtbot.waitUntil(lambda: transport.position_s > 0.2, timeout=20_000)
    with qtbot.waitSignal(transport.notice, timeout=20_000) as told:
        null_sink.stop()
    assert "went away" in told.args[0]
    qtbot.waitUntil(lambda: not transport.is_playing)
    assert transport.output.state.problem
