"""Errors, warnings and news in the window itself: what happened, what to do, copy, dismiss."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QAccessible, QAccessibleEvent, QGuiApplication
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QToolButton, QWidget

from app.controls.restyle import set_role, set_style
from app.state.notices import Notices, Severity
from app.theme import GRID, ICON_PX, Theme

_ICONS = {Severity.INFO: "info", Severity.WARNING: "warning", Severity.ERROR: "error"}


class NoticeBar(QFrame):
    """Shows the newest notice; hidden when there is none."""

    def __init__(self, notices: Notices, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("notice")
        self._notices = notices
        self._theme = theme
        self._icon = QLabel()
        self._icon.setFixedWidth(ICON_PX)
        self.message = QLabel()
        self.message.setObjectName("noticeMessage")
        self.message.setWordWrap(True)
        self.message.setTextFormat(Qt.TextFormat.PlainText)
        self.message.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._more = QLabel()
        set_role(self._more, "small")
        self.copy = QPushButton(self.tr("Copy"))
        self.copy.setToolTip(self.tr("Copy the whole message"))
        set_role(self.copy, "link")
        self.close_button = QToolButton()
        self.close_button.setToolTip(self.tr("Dismiss"))
        self.close_button.setAccessibleName(self.tr("Dismiss"))
        self._lay_out()
        self.copy.clicked.connect(self._on_copy)
        self.close_button.clicked.connect(notices.dismiss)
        notices.changed.connect(self._show)
        theme.changed.connect(self._show)
        self._show()

    def _lay_out(self) -> None:
        row = QHBoxLayout(self)
        row.setContentsMargins(2 * GRID, GRID // 2, GRID, GRID // 2)
        row.setSpacing(GRID)
        row.addWidget(self._icon)
        row.addWidget(self.message, 1)
        row.addWidget(self._more)
        row.addWidget(self.copy)
        row.addWidget(self.close_button)

    def _on_copy(self) -> None:
        if notice := self._notices.current:
            QGuiApplication.clipboard().setText(notice.for_clipboard)

    def _show(self) -> None:
        notice = self._notices.current
        self.setVisible(notice is not None)
        if notice is None:
            return
        set_style(self, "severity", notice.severity.value)
        set_style(self.message, "severity", notice.severity.value)
        icon = self._theme.icon(_ICONS[notice.severity], notice.severity.value)
        self._icon.setPixmap(icon.pixmap(ICON_PX))
        self.close_button.setIcon(self._theme.icon("close", notice.severity.value))
        self.message.setText(" ".join(part for part in (notice.message, notice.remedy) if part))
        hidden = self._notices.hidden
        self._more.setText(self.tr("{0} more").format(hidden) if hidden else "")
        self.setAccessibleName(self.message.text())
        QAccessible.updateAccessibility(QAccessibleEvent(self, QAccessible.Event.Alert))
