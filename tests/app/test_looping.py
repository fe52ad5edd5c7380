"""What repeats: loops by themselves, all else by the user's choice."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from app.state.slots import TakeSlot
from app.state.transport import Transport

RATE = 8_000


@pytest.fixture
def transport(qtbot: QtBot) -> Iterator[Transport]:
    transport = Transport()
    yield transport
    transport.close()


def load(transport: Transport, is_loop: bool, slot: TakeSlot = TakeSlot.A) -> None:
    transport.load(np.zeros((2 * RATE, 2), np.float32), RATE, slot=slot, is_loop=is_loop)


@pytest.mark.parametrize("chosen", [True, False])
def test_a_loop_repeats_and_gives_the_users_choice_back(transport: Transport, chosen: bool) -> None:
    load(transport, is_loop=False)
    transport.set_loop(chosen)
    load(transport, is_loop=True)
    assert transport.loop
    load(transport, is_loop=False)
    assert transport.loop is chosen
    load(transport, is_loop=True)
    transport.unload(TakeSlot.A)
    assert transport.loop is chosen


def test_a_loop_that_was_stopped_says_nothing_about_others(transport: Transport) -> None:
    load(transport, is_loop=False)
    transport.set_loop(True)
    load(transport, is_loop=True)
    transport.set_loop(False)
    assert not transport.loop
    load(transport, is_loop=False)
    assert transport.loop
    load(transport, is_loop=True)
    assert transport.loop


def test_the_switch_goes_from_a_loop_to_what_is_none(transport: Transport, qtbot: QtBot) -> None:
    load(transport, is_loop=True)
    load(transport, is_loop=False, slot=TakeSlot.B)
    assert transport.loop
    with qtbot.waitSignal(transport.loop_changed):
        transport.toggle_slot()
    assert not transport.loop
    transport.toggle_slot()
    assert transport.loop


def test_the_player_is_told_what_repeats(transport: Transport) -> None:
    told: list[object] = []
    transport._player.set_loop = told.append  # type: ignore[method-assign]
    load(transport, is_loop=True)
    assert told[-1] == (0.0, 2.0)
    transport.set_region((0.5, 1.0))
    assert told[-1] == (0.5, 1.0)
    load(transport, is_loop=False)
    assert told[-1] is None
