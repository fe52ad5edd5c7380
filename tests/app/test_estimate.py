"""What the next take will cost, before it is asked for."""

from __future__ import annotations

from dataclasses import replace

import pytest
from PySide6.QtGui import QUndoStack
from pytestqt.qtbot import QtBot

from app.state.draft import Draft
from app.state.estimate import Estimate, told_duration, told_size
from app.state.request import RequestModel
from engine.api import GenerationRequest
from engine.planner import plan_for
from tests.fakes import HOUSE, clip

DRAFT = Draft(prompt="slow jazz", duration_s="10", steps="25", seed="7", seed_locked=True)


@pytest.fixture
def request_model(qtbot: QtBot) -> RequestModel:
    model = RequestModel(plan_for, QUndoStack())
    model.restore(DRAFT)
    return model


def test_memory_is_known_at_once_and_time_after_the_first_take(request_model: RequestModel) -> None:
    rates: dict[str, float] = {}
    estimate = Estimate(request_model, rates, (HOUSE,))
    assert estimate.text == "110 MB of memory"
    made = clip(GenerationRequest("slow jazz", duration_s=10.0, steps=25))
    estimate.learn(replace(made, elapsed_s=5.0))
    assert estimate.text == "about 5.0 s, 110 MB"
    assert rates == {"house": pytest.approx(5.0 / 250)}


def test_one_slow_take_does_not_spoil_the_estimate(request_model: RequestModel) -> None:
    estimate = Estimate(request_model, {}, (HOUSE,))
    made = clip(GenerationRequest("slow jazz", duration_s=10.0, steps=25))
    told = []
    for elapsed_s in (60.0, 1.0, 2.0, 1.0):
        estimate.learn(replace(made, elapsed_s=elapsed_s))
        told.append(estimate.text.split(",")[0])
    assert told == ["about 60 s", "about 1.0 s", "about 1.4 s", "about 1.0 s"]


def test_it_follows_length_steps_and_takes(request_model: RequestModel, qtbot: QtBot) -> None:
    estimate = Estimate(request_model, {"house": 0.02}, (HOUSE,))
    request_model.edit(duration_s="300", steps="50", takes="2")
    qtbot.waitUntil(lambda: estimate.text == "about 10 min, 3.3 GB")
    request_model.edit(steps="no number")
    qtbot.waitUntil(lambda: estimate.text == "")


def test_what_was_not_measured_is_left_out(request_model: RequestModel) -> None:
    unmeasured = replace(HOUSE, bytes_a_second=0.0)
    assert Estimate(request_model, {}, (unmeasured,)).text == ""


@pytest.mark.parametrize(("size", "text"), [(11e6, "11 MB"), (995e6, "1 GB"), (3.28e9, "3.3 GB")])
def test_sizes_are_told_with_two_digits(size: float, text: str) -> None:
    assert told_size(size) == text


@pytest.mark.parametrize(("seconds", "text"), [(1.44, "1.4 s"), (83.2, "83 s"), (181.0, "3 min")])
def test_durations_are_told_as_exactly_as_is_of_use(seconds: float, text: str) -> None:
    assert told_duration(seconds) == text
