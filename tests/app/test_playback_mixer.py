"""Every rule of playback, sample by sample, without a sound card."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from app.playback.mixer import FADE_S, Mixer

RATE = 44_100
FADE = round(FADE_S * RATE)


def tone(freq_hz: float = 220.0, seconds: float = 1.0, level: float = 0.5) -> NDArray[np.float32]:
    time_s = np.arange(round(seconds * RATE)) / RATE
    sine = level * np.sin(2 * np.pi * freq_hz * time_s)
    return np.stack([sine, -sine], axis=1).astype(np.float32)


def ask(mixer: Mixer, **changes: object) -> None:
    mixer.control = mixer.control._replace(**changes)


def render(mixer: Mixer, frames: int, block: int = 256) -> NDArray[np.float32]:
    out = np.empty((frames, 2), np.float32)
    for start in range(0, frames, block):
        mixer.render(out[start : start + block], start / RATE)
    return out


def playing(audio: NDArray[np.float32], **changes: object) -> Mixer:
    mixer = Mixer(RATE)
    ask(mixer, sources=(audio, audio), playing=True, play_id=1, **changes)
    return mixer


def largest_step(audio: NDArray[np.float32]) -> float:
    return float(np.abs(np.diff(audio, axis=0)).max())


def test_a_take_is_played_sample_by_sample_from_its_first_to_its_last() -> None:
    audio = tone()
    out = render(playing(audio), len(audio) + 4096)
    np.testing.assert_array_equal(out[: len(audio)], audio)
    assert not out[len(audio) + FADE :].any()


@pytest.mark.parametrize("block", [1, 17, 512, 5000])
def test_the_block_size_changes_nothing(block: int) -> None:
    audio = tone(seconds=0.3)
    loop = (1000, 9000)
    expected = render(playing(audio, loop=loop), 12_000, 256)
    np.testing.assert_allclose(
        render(playing(audio, loop=loop), 12_000, block), expected, atol=1e-6
    )


def test_a_whole_take_loops_without_a_seam() -> None:
    audio = tone(seconds=0.25)
    out = render(playing(audio, loop=(0, len(audio))), 4 * len(audio))
    np.testing.assert_array_equal(out, np.tile(audio, (4, 1)))


def test_a_region_of_whole_periods_loops_without_a_seam() -> None:
    audio = tone(441.0)
    out = render(playing(audio, loop=(1000, 1000 + 100 * 50)), 30_000)
    endless = tone(441.0, seconds=1.0)[:30_000]
    np.testing.assert_allclose(out, endless, atol=1e-4)


def test_a_region_with_ends_that_do_not_meet_still_has_no_click() -> None:
    audio = tone(100.0)
    out = render(playing(audio, loop=(1110, 5331)), 40_000)
    assert largest_step(out) < 1.5 * largest_step(audio) + 0.5 / FADE * np.pi


@pytest.mark.parametrize("event", ["stop", "seek", "switch", "load"])
def test_no_event_clicks(event: str) -> None:
    audio, other = tone(110.0), tone(155.0)
    mixer = playing(audio)
    ask(mixer, sources=(audio, other))
    parts = [render(mixer, 4000)]
    changes: dict[str, dict[str, object]] = {
        "stop": {"playing": False},
        "seek": {"seek_id": 1, "seek_frame": 20_050},
        "switch": {"active": 1},
        "load": {"sources": (tone(99.0), other)},
    }
    ask(mixer, **changes[event])
    parts.append(render(mixer, 4000))
    out = np.concatenate(parts)
    hardest_slope = largest_step(other) + 2 * 0.5 / FADE * np.pi / 2
    assert largest_step(out) < hardest_slope
    assert bool(parts[1][FADE:].any()) == (event != "stop")


def test_the_switch_keeps_the_position() -> None:
    audio, other = tone(110.0), tone(155.0)
    mixer = playing(audio)
    ask(mixer, sources=(audio, other), gains=(1.0, 0.5))
    render(mixer, 4096)
    ask(mixer, active=1)
    out = render(mixer, 4096)
    np.testing.assert_allclose(out[FADE:], 0.5 * other[4096 + FADE : 8192], atol=1e-6)


def test_playing_goes_on_where_it_stopped() -> None:
    audio = tone()
    mixer = playing(audio)
    render(mixer, 2048)
    ask(mixer, playing=False)
    assert not render(mixer, 2048)[FADE:].any()
    assert mixer.silent
    ask(mixer, playing=True, play_id=2)
    np.testing.assert_allclose(render(mixer, 2048)[FADE:], audio[2048 + FADE : 4096], atol=1e-6)


def test_a_take_that_ran_out_stays_silent_until_asked_again() -> None:
    mixer = playing(tone(seconds=0.1))
    render(mixer, 8192)
    assert mixer.ended_id == mixer.control.play_id
    assert not render(mixer, 4096).any()
    ask(mixer, seek_id=1, seek_frame=0, play_id=2)
    assert render(mixer, 2048).any()


def test_a_loop_moved_away_from_the_cursor_takes_the_cursor_with_it() -> None:
    mixer = playing(tone(), loop=(0, 20_000))
    render(mixer, 15_000)
    ask(mixer, loop=(2_000, 8_000))
    render(mixer, 256)
    block = mixer.history.block_at(1e9)
    assert block is not None
    assert block.position == 2_000


def test_the_volume_glides_and_leaves_the_meter_alone() -> None:
    audio = tone(seconds=1.0)
    mixer = playing(audio)
    render(mixer, 2048)
    mixer.history.take_levels(1e9)
    ask(mixer, volume=0.0)
    out = render(mixer, 20_000)
    assert largest_step(out) < 1.2 * largest_step(audio)
    assert np.abs(out[-4096:]).max() < 1e-3
    levels = mixer.history.take_levels(1e9)
    assert levels is not None
    assert levels.peak == pytest.approx((0.5, 0.5), abs=1e-3)
    assert levels.rms == pytest.approx((0.3536, 0.3536), abs=2e-3)


def test_the_history_tells_what_is_heard_not_what_was_rendered() -> None:
    mixer = playing(tone())
    out = np.empty((441, 2), np.float32)
    for number in range(10):
        mixer.render(out, heard_at=1.0 + number * 0.01)
    block = mixer.history.block_at(1.055)
    assert block is not None
    assert block.position == 5 * 441
    assert mixer.history.block_at(0.5) is None


def test_without_a_take_there_is_silence() -> None:
    mixer = Mixer(RATE)
    ask(mixer, playing=True, play_id=1)
    assert not render(mixer, 4096).any()


def test_a_volume_set_while_silent_holds_from_the_first_sample() -> None:
    audio = tone()
    mixer = playing(audio, volume=0.25)
    np.testing.assert_allclose(render(mixer, 4096), 0.25 * audio[:4096], atol=1e-7)
