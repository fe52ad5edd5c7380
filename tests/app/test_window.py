"""The whole window over the scriptable engine: what a person does and sees."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import soundfile
from PySide6.QtCore import QMimeData, QPoint, QPointF, QSize, Qt, QUrl
from PySide6.QtGui import QDropEvent, QGuiApplication, QWheelEvent
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractSlider,
    QApplication,
    QComboBox,
    QLabel,
    QLineEdit,
    QPlainTextEdit,
    QPushButton,
    QSplitter,
    QWidget,
)
from pytestqt.qtbot import QtBot

from app.dialogs.shortcuts import ShortcutsDialog
from app.main_window import start_size
from app.state.jobs import JobState
from app.state.notices import Severity
from app.theme import ThemeChoice
from app.widgets.empty_state import EmptyState
from app.widgets.prompt_panel import PromptPanel
from app.widgets.ruler import Ruler
from app.widgets.spectrogram_view import SpectrogramView
from app.widgets.step_scrubber import StepScrubber
from app.widgets.waveform_view import WaveformView
from engine.api import Preview
from engine.audio.export import ExportChoice, export
from engine.errors import InternalError
from tests.app.conftest import Desk
from tests.fakes import clip

PROMPT = "slow lo-fi hip hop with electric piano, 75 bpm"
INPUTS = (QAbstractButton, QAbstractSlider, QComboBox, QLineEdit, QPlainTextEdit)


def field(desk: Desk, name: str) -> QWidget:
    found = desk.window.findChild(QWidget, name)
    assert found is not None, name
    return found


def text_of(desk: Desk, name: str) -> str:
    shown = field(desk, name)
    assert isinstance(shown, QLabel | QLineEdit)
    return shown.text()


def type_prompt(qtbot: QtBot, desk: Desk, text: str = PROMPT) -> None:
    prompt = field(desk, "prompt")
    prompt.setFocus()
    qtbot.keyClicks(prompt, text)


def wheel_down() -> QWheelEvent:
    nowhere, still = QPointF(), QPoint()
    plain, phase = Qt.KeyboardModifier.NoModifier, Qt.ScrollPhase.NoScrollPhase
    down = QPoint(0, -120)
    return QWheelEvent(nowhere, nowhere, still, down, Qt.MouseButton.NoButton, plain, phase, False)


def finish(desk: Desk) -> None:
    """Let the engine finish all, one delivered event at a time."""
    desk.studio.bridge.deliver()
    while desk.engine.advance() is not None:
        desk.studio.bridge.deliver()


def press(desk: Desk, name: str) -> None:
    desk.studio.actions[name].trigger()


def make_take(desk: Desk, prompt: str = PROMPT) -> None:
    desk.studio.request.edit(prompt=prompt)
    press(desk, "generate")
    finish(desk)


def test_the_words_in_which_a_prompt_is_heard_stand_over_it(qtbot: QtBot, desk: Desk) -> None:
    type_prompt(qtbot, desk, "lofi with piano")
    heard = desk.window.findChild(PromptPanel).heard
    qtbot.waitUntil(lambda: heard.text() == "Heard as lo-fi hip hop with piano")
    field(desk, "prompt").selectAll()
    qtbot.keyClicks(field(desk, "prompt"), "jazz")
    qtbot.waitUntil(lambda: heard.text() == "")


def test_from_the_keyboard_a_prompt_becomes_a_take(qtbot: QtBot, desk: Desk) -> None:
    type_prompt(qtbot, desk)
    qtbot.keyClick(field(desk, "prompt"), Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    assert desk.engine.requests[1].prompt == PROMPT
    desk.engine.run_until(lambda event: isinstance(event, Preview))
    desk.studio.bridge.deliver()
    assert text_of(desk, "status").startswith("Step 1 of 5")
    finish(desk)
    assert text_of(desk, "status").startswith("Done in")
    assert len(desk.studio.takes) == 1
    assert desk.studio.transport.take is not None
    assert text_of(desk, "seed") == str(desk.engine.requests[1].seed)


def test_the_first_window_fits_a_small_laptop_with_its_title_bar() -> None:
    assert start_size(QSize(1920, 1040)) == QSize(1280, 800)
    assert start_size(QSize(1366, 728)) == QSize(1280, 688)
    assert start_size(QSize(1024, 768)) == QSize(1024, 728)


def test_without_its_only_take_the_stage_says_what_to_do_again(desk: Desk) -> None:
    stage, scrubber = desk.window.findChild(EmptyState), desk.window.findChild(StepScrubber)
    assert stage is not None
    assert scrubber is not None
    make_take(desk)
    assert not stage.isVisible()
    press(desk, "delete")
    assert stage.isVisible()
    press(desk, "undo")
    QApplication.processEvents()
    assert not stage.isVisible()
    assert scrubber.isEnabled()


def test_an_example_is_one_click(qtbot: QtBot, desk: Desk) -> None:
    empty = desk.window.findChild(EmptyState)
    assert empty is not None
    assert empty.isVisible()
    qtbot.mouseClick(empty.cards[1], Qt.MouseButton.LeftButton)
    assert desk.engine.requests[1].prompt == empty.cards[1].text()
    desk.engine.run_until(lambda event: isinstance(event, Preview))
    desk.studio.bridge.deliver()
    assert not empty.isVisible()


def test_several_takes_wait_their_turn_and_can_all_be_cancelled(desk: Desk) -> None:
    desk.studio.request.edit(prompt="piano", takes="4")
    press(desk, "generate")
    desk.engine.run_until(lambda event: isinstance(event, Preview))
    desk.studio.bridge.deliver()
    assert text_of(desk, "status").endswith("3 more")
    press(desk, "cancel_all")
    finish(desk)
    assert desk.engine.cancelled == {1, 2, 3, 4}
    assert len(desk.studio.takes) == 0


def test_cancelled_and_failed_are_told_apart(desk: Desk) -> None:
    desk.studio.request.edit(prompt="piano")
    press(desk, "generate")
    desk.engine.run_until(lambda event: isinstance(event, Preview))
    desk.studio.bridge.deliver()
    press(desk, "cancel")
    finish(desk)
    assert text_of(desk, "status").startswith("Cancelled after step 1 of 5")
    assert desk.studio.notices.current is None
    desk.engine.fail_with = InternalError("It broke.", "Try again.", "Traceback")
    press(desk, "generate")
    finish(desk)
    assert text_of(desk, "status").startswith("Failed: It broke.")
    assert text_of(desk, "noticeMessage") == "It broke. Try again."


def test_a_message_can_be_copied_whole_and_put_away(desk: Desk) -> None:
    desk.studio.notices.error(InternalError("It broke.", "Try again.", "Traceback"))
    copy = next(
        button for button in field(desk, "notice").findChildren(QAbstractButton)
        if button.text() == "Copy"
    )  # fmt: skip
    copy.click()
    assert QGuiApplication.clipboard().text() == "It broke.\nTry again.\nTraceback"
    press(desk, "dismiss")
    assert not field(desk, "notice").isVisible()


@pytest.mark.parametrize(
    ("name", "text"),
    [("steps", "100000"), ("duration_s", "0"), ("guidance", "nan"), ("key", "H"), ("seed", "x")],
)
def test_a_bad_field_is_marked_and_nothing_is_lost(
    qtbot: QtBot, desk: Desk, name: str, text: str
) -> None:
    type_prompt(qtbot, desk)
    edited = field(desk, name)
    assert isinstance(edited, QLineEdit)
    edited.selectAll()
    qtbot.keyClicks(edited, text)
    press(desk, "generate")
    assert desk.engine.requests == {}
    assert edited.property("invalid")
    assert edited.text() == text
    notice = desk.studio.notices.current
    assert notice is not None
    assert notice.severity is Severity.ERROR
    assert notice.message in edited.accessibleDescription()
    edited.selectAll()
    qtbot.keyClicks(edited, "7" if name != "key" else "C")
    qtbot.waitUntil(lambda: not edited.property("invalid"))
    assert desk.studio.notices.current is None
    press(desk, "generate")
    assert desk.engine.requests[1].prompt == PROMPT


@pytest.mark.parametrize("prompt", ["", "  \n", "x" * 20_000])
def test_a_bad_prompt_is_marked(desk: Desk, prompt: str) -> None:
    desk.studio.request.type_text("prompt", prompt)
    press(desk, "generate")
    assert field(desk, "prompt").property("invalid")
    assert desk.engine.requests == {}


def test_emoji_and_chinese_reach_the_engine(desk: Desk) -> None:
    make_take(desk, "慢速爵士 🎷 with brushes")
    assert desk.engine.requests[1].prompt == "慢速爵士 🎷 with brushes"


def test_slider_and_number_show_one_value(qtbot: QtBot, desk: Desk) -> None:
    number = field(desk, "steps")
    assert isinstance(number, QLineEdit)
    slider = next(
        each for each in desk.window.findChildren(QAbstractSlider)
        if each.accessibleName() == "Steps"
    )  # fmt: skip
    slider.setValue(slider.maximum())
    assert number.text() == "1000"
    number.selectAll()
    qtbot.keyClicks(number, "25")
    assert 0 < slider.value() < slider.maximum() // 2
    qtbot.keyClick(number, Qt.Key.Key_Up)
    assert (number.text(), desk.studio.request.draft.steps) == ("26", "26")


def test_the_plan_is_shown_and_can_be_taken_over(qtbot: QtBot, desk: Desk) -> None:
    desk.studio.request.edit(prompt="piano")
    tempo = field(desk, "tempo_bpm")
    assert isinstance(tempo, QLineEdit)
    qtbot.waitUntil(lambda: tempo.placeholderText() == "90 bpm · auto")
    tempo.actions()[-1].trigger()
    assert desk.studio.request.draft.request().score.tempo_bpm == 90.0
    tempo.actions()[-1].trigger()
    assert desk.studio.request.draft.tempo_bpm == ""


def test_drums_are_planned_chosen_and_undone(qtbot: QtBot, desk: Desk) -> None:
    desk.studio.request.edit(prompt="piano")
    drums = field(desk, "drums")
    assert isinstance(drums, QComboBox)
    qtbot.waitUntil(lambda: drums.currentText() == "with · auto")
    drums.setFocus()
    qtbot.keyClick(drums, Qt.Key.Key_End)
    assert drums.currentText() == "without"
    assert desk.studio.request.draft.request().score.drums is False
    assert "drums" in desk.studio.actions["undo"].text()
    press(desk, "undo")
    assert drums.currentText() == "with · auto"
    assert desk.studio.request.draft.request().score.drums is None


def test_the_wheel_changes_only_the_picker_in_use(desk: Desk) -> None:
    drums, prompt = field(desk, "drums"), field(desk, "prompt")
    for focused, chosen in ((prompt, ""), (drums, "with")):
        focused.setFocus()
        QApplication.sendEvent(drums, wheel_down())
        assert desk.studio.request.draft.drums == chosen


def test_typing_a_seed_locks_it(qtbot: QtBot, desk: Desk) -> None:
    seed = field(desk, "seed")
    assert isinstance(seed, QLineEdit)
    seed.selectAll()
    qtbot.keyClicks(seed, "4711")
    assert desk.studio.actions["lock_seed"].isChecked()
    make_take(desk)
    make_take(desk)
    assert [request.seed for request in desk.engine.requests.values()] == [4711, 4711]


def test_a_takes_settings_come_back_with_undo(desk: Desk) -> None:
    desk.studio.request.edit(steps="30", prompt="first")
    press(desk, "generate")
    finish(desk)
    desk.studio.request.edit(steps="10", prompt="second")
    press(desk, "use_settings")
    draft = desk.studio.request.draft
    assert (draft.prompt, draft.steps, draft.tempo_bpm) == ("first", "30", "90")
    press(desk, "undo")
    assert desk.studio.request.draft.prompt == "second"


def test_a_dropped_export_brings_its_settings_back(desk: Desk, tmp_path) -> None:  # type: ignore[no-untyped-def]
    desk.studio.request.edit(prompt="dropped", steps="33")
    made = clip(desk.studio.request.draft.request(), 0.2)
    path = tmp_path / "take.wav"
    export(path, made, ExportChoice())
    desk.studio.request.edit(prompt="other", steps="5")
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path))])
    drop = QDropEvent(
        QPointF(9, 9), Qt.DropAction.CopyAction, data, Qt.MouseButton.LeftButton,
        Qt.KeyboardModifier.NoModifier,
    )  # fmt: skip
    desk.window.dropEvent(drop)
    assert desk.studio.request.draft.request().prompt == "dropped"
    assert desk.studio.request.draft.steps == "33"


def test_a_file_without_settings_is_told(desk: Desk, tmp_path) -> None:  # type: ignore[no-untyped-def]
    path = tmp_path / "plain.wav"
    soundfile.write(path, [0.0] * 100, 44_100)
    desk.window.conductor.open_file(path)
    assert "carries no settings" in text_of(desk, "noticeMessage")
    desk.window.conductor.open_file(tmp_path / "gone.wav")
    notice = desk.studio.notices.current
    assert notice is not None
    assert notice.severity is Severity.ERROR


def test_space_types_in_the_prompt_and_presses_a_focused_button(qtbot: QtBot, desk: Desk) -> None:
    make_take(desk)
    played: list[str] = []
    desk.studio.actions["play"].triggered.connect(lambda: played.append("play"))
    type_prompt(qtbot, desk, " ")
    assert played == []
    fold = field(desk, "moreButton")
    fold.setFocus()
    qtbot.keyClick(fold, Qt.Key.Key_Space)
    assert (len(played), desk.studio.actions["more"].isChecked()) == (0, True)
    field(desk, "takesView").setFocus()
    qtbot.keyClick(field(desk, "takesView"), Qt.Key.Key_Space)
    assert len(played) == 1


@pytest.mark.parametrize("view", [SpectrogramView, WaveformView, Ruler])
def test_a_click_in_the_take_leaves_the_prompt_so_that_space_plays(
    qtbot: QtBot, desk: Desk, view: type[QWidget]
) -> None:
    make_take(desk)
    played: list[str] = []
    desk.studio.actions["play"].triggered.disconnect()  # no sound is needed here
    desk.studio.actions["play"].triggered.connect(lambda: played.append("play"))
    type_prompt(qtbot, desk, "!")
    qtbot.keyClick(field(desk, "prompt"), Qt.Key.Key_P, Qt.KeyboardModifier.ControlModifier)
    assert len(played) == 1
    qtbot.mouseClick(desk.window.findChild(view), Qt.MouseButton.LeftButton)
    focused = QApplication.focusWidget()
    assert focused is not None
    qtbot.keyClick(focused, Qt.Key.Key_Space)
    assert len(played) == 2
    assert desk.studio.request.draft.prompt.strip("!") == PROMPT


def test_the_windows_shortcuts_reach_it_from_a_text_field(qtbot: QtBot, desk: Desk) -> None:
    make_take(desk)
    prompt = field(desk, "prompt")
    prompt.setFocus()
    triggered: list[str] = []
    for name in ("export", "favourite", "find"):
        desk.studio.actions[name].triggered.connect(
            lambda _=False, name=name: triggered.append(name)
        )
    for key in (Qt.Key.Key_E, Qt.Key.Key_D, Qt.Key.Key_F):
        prompt.setFocus()
        qtbot.keyClick(prompt, key, Qt.KeyboardModifier.ControlModifier)
    assert triggered == ["export", "favourite", "find"]


def test_tab_follows_the_eye(qtbot: QtBot, desk: Desk) -> None:
    prompt = field(desk, "prompt")
    prompt.setFocus()
    seen: list[QWidget] = []
    for _ in range(40):
        focused = QApplication.focusWidget()
        assert focused is not None
        if focused in seen:
            break
        seen.append(focused)
        qtbot.keyClick(focused, Qt.Key.Key_Tab)
    named = [each.objectName() for each in seen]
    sliders = ["duration_s", "steps", "guidance"]
    score = ["stem", "loop", "tempo_bpm", "key", "chords"]
    wanted = ["prompt", *sliders, *score, "seed"]
    assert [name for name in named if name in wanted] == wanted
    assert named.index("seed") < named.index("generateButton") < named.index("takesSearch")


def test_every_control_has_an_accessible_name(desk: Desk) -> None:
    press(desk, "more")
    make_take(desk)
    unnamed = [
        (type(each).__name__, each.objectName())
        for each in desk.window.findChildren(QWidget)
        if isinstance(each, INPUTS)
        and each.isVisible()
        and each.focusPolicy() & Qt.FocusPolicy.TabFocus
        and not (each.accessibleName() or (isinstance(each, QAbstractButton) and each.text()))
    ]
    assert unnamed == []


def test_marking_a_field_moves_nothing(desk: Desk, qtbot: QtBot) -> None:
    steps, guidance = field(desk, "steps"), field(desk, "guidance")
    qtbot.wait(50)
    before = steps.height(), guidance.mapTo(desk.window, QPoint()).y()
    desk.studio.request.edit(steps="0")
    qtbot.waitUntil(lambda: steps.property("invalid") is True)
    qtbot.wait(50)
    assert (steps.height(), guidance.mapTo(desk.window, QPoint()).y()) == before


def test_the_prompt_grows_with_its_text_up_to_a_limit(desk: Desk, qtbot: QtBot) -> None:
    prompt, request = field(desk, "prompt"), desk.studio.request
    assert isinstance(prompt, QPlainTextEdit)
    heights = []
    for words in (1, 40, 400, 4_000, 1):
        request.type_text("prompt", "piano " * words)
        qtbot.wait(10)
        heights.append(prompt.height())
        scrolls = prompt.verticalScrollBar().maximum() > 0
        assert scrolls is (words > 40)
    few, some, many, too_many, again = heights
    assert few == again < some < many == too_many


@pytest.mark.parametrize("choice", [ThemeChoice.DARK, ThemeChoice.LIGHT])
def test_no_text_is_clipped_at_1280_by_720(desk: Desk, choice: ThemeChoice, qtbot: QtBot) -> None:
    desk.window.conductor.choose_theme(choice)
    desk.window.resize(1280, 720)
    make_take(desk)
    qtbot.wait(50)
    for each in desk.window.findChildren(QWidget):
        plain = type(each) is QLabel and not each.wordWrap()
        worded = isinstance(each, QPushButton) and bool(each.text())
        if each.isVisible() and (plain or worded):
            room, wanted = each.size(), each.sizeHint()
            assert room.width() >= wanted.width() - 1, each.objectName() or each
            assert room.height() >= wanted.height() - 1, each.objectName() or each


def test_layout_theme_and_draft_are_there_after_a_restart(start: Callable[[], Desk]) -> None:
    first = start()
    first.studio.request.edit(prompt="kept", steps="31")
    first.window.conductor.choose_theme(ThemeChoice.LIGHT)
    first.studio.transport.set_volume(0.3)
    spectrogram = first.window.findChild(SpectrogramView)
    assert spectrogram is not None
    spectrogram.set_range(-60.0, 0.0)
    spectrogram.set_colour_map("viridis")
    press(first, "more")
    columns = first.window.findChild(QSplitter)
    assert columns is not None
    columns.setSizes([380, 600])
    make_take(first, "kept")
    first.window.close()
    assert first.engine.closed
    second = start()
    assert second.studio.request.draft.prompt == "kept"
    assert second.studio.request.draft.steps == "31"
    assert second.studio.theme.choice is ThemeChoice.LIGHT
    assert second.studio.transport.volume == pytest.approx(0.3)
    assert second.studio.actions["more"].isChecked()
    again = second.window.findChild(SpectrogramView)
    assert again is not None
    assert (again.range_db, again.colour_map) == ((-60.0, 0.0), "viridis")
    assert second.studio.settings.values.columns == first.studio.settings.values.columns != ""


def test_closing_while_a_job_runs_cancels_it(desk: Desk) -> None:
    desk.studio.request.edit(prompt="piano", takes="3")
    press(desk, "generate")
    desk.engine.run_until(lambda event: isinstance(event, Preview))
    desk.window.close()
    assert desk.engine.closed
    assert desk.engine.cancelled == {1, 2, 3}
    job = desk.studio.jobs.current
    assert job is not None
    assert job.state is JobState.CANCELLED


def test_a_shortcut_can_be_changed_and_a_taken_one_is_refused(desk: Desk) -> None:
    press(desk, "shortcuts")
    dialog = desk.window.findChild(ShortcutsDialog)
    assert dialog is not None
    assert set(dialog.fields) == {spec.id for spec in desk.studio.actions}
    loop = dialog.fields["loop"]
    loop.setKeySequence("Ctrl+Alt+L")
    loop.editingFinished.emit()
    assert desk.studio.settings.values.shortcuts == {"loop": ["Ctrl+Alt+L"]}
    assert [id for id, reset in dialog.resets.items() if reset.isVisible()] == ["loop"]
    loop.setKeySequence("Space")
    loop.editingFinished.emit()
    assert "belongs to" in dialog.told.text()
    assert desk.studio.actions.keys("loop") == ["Ctrl+Alt+L"]
    dialog.resets["loop"].click()
    assert desk.studio.actions.keys("loop") == ["L"]
    assert not any(reset.isVisible() for reset in dialog.resets.values())


def test_a_loop_take_repeats_by_itself(desk: Desk) -> None:
    make_take(desk)
    loop = desk.studio.actions["loop"]
    assert not loop.isChecked()
    desk.studio.request.edit(loop="on", bars="1")
    make_take(desk)
    assert loop.isChecked()
    assert desk.studio.transport.duration_s == pytest.approx(60 / 90 * 4, abs=1e-4)
    assert desk.studio.axis.duration_s == pytest.approx(60 / 90 * 4, abs=1e-4)
    desk.studio.takes.select(desk.studio.takes.visible()[1].id)
    assert not loop.isChecked()
