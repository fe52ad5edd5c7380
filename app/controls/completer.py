"""A list of words that a text field offers, dressed as the theme's."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtWidgets import QCompleter, QLineEdit, QListView

from app.controls.restyle import set_role


def offer_words(field: QLineEdit, words: Sequence[str]) -> QListView:
    """Let `field` complete what is typed from `words`; the list that opens below it."""
    popup = QListView()
    set_role(popup, "completer")
    completer = QCompleter(list(words), field)
    completer.setMaxVisibleItems(8)
    completer.setPopup(popup)
    field.setCompleter(completer)
    return popup
