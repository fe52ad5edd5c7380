"""The panel of what is rarely changed: every sampler and schedule, and guidance refined."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QComboBox, QLabel, QLineEdit, QWidget
from pytestqt.qtbot import QtBot

from app.widgets.refinement_panel import RefinementPanel
from engine.api import STYLES, Progress, Projection, Refinement, SamplerName, ScheduleName
from tests.app.conftest import Desk


@pytest.fixture
def panel(desk: Desk) -> Desk:
    desk.studio.actions["more"].trigger()
    desk.studio.request.edit(prompt="slow jazz")
    return desk


def picker(desk: Desk, name: str) -> QComboBox:
    (found,) = [
        each for each in desk.window.findChildren(QComboBox) if each.accessibleName() == name
    ]
    return found


def typed(qtbot: QtBot, desk: Desk, name: str, text: str) -> None:
    line = desk.window.findChild(QLineEdit, name)
    assert line is not None
    line.selectAll()
    qtbot.keyClicks(line, text)


@pytest.mark.parametrize(
    ("title", "field", "names"),
    [("Sampler", "sampler", SamplerName), ("Schedule", "schedule", ScheduleName)],
)
def test_every_name_is_offered_once_under_a_heading_that_cannot_be_chosen(
    panel: Desk, title: str, field: str, names: type[SamplerName] | type[ScheduleName]
) -> None:
    box = picker(panel, title)
    rows = [(box.itemData(at), box.model().index(at, 0).flags()) for at in range(box.count())]
    assert sorted(data for data, _ in rows if data) == sorted(names)
    for data, flags in rows:
        assert bool(flags & Qt.ItemFlag.ItemIsEnabled) == bool(data)
    for name in names:
        box.setCurrentIndex(box.findData(str(name)))
        assert getattr(panel.studio.request.draft.request(), field) is name


def test_the_arrow_keys_step_over_headings(panel: Desk, qtbot: QtBot) -> None:
    box = picker(panel, "Sampler")
    box.setFocus()
    box.setCurrentIndex(box.findData("plms"))
    qtbot.keyClick(box, Qt.Key.Key_Down)
    assert panel.studio.request.draft.sampler == "euler"


def test_guidance_is_refined_by_hand(panel: Desk, qtbot: QtBot) -> None:
    kind = picker(panel, "Method of guidance")
    kind.setCurrentIndex(kind.findData(True))
    typed(qtbot, panel, "momentum", "-0.75")
    typed(qtbot, panel, "sigma_low", "0.3")
    typed(qtbot, panel, "sigma_high", "5")
    panel.studio.request.edit(rescale="0.7")
    assert panel.studio.request.draft.request().refinement == Refinement(
        0.7, Projection(momentum=-0.75), (0.3, 5.0)
    )


def test_the_numbers_of_projection_show_only_with_it(panel: Desk) -> None:
    eta = panel.window.findChild(QLineEdit, "eta")
    assert eta is not None
    assert not eta.isVisible()
    panel.studio.request.edit(projected=True)
    assert eta.isVisible()
    panel.studio.request.edit(projected=False)
    assert not eta.isVisible()


def test_what_cannot_be_used_is_marked_and_said(panel: Desk, qtbot: QtBot) -> None:
    refinement = panel.window.findChild(RefinementPanel)
    assert refinement is not None
    with qtbot.waitSignal(panel.studio.request.planned):
        typed(qtbot, panel, "sigma_low", "9999")
    assert "Noise level 9999 is out of range" in refinement.error.text()
    low = panel.window.findChild(QLineEdit, "sigma_low")
    assert low is not None
    assert low.property("invalid") == "true" or low.property("invalid") is True


def test_a_takes_refinement_comes_back_with_its_settings(panel: Desk) -> None:
    before = Refinement(0.5, Projection(eta=0.25), (0.0, 3.5))
    request = panel.studio.request
    request.edit(projected=True, eta="0.25", rescale="0.5", sigma_low="0", sigma_high="3.5")
    made = request.draft.request()
    request.edit(projected=False, rescale="0", sigma_low="", sigma_high="")
    request.use(made)
    assert request.draft.request().refinement == before


@pytest.mark.parametrize(("sampler", "shown"), [("heun", True), ("dpmpp-2m", False)])
def test_work_is_told_in_evaluations_where_they_are_not_the_steps(
    panel: Desk, qtbot: QtBot, sampler: str, shown: bool
) -> None:
    studio = panel.studio
    with qtbot.waitSignal(studio.request.planned):
        studio.request.edit(sampler=sampler)
    assert ("9 evaluations" in studio.estimate.text) == shown
    studio.actions["generate"].trigger()
    panel.engine.run_until(lambda event: isinstance(event, Progress) and event.step == 2)
    studio.bridge.deliver()
    status = panel.window.findChild(QLabel, "status")
    assert status is not None
    assert status.text().startswith("Step 2 of 5")
    assert status.text().endswith("4 evaluations") == shown


def test_the_open_panel_fits_its_column_at_1280_by_720(panel: Desk, qtbot: QtBot) -> None:
    panel.window.resize(1280, 720)
    panel.studio.request.edit(projected=True)
    qtbot.wait(50)
    refinement = panel.window.findChild(RefinementPanel)
    assert refinement is not None
    for each in refinement.findChildren(QWidget):
        if each.isVisible() and isinstance(each, QLabel) and not each.wordWrap():
            assert each.width() >= each.sizeHint().width() - 1, each.text()
        if each.isVisible() and isinstance(each, QLineEdit):
            wanted = each.fontMetrics().horizontalAdvance(each.text() + each.placeholderText())
            room = each.width() - each.textMargins().right() - 16
            assert room >= wanted, each.objectName()


def test_every_style_can_be_chosen_and_the_planned_one_is_told(panel: Desk, qtbot: QtBot) -> None:
    box = picker(panel, "Style")
    qtbot.waitUntil(lambda: box.currentText() == "Jazz Swing · auto")
    for each in STYLES:
        box.setCurrentIndex(box.findData(each.id))
        assert panel.studio.request.draft.request().score.style == each.id
    assert panel.studio.actions["undo"].text() == "Undo: Change the style"
    box.setCurrentIndex(0)
    assert panel.studio.request.draft.request().score.style is None
