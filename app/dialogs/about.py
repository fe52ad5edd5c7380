"""Version, models and licences."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QGridLayout, QVBoxLayout, QWidget

from app.controls.labels import label
from app.theme import GRID
from engine.api import ModelInfo


class AboutDialog(QDialog):
    """Not modal; Escape closes it."""

    def __init__(self, models: tuple[ModelInfo, ...], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("About Undertone"))
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        column = QVBoxLayout(self)
        column.setContentsMargins(3 * GRID, 3 * GRID, 3 * GRID, 2 * GRID)
        column.setSpacing(2 * GRID)
        column.addWidget(label(f"Undertone {_version()}", "title"))
        column.addWidget(label(self.tr("A desktop instrument that makes music by diffusion.")))
        column.addLayout(self._models(models))
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.rejected.connect(self.close)
        column.addWidget(buttons)

    def _models(self, models: tuple[ModelInfo, ...]) -> QGridLayout:
        grid = QGridLayout()
        grid.setHorizontalSpacing(3 * GRID)
        for at, title in enumerate((self.tr("Model"), self.tr("Licence"), self.tr("Sound"))):
            grid.addWidget(label(title, "heading"), 0, at)
        for row, model in enumerate(models, start=1):
            rate = f"{model.sample_rate / 1000:g} kHz"
            ways = {1: self.tr("mono"), 2: self.tr("stereo")}.get(model.channels, "")
            grid.addWidget(label(model.title), row, 0)
            grid.addWidget(label(model.licence), row, 1)
            grid.addWidget(label(f"{rate} {ways}"), row, 2)
        return grid


def _version() -> str:
    try:
        return version("undertone")
    except PackageNotFoundError:
        return ""
