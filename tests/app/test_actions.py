"""The table of actions: unique, complete, and changeable by the user."""

from __future__ import annotations

from collections import Counter

import pytest
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import QApplication

from app.actions import ACTIONS, Actions
from app.theme import Theme, ThemeChoice

SHARED = {"Esc"}  # cancels while a job runs, puts a message away otherwise


@pytest.fixture
def actions(qapp: QApplication) -> Actions:
    return Actions(Theme(ThemeChoice.DARK))


def test_no_two_actions_share_a_key() -> None:
    keys = Counter(QKeySequence(key).toString() for spec in ACTIONS for key in spec.keys)
    assert {key for key, times in keys.items() if times > 1} == SHARED


def test_every_action_says_what_it_does(actions: Actions) -> None:
    for spec in actions:
        assert min(len(spec.text), len(spec.tip), len(spec.group)) > 0, spec.id
        assert all(not QKeySequence(key).isEmpty() for key in spec.keys), spec.id
    assert len({spec.id for spec in ACTIONS}) == len(ACTIONS)


def test_the_tip_names_the_keys(actions: Actions) -> None:
    assert actions["play"].toolTip() == "Play or stop (Space or Ctrl+P)"
    assert actions["about"].toolTip() == "Version, models and licences"


def test_a_users_key_replaces_the_own_and_can_be_reset(actions: Actions) -> None:
    actions.set_keys("play", ["F6"])
    assert actions.custom_keys() == {"play": ["F6"]}
    assert "F6" in actions["play"].toolTip()
    actions.reset_keys("play")
    assert (actions.keys("play"), actions.custom_keys()) == (["Space", "Ctrl+P"], {})


def test_a_disabled_action_says_what_it_waits_for(actions: Actions) -> None:
    actions.enable("play", False, "Make a take first.")
    actions.set_keys("play", ["F6"])
    assert not actions["play"].isEnabled()
    assert actions["play"].toolTip() == "Play or stop (F6)\nMake a take first."
    actions.enable("play", True, "Make a take first.")
    assert actions["play"].toolTip() == "Play or stop (F6)"


def test_stored_keys_are_taken_and_unknown_actions_ignored(qapp: QApplication) -> None:
    actions = Actions(Theme(ThemeChoice.DARK), {"export": ["F9"], "gone": ["F8"]})
    assert actions.custom_keys() == {"export": ["F9"]}
