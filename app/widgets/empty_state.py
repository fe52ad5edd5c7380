"""What the stage shows before there is music: what to do, and three prompts one click away."""

from __future__ import annotations

from PySide6.QtCore import QT_TRANSLATE_NOOP, QCoreApplication, Qt, Signal
from PySide6.QtWidgets import QPushButton, QVBoxLayout, QWidget

from app.controls.labels import label
from app.controls.restyle import set_role
from app.theme import GRID, Theme

EXAMPLES = (
    QT_TRANSLATE_NOOP("EmptyState", "slow lo-fi hip hop with electric piano, 75 bpm"),
    QT_TRANSLATE_NOOP("EmptyState", "solo piano ballad in F# minor, sparse and warm"),
    QT_TRANSLATE_NOOP("EmptyState", "driving techno, deep bass and hi-hats, 128 bpm"),
)
_CARD_PX = 52 * GRID


class EmptyState(QWidget):
    """`chosen` carries the example that was clicked."""

    chosen = Signal(str)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self.cards = [self._card(str(text)) for text in EXAMPLES]
        title = label(self.tr("What do you want to hear?"), "title")
        title.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        told = label(self.tr("Describe it on the left, or start from one of these."), "dim")
        told.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        hint = label(self.tr("Drop an exported take here to bring its settings back."), "dim")
        hint.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        column = QVBoxLayout(self)
        column.setSpacing(GRID)
        column.addStretch(1)
        column.addWidget(title)
        column.addWidget(told)
        column.addSpacing(GRID)
        for card in self.cards:
            column.addWidget(card, 0, Qt.AlignmentFlag.AlignHCenter)
        column.addSpacing(GRID)
        column.addWidget(hint)
        column.addStretch(1)
        theme.changed.connect(self._tint)

    def _card(self, source: str) -> QPushButton:
        text = QCoreApplication.translate("EmptyState", source)
        card = QPushButton(text)
        card.setAccessibleName(self.tr("Generate: {0}").format(text))
        card.setToolTip(self.tr("Make this now"))
        card.setFixedWidth(_CARD_PX)
        card.setIcon(self._theme.icon("generate", "accent"))
        set_role(card, "card")
        card.clicked.connect(lambda: self.chosen.emit(text))
        return card

    def _tint(self) -> None:
        for card in self.cards:
            card.setIcon(self._theme.icon("generate", "accent"))
