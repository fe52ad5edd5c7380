"""Buttons that show an action of the table, and a drop-down drawn in the theme."""

from __future__ import annotations

from PySide6.QtCore import QPoint, QRect, Qt
from PySide6.QtGui import QAction, QPainter, QPaintEvent, QStandardItemModel, QWheelEvent
from PySide6.QtWidgets import (
    QComboBox,
    QPushButton,
    QSizePolicy,
    QStyledItemDelegate,
    QToolButton,
    QWidget,
)

from app.controls.restyle import set_role
from app.theme import GRID, ICON_PX, Theme


def tool_button(action: QAction, role: str = "") -> QToolButton:
    """A flat icon button for `action`; its text is the accessible name.

    With the role "text" it shows the text beside the icon.
    """
    button = QToolButton()
    button.setDefaultAction(action)
    if role == "text":
        button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
    button.setAccessibleName(action.text())
    button.setObjectName(f"{action.objectName()}Button")
    button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    if role:
        set_role(button, role)
    return button


class ActionButton(QPushButton):
    """A push button that triggers `action` and follows its text, tip and enabled state.

    With the role "fold" it shows the action's icon and whether it is checked as well.
    """

    def __init__(self, action: QAction, role: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._action = action
        self._shows_icon = role == "fold"
        self.setCheckable(self._shows_icon)
        self.setObjectName(f"{action.objectName()}Button")
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        if role:
            set_role(self, role)
        self.clicked.connect(action.trigger)
        action.changed.connect(self._follow)
        self._follow()

    def _follow(self) -> None:
        self.setText(self._action.text())
        self.setToolTip(self._action.toolTip())
        self.setAccessibleName(self._action.text())
        self.setEnabled(self._action.isEnabled())
        if self._shows_icon:
            self.setIcon(self._action.icon())
            self.setChecked(self._action.isChecked())


class Picker(QComboBox):
    """A combo box whose arrow is one of the theme's icons."""

    def __init__(self, theme: Theme, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self.setItemDelegate(QStyledItemDelegate(self))  # the usual one ignores the style sheet
        self.setAccessibleName(name)
        self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setMinimumContentsLength(6)

    def add_heading(self, text: str) -> None:
        """A line above the entries that follow; it cannot be chosen."""
        self.addItem(text)
        model = self.model()
        assert isinstance(model, QStandardItemModel)
        model.item(self.count() - 1).setEnabled(False)

    def choose(self, data: object) -> None:
        """Select the entry that carries `data`, without telling that the user did."""
        at = self.findData(data)
        if at != self.currentIndex():
            blocked = self.blockSignals(True)
            self.setCurrentIndex(at)
            self.blockSignals(blocked)

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Turned over a picker that was not clicked, the wheel scrolls what is around it."""
        if self.hasFocus():
            super().wheelEvent(event)
        else:
            event.ignore()

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        corner = QPoint(self.width() - GRID - ICON_PX, (self.height() - ICON_PX) // 2)
        painter = QPainter(self)
        icon = self._theme.icon("down", "text_dim")
        icon.paint(painter, QRect(corner.x(), corner.y(), ICON_PX, ICON_PX))


class MenuButton(QToolButton):
    """A flat button that opens a menu; shows text, an icon and an arrow as asked."""

    def __init__(self, theme: Theme, name: str, arrow: bool, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._arrow = arrow
        self.setAccessibleName(name)
        self.setToolTip(name)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        if arrow:
            set_role(self, "menu")

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if self._arrow:
            painter = QPainter(self)
            top = (self.height() - ICON_PX) // 2
            area = QRect(self.width() - GRID // 2 - ICON_PX, top, ICON_PX, ICON_PX)
            self._theme.icon("down", "text_dim").paint(painter, area)
