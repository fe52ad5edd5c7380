"""A list of words that a text field offers, dressed as the theme's."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, Qt
from PySide6.QtWidgets import QCompleter, QLineEdit, QListView

from app.controls.restyle import set_role


def offer_words(field: QLineEdit, words: Sequence[str]) -> QListView:
    """Let `field` complete what is typed from `words`; the list that opens below it."""
    return _offer(field, QCompleter(list(words), field))


def offer_listed_words(field: QLineEdit, words: Sequence[str]) -> QListView:
    """The same for a field that holds several, with commas between: the last one is completed."""
    return _offer(field, _ListCompleter(list(words), field))


def _offer(field: QLineEdit, completer: QCompleter) -> QListView:
    popup = QListView()
    set_role(popup, "completer")
    completer.setCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
    completer.setMaxVisibleItems(8)
    completer.setPopup(popup)
    field.setCompleter(completer)
    # Qt sets what is chosen as a program would, but the user has edited the field.
    completer.activated[str].connect(field.textEdited)  # type: ignore[index]
    return popup


class _ListCompleter(QCompleter):
    """Qt's two hooks: what of the text is looked up, and what the text becomes."""

    def splitPath(self, path: str) -> list[str]:
        return [path.rpartition(",")[2].strip()]

    def pathFromIndex(self, index: QModelIndex | QPersistentModelIndex) -> str:
        widget = self.widget()
        typed = widget.text() if isinstance(widget, QLineEdit) else ""
        before, comma, _ = typed.rpartition(",")
        return f"{before}{comma} {super().pathFromIndex(index)}".strip()
