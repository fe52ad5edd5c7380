"""Where the music is described: the prompt with its history, and what to avoid."""

from __future__ import annotations

from math import ceil

from PySide6.QtCore import QSizeF, Qt, Signal
from PySide6.QtGui import QFontMetricsF, QKeyEvent, QTextCursor
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QPlainTextEdit, QVBoxLayout, QWidget

from app.actions import Actions
from app.controls.buttons import tool_button
from app.controls.labels import ElidedLabel, ErrorLine, label
from app.controls.slider_row import LABEL_PX
from app.state.request import RequestModel
from app.theme import GRID

_LINES = (2, 9)  # the fewest and the most in view at once
_FRAME_PX = 5  # border and padding, as the style sheet has them


class PromptPanel(QWidget):
    """The prompt and the avoided, both bound to the request being edited."""

    def __init__(
        self, request: RequestModel, actions: Actions, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._request = request
        self.prompt = PromptEdit(self.tr("Prompt"))
        self.prompt.setPlaceholderText(
            self.tr("Describe the music: style, instruments, mood, tempo")
        )
        self.avoid = QLineEdit()
        self.avoid.setPlaceholderText(self.tr("what it should not sound like"))
        self.heard = ElidedLabel(role="small")  # always there: nothing moves while one types
        self.error = ErrorLine({"prompt": self.prompt, "negative_prompt": self.avoid})
        self._lay_out(actions)
        self._connect()

    def _lay_out(self, actions: Actions) -> None:
        head = QHBoxLayout()
        head.setSpacing(0)
        head.addWidget(label(self.tr("Prompt"), "title", self.prompt), 1)
        head.addWidget(tool_button(actions["older_prompt"]))
        head.addWidget(tool_button(actions["newer_prompt"]))
        avoid = QHBoxLayout()
        avoid.setSpacing(GRID)
        name = label(self.tr("Avoid"), buddy=self.avoid)
        name.setFixedWidth(LABEL_PX)
        avoid.addWidget(name)
        avoid.addWidget(self.avoid, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GRID)
        column.addLayout(head)
        said = QVBoxLayout()
        said.setSpacing(2)
        said.addWidget(self.prompt)
        said.addWidget(self.heard)
        column.addLayout(said)
        column.addLayout(avoid)
        column.addWidget(self.error)
        column.setSpacing(GRID // 2)

    def _connect(self) -> None:
        self.prompt.textChanged.connect(self._on_prompt)
        self.prompt.older.connect(lambda: self._request.recall(-1))
        self.prompt.newer.connect(lambda: self._request.recall(+1))
        self.avoid.textEdited.connect(lambda text: self._request.type_text("negative_prompt", text))
        self._request.changed.connect(self._show)
        self._request.planned.connect(self._show_answer)
        self._show("prompt")
        self._show("negative_prompt")

    def _on_prompt(self) -> None:
        text = self.prompt.toPlainText()
        if text != self._request.draft.prompt:
            self._request.type_text("prompt", text)

    def _show_answer(self) -> None:
        self.error.show_problem(self._request.marked)
        heard = self._request.heard_as
        self.heard.setText(self.tr("Heard as {0}").format(heard) if heard else "")

    def _show(self, name: str) -> None:
        draft = self._request.draft
        if name == "prompt" and self.prompt.toPlainText() != draft.prompt:
            self.prompt.replace_text(draft.prompt)
        elif name == "negative_prompt" and self.avoid.text() != draft.negative_prompt:
            self.avoid.setText(draft.negative_prompt)


class PromptEdit(QPlainTextEdit):
    """Plain text where Tab goes on and the arrows past the first and last line ask for history.

    It grows with what is written, up to a limit from which it scrolls.
    """

    older = Signal()
    newer = Signal()

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("prompt")
        self.setAccessibleName(name)
        self.setTabChangesFocus(True)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAsNeeded)
        self.document().documentLayout().documentSizeChanged.connect(self._fit)
        self._fit(QSizeF())

    def replace_text(self, text: str) -> None:
        """Put `text` in place of all there is, as one step of the field's own undo."""
        cursor = self.textCursor()
        cursor.select(QTextCursor.SelectionType.Document)
        cursor.insertText(text)
        self.setTextCursor(cursor)

    def _fit(self, size: QSizeF) -> None:
        """Take the height of the text, whose `size` Qt counts in lines here."""
        fewest, most = _LINES
        lines = min(max(fewest, ceil(size.height())), most)
        text_px = lines * ceil(QFontMetricsF(self.font()).lineSpacing())  # as lines are laid out
        margin_px = _FRAME_PX + self.document().documentMargin()
        half = GRID // 2
        self.setFixedHeight(half * ceil((text_px + 2 * margin_px) / half))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        plain = event.modifiers() == Qt.KeyboardModifier.NoModifier
        if plain and event.key() == Qt.Key.Key_Up and not self._can_move(_UP):
            self.older.emit()
        elif plain and event.key() == Qt.Key.Key_Down and not self._can_move(_DOWN):
            self.newer.emit()
        else:
            super().keyPressEvent(event)

    def _can_move(self, operation: QTextCursor.MoveOperation) -> bool:
        return QTextCursor(self.textCursor()).movePosition(operation)


_UP = QTextCursor.MoveOperation.Up
_DOWN = QTextCursor.MoveOperation.Down
