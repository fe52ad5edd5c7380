"""The region of the takes: search and actions above, the list or what to say instead below."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, QPoint, Qt, Signal
from PySide6.QtWidgets import (
    QHBoxLayout,
    QMenu,
    QPushButton,
    QStackedWidget,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from app.actions import Actions
from app.controls.buttons import tool_button
from app.controls.labels import label
from app.controls.restyle import set_role
from app.library import Take, TakeState
from app.state.takes import Takes
from app.theme import GRID, Theme
from app.widgets.takes_list.model import TAKE_ROLE
from app.widgets.takes_list.search_field import SearchField
from app.widgets.takes_list.view import TakesView

TAKE_ACTIONS = ("use_settings", "export", "play_over", "set_b", "favourite", "delete")
_SPELT_OUT = ("use_settings", "export")  # what most takes are for
_NEEDS_SOUND = ("set_b", "export", "play_over")
_SEARCH_PX = 30 * GRID


class TakesList(QWidget):
    """Answers `find`, `favourite` and `delete` itself; the window answers the other actions.

    The actions that work on a take are enabled while there is a current one.
    """

    play_requested = Signal(object)  # Take: Enter or a double click

    def __init__(
        self, takes: Takes, actions: Actions, theme: Theme, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._takes = takes
        self._actions = actions
        self._theme = theme
        self.view = TakesView(takes, theme)
        self.search = self._search_field()
        self.starred_only = self._star_filter()
        self._stack = QStackedWidget()
        self._empty_text = label("", "dim")
        self._clear = QPushButton(self.tr("Show all takes"))
        self._undo_delete = self._undo_button()
        self._lay_out()
        self._connect()
        self._tint()
        self._show_current()
        self._show_list_or_text()
        self._offer_undo()

    def _search_field(self) -> SearchField:
        field = SearchField(self._theme, self.tr("Search the takes"))
        field.setObjectName("takesSearch")
        field.setPlaceholderText(self.tr("Search prompts"))
        field.setMaximumWidth(_SEARCH_PX)
        return field

    def _star_filter(self) -> QToolButton:
        button = QToolButton()
        button.setObjectName("starredOnly")
        button.setCheckable(True)
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        button.setAccessibleName(self.tr("Favourites only"))
        button.setToolTip(self.tr("Show favourites only"))
        return button

    def _undo_button(self) -> QPushButton:
        button = QPushButton(self.tr("Undo delete"))
        button.setObjectName("undoDelete")
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        set_role(button, "link")
        return button

    def _lay_out(self) -> None:
        bar = QHBoxLayout()
        bar.setContentsMargins(GRID, GRID, GRID, 0)
        bar.setSpacing(GRID // 2)
        bar.addWidget(self.search, 1)
        bar.addWidget(self.starred_only)
        bar.addStretch()
        bar.addWidget(self._undo_delete)
        for id in TAKE_ACTIONS:
            bar.addWidget(tool_button(self._actions[id], "text" if id in _SPELT_OUT else ""))
        self._stack.addWidget(self.view)
        self._stack.addWidget(self._empty_page())
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, GRID // 2)
        column.setSpacing(GRID // 2)
        column.addLayout(bar)
        column.addWidget(self._stack, 1)

    def _empty_page(self) -> QWidget:
        page = QWidget()
        set_role(self._clear, "link")
        self._empty_text.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._empty_text.setWordWrap(True)
        self._empty_text.setTextFormat(Qt.TextFormat.PlainText)
        column = QVBoxLayout(page)
        column.addStretch()
        column.addWidget(self._empty_text)
        column.addWidget(self._clear, 0, Qt.AlignmentFlag.AlignCenter)
        column.addStretch()
        return page

    def _connect(self) -> None:
        self.search.textChanged.connect(self._takes.set_search)
        self.search.onward.connect(self._focus_list)
        self.starred_only.toggled.connect(self._takes.set_starred_only)
        self.starred_only.toggled.connect(self._tint)
        self._clear.clicked.connect(self._show_all)
        self.view.activated.connect(self._on_activated)
        self.view.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.view.customContextMenuRequested.connect(self._open_menu)
        self._actions["find"].triggered.connect(self._focus_search)
        self._actions["favourite"].triggered.connect(self._on_favourite)
        self._actions["delete"].triggered.connect(self._on_delete)
        self._undo_delete.clicked.connect(self._actions["undo"].trigger)
        self._takes.undo.indexChanged.connect(self._offer_undo)
        self._takes.selected.connect(self._show_current)
        self._takes.changed.connect(self._show_current)
        self._theme.changed.connect(self._tint)
        model = self.view.model()
        for signal in (model.modelReset, model.rowsInserted, model.rowsRemoved):
            signal.connect(self._show_list_or_text)

    def _focus_search(self) -> None:
        self.search.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.search.selectAll()

    def _focus_list(self) -> None:
        if not self.view.model().rowCount():
            return
        self.view.setFocus(Qt.FocusReason.ShortcutFocusReason)
        if not self.view.currentIndex().isValid():
            self.view.setCurrentIndex(self.view.model().index(0, 0))

    def _show_all(self) -> None:
        self.starred_only.setChecked(False)
        self.search.clear()
        self.view.setFocus()

    def _on_activated(self, index: QModelIndex) -> None:
        take: Take = index.data(TAKE_ROLE)
        self._takes.select(take.id)
        self.play_requested.emit(take)

    def _on_favourite(self) -> None:
        take = self._takes.current
        if take is not None:
            self._takes.star(take.id, not take.starred)

    def _on_delete(self) -> None:
        take = self._takes.current
        if take is not None:
            self._takes.remove(take.id)

    def _offer_undo(self) -> None:
        """Show the way back beside the list for as long as the deletion is what Undo undoes."""
        offered = self._takes.can_undo_removal
        if self._undo_delete.hasFocus() and not offered:
            self.view.setFocus()
        self._undo_delete.setVisible(offered)
        self._undo_delete.setToolTip(self._actions["undo"].toolTip())

    def _open_menu(self, place: QPoint) -> None:
        if not self.view.indexAt(place).isValid():
            return
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.addAction(self._actions["play"])
        menu.addActions([self._actions[id] for id in TAKE_ACTIONS])
        menu.popup(self.view.viewport().mapToGlobal(place))

    def _show_current(self) -> None:
        take = self._takes.current
        for id in TAKE_ACTIONS:
            why = self.tr("Choose a take first.") if take is None else self._hindrance(id, take)
            self._actions.enable(id, not why, why)
        self._actions["favourite"].setChecked(take is not None and take.starred)

    def _hindrance(self, id: str, take: Take) -> str:
        """Why the action cannot be used on `take`; empty when it can."""
        if take.state is TakeState.MISSING and id in _NEEDS_SOUND:
            return self.tr("Its file is missing.")
        if take.state is TakeState.UNSAVED and id == "play_over":
            return self.tr("It is not saved yet.")
        return ""

    def _show_list_or_text(self) -> None:
        empty = self.view.model().rowCount() == 0
        self._stack.setCurrentIndex(int(empty))
        filtering = bool(self.search.text().strip()) or self.starred_only.isChecked()
        self._clear.setVisible(filtering)
        if len(self._takes) == 0:
            text = self.tr("Every take you make is kept here.")
        elif self.search.text().strip():
            text = self.tr("No take matches “{0}”.").format(self.search.text().strip())
        else:
            text = self.tr("No take has a star yet.")
        self._empty_text.setText(text)

    def _tint(self) -> None:
        checked = self.starred_only.isChecked()
        icon = ("star-filled", "star") if checked else ("star", "text_dim")
        self.starred_only.setIcon(self._theme.icon(*icon))
