"""The rows themselves: keys, double clicks and dragging a take out as a file."""

from __future__ import annotations

from PySide6.QtCore import QMimeData, QPoint, Qt, QUrl
from PySide6.QtGui import QDrag, QMouseEvent, QPixmap
from PySide6.QtWidgets import QAbstractItemView, QListView, QWidget

from app.library import Take
from app.state.takes import Takes
from app.theme import Theme
from app.widgets.takes_list.delegate import THUMBNAIL_PX, TakeDelegate, is_on_star
from app.widgets.takes_list.model import TAKE_ROLE, TakesModel


class TakesView(QListView):
    """One current take, the same as `Takes.current`."""

    def __init__(self, takes: Takes, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._takes = takes
        self._model = TakesModel(takes)
        self.setModel(self._model)
        self._delegate = TakeDelegate(theme, self)
        self._delegate.colours_ready.connect(self.viewport().update)
        self.setItemDelegate(self._delegate)
        self.setObjectName("takesView")
        self.setAccessibleName(self.tr("Takes"))
        self.setAccessibleDescription(
            self.tr("Enter plays a take; it can be dragged out as a file")
        )
        self.setMouseTracking(True)
        self.setUniformItemSizes(True)
        self.setDragEnabled(True)
        self.setDragDropMode(QAbstractItemView.DragDropMode.DragOnly)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.selectionModel().currentChanged.connect(self._on_current)
        self._model.modelReset.connect(self.follow_current)
        takes.selected.connect(self.follow_current)
        takes.added.connect(self.follow_current)
        theme.changed.connect(self.viewport().update)

    def follow_current(self) -> None:
        """Show the current take as current, wherever it moved."""
        take = self._takes.current
        row = self._model.row_of(take.id) if take is not None else None
        if row is None:
            self.selectionModel().clear()
        elif self.currentIndex().row() != row:
            self.setCurrentIndex(self._model.index(row))
            self.scrollTo(self._model.index(row))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """A press on a star is the star's: it neither selects nor drags the row."""
        if not self._press_star(event):
            super().mousePressEvent(event)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        if not self._press_star(event):
            super().mouseDoubleClickEvent(event)

    def _press_star(self, event: QMouseEvent) -> bool:
        place = event.position().toPoint()
        index = self.indexAt(place)
        if not index.isValid() or event.button() != Qt.MouseButton.LeftButton:
            return False
        if not is_on_star(self.visualRect(index), place):
            return False
        take: Take = index.data(TAKE_ROLE)
        self._takes.star(take.id, not take.starred)
        return True

    def startDrag(self, actions: Qt.DropAction) -> None:
        """Give the drop target a copy of the take under a good name."""
        take: Take | None = self.currentIndex().data(TAKE_ROLE)
        path = self._takes.file_to_drag(take.id) if take is not None else None
        if take is None or path is None:
            return
        data = QMimeData()
        data.setUrls([QUrl.fromLocalFile(str(path))])
        drag = QDrag(self)
        drag.setMimeData(data)
        image = self._delegate.thumbnail(take)
        if image is not None:
            drag.setPixmap(QPixmap.fromImage(image.scaled(THUMBNAIL_PX)))
            drag.setHotSpot(QPoint(-8, -8))
        drag.exec(Qt.DropAction.CopyAction)

    def _on_current(self) -> None:
        take: Take | None = self.currentIndex().data(TAKE_ROLE)
        if take is not None:
            self._takes.select(take.id)
