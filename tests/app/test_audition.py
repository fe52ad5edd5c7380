"""Hearing a job while it forms, over the scriptable engine and a player that only remembers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from app.playback.messages import Heard
from app.state.draft import loop_word
from app.state.slots import TakeSlot
from app.state.transport import Transport
from engine.api import Event, Excerpt, Preview
from engine.errors import OutOfMemory
from tests.app.conftest import Desk
from tests.fakes import SAMPLE_RATE


class SilentPlayer:
    """What the transport asks of its player, in order; `ear_s` is where it says to be."""

    def __init__(self) -> None:
        self.asked: list[tuple[Any, ...]] = []
        self.ear_s, self.playing, self.underruns = 0.0, False, 0

    def __getattr__(self, method: str) -> Callable[..., None]:
        return lambda *words: self.asked.append((method, *words))

    def seek(self, position_s: float) -> None:
        self.ear_s = position_s

    def play(self) -> None:
        self.asked.append(("play", self.ear_s))
        self.playing = True

    def stop(self) -> None:
        self.asked.append(("stop",))
        self.playing = False

    def heard(self) -> Heard:
        return Heard(self.ear_s, self.playing, None)

    def words(self, method: str) -> list[tuple[Any, ...]]:
        return [asked[1:] for asked in self.asked if asked[0] == method]


@pytest.fixture
def player(desk: Desk) -> SilentPlayer:
    player = SilentPlayer()
    desk.studio.transport._player = player  # type: ignore[assignment]
    return player


def run_until(desk: Desk, kind: type[Event]) -> Event:
    event = desk.engine.run_until(lambda event: isinstance(event, kind))
    desk.studio.bridge.deliver()
    return event


def listen(desk: Desk) -> Excerpt:
    """Generate, ask to hear it after the first step, and hear the second."""
    desk.studio.request.edit(prompt="piano")
    desk.studio.actions["generate"].trigger()
    run_until(desk, Preview)
    desk.studio.actions["audition"].trigger()
    excerpt = run_until(desk, Excerpt)
    assert isinstance(excerpt, Excerpt)
    return excerpt


def finish(desk: Desk) -> None:
    desk.engine.run_until_idle()
    desk.studio.bridge.deliver()


def move_to(desk: Desk, player: SilentPlayer, ear_s: float) -> None:
    player.ear_s = ear_s
    desk.studio.transport._tick()


def test_it_sounds_with_the_next_step_and_each_newer_estimate_is_laid_before_the_ear(
    desk: Desk, player: SilentPlayer
) -> None:
    first = listen(desk)
    transport = desk.studio.transport
    assert transport.is_playing
    assert transport.take is not None
    assert transport.take.title == "as it stands now"
    np.testing.assert_array_equal(transport.take.audio[: len(first.audio)], first.audio)
    assert len(transport.take.audio) == first.clip_frames
    move_to(desk, player, 0.2)
    second = run_until(desk, Excerpt)
    assert isinstance(second, Excerpt)
    ((slot, begin, piece),) = player.words("lay")
    assert (slot, begin) == (TakeSlot.A, round(0.2 * SAMPLE_RATE))
    assert piece is second.audio
    assert len(player.words("play")) == 1


def test_the_finished_take_goes_on_where_it_is_heard(desk: Desk, player: SilentPlayer) -> None:
    listen(desk)
    transport = desk.studio.transport
    transport.set_region((0.1, 0.4))
    move_to(desk, player, 0.3)
    player.asked.clear()
    finish(desk)
    take = desk.studio.takes.current
    assert take is not None
    assert transport.take is not None
    assert (transport.take.title, transport.take.forms) == ("piano", False)
    assert len(player.words("load")) == 1
    assert not player.words("stop")
    assert (transport.position_s, transport.is_playing) == (0.3, True)
    assert transport.region_s == (0.1, 0.4)
    assert desk.engine.ears[1] is None


def test_it_begins_at_the_playhead_of_the_take_before(desk: Desk, player: SilentPlayer) -> None:
    desk.studio.request.edit(prompt="first")
    desk.studio.actions["generate"].trigger()
    finish(desk)
    desk.studio.transport.seek(0.25)
    assert listen(desk).begin == round(0.25 * SAMPLE_RATE)
    assert player.words("play") == [(0.25,)]
    assert desk.studio.takes.current is None


def test_a_playhead_at_the_end_begins_anew(desk: Desk, player: SilentPlayer) -> None:
    transport: Transport = desk.studio.transport
    transport.load(np.zeros((3 * SAMPLE_RATE, 2), np.float32), SAMPLE_RATE)
    transport.end()
    assert listen(desk).begin == 0


def test_who_stops_is_not_sent_more_and_may_go_on(desk: Desk, player: SilentPlayer) -> None:
    listen(desk)
    desk.studio.actions["play"].trigger()
    assert not desk.studio.transport.is_playing
    assert desk.engine.ears[1] is None
    run_until(desk, Preview)
    desk.studio.actions["audition"].trigger()
    assert desk.studio.transport.is_playing
    assert desk.engine.ears[1] is not None
    finish(desk)
    assert desk.studio.transport.is_playing


def test_a_take_that_was_chosen_meanwhile_is_not_disturbed(
    desk: Desk, player: SilentPlayer
) -> None:
    desk.studio.request.edit(prompt="first")
    desk.studio.actions["generate"].trigger()
    finish(desk)
    first = desk.studio.takes.current
    assert first is not None
    listen(desk)
    desk.window.conductor.play_take(first)
    assert desk.engine.ears[2] is None
    player.asked.clear()
    finish(desk)
    assert not player.words("load")
    assert desk.studio.takes.current is first
    assert desk.studio.transport.is_playing


def test_one_that_finished_before_it_sounded_is_played(desk: Desk, player: SilentPlayer) -> None:
    desk.studio.request.edit(prompt="piano")
    desk.studio.actions["generate"].trigger()
    desk.engine.run_until(lambda event: isinstance(event, Preview) and event.step == event.total)
    desk.studio.bridge.deliver()
    desk.studio.actions["audition"].trigger()
    finish(desk)
    assert desk.studio.transport.is_playing
    assert desk.studio.takes.current is not None


@pytest.mark.parametrize("end", ["cancel", "fail"])
def test_what_will_be_no_take_falls_silent(desk: Desk, player: SilentPlayer, end: str) -> None:
    if end == "fail":
        desk.engine.fail_with, desk.engine.fail_after = OutOfMemory("Full.", "Shorten it."), 3
    listen(desk)
    if end == "cancel":
        desk.studio.actions["cancel"].trigger()
    finish(desk)
    assert not desk.studio.transport.is_playing
    assert desk.studio.transport.take is None
    assert desk.engine.ears[1] is None


def test_a_loop_is_heard_as_a_loop(desk: Desk, player: SilentPlayer) -> None:
    desk.studio.request.edit(loop=loop_word(True))
    listen(desk)
    assert desk.studio.transport.is_loop
    assert desk.studio.transport.loop
