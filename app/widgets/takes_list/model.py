"""The takes that search and star filter let through, as a list model."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QAbstractListModel, QModelIndex, QPersistentModelIndex, Qt

from app.library import Take
from app.state.takes import Takes
from app.widgets.takes_list import wording

TAKE_ROLE = Qt.ItemDataRole.UserRole
_Index = QModelIndex | QPersistentModelIndex
_NOWHERE = QModelIndex()


class TakesModel(QAbstractListModel):
    """Follows `Takes` row by row, so that the list keeps its place and its selection."""

    def __init__(self, takes: Takes) -> None:
        super().__init__(takes)
        self._takes = takes
        self._rows: list[Take] = takes.visible()
        takes.opened.connect(self._reset)
        takes.filtered.connect(self._reset)
        takes.added.connect(self._show)
        takes.changed.connect(self._show)
        takes.removed.connect(self._hide)

    def rowCount(self, parent: _Index = _NOWHERE) -> int:
        return 0 if parent.isValid() else len(self._rows)

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid():
            return None
        take = self._rows[index.row()]
        if role == TAKE_ROLE:
            return take
        if role == Qt.ItemDataRole.DisplayRole:
            return wording.title(take)
        if role == Qt.ItemDataRole.ToolTipRole:
            return wording.tool_tip(take)
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return wording.spoken(take)
        return None

    def flags(self, index: _Index) -> Qt.ItemFlag:
        return super().flags(index) | Qt.ItemFlag.ItemIsDragEnabled

    def row_of(self, id: str) -> int | None:
        """Where a take is listed; None where the filter hides it."""
        return next((row for row, take in enumerate(self._rows) if take.id == id), None)

    def _reset(self) -> None:
        self.beginResetModel()
        self._rows = self._takes.visible()
        self.endResetModel()

    def _show(self, take: Take) -> None:
        """Insert, replace or, where the filter no longer lets it through, remove a row."""
        row = self.row_of(take.id)
        if not self._takes.shows(take):
            self._hide(take.id)
        elif row is not None:
            self._rows[row] = take
            self.dataChanged.emit(self.index(row), self.index(row))
        else:
            place = sum(other.id > take.id for other in self._rows)
            self.beginInsertRows(_NOWHERE, place, place)
            self._rows.insert(place, take)
            self.endInsertRows()

    def _hide(self, id: str) -> None:
        row = self.row_of(id)
        if row is not None:
            self.beginRemoveRows(_NOWHERE, row, row)
            del self._rows[row]
            self.endRemoveRows()
