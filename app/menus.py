"""The menu behind the header's menu button: every action of the table, by group."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QCoreApplication
from PySide6.QtWidgets import QMenu, QWidget

from app.actions import APP, Actions, translate
from app.state.recent import RecentFiles


def build_menu(
    actions: Actions, recent: RecentFiles, open_file: Callable[[Path], None], parent: QWidget
) -> QMenu:
    """A sub-menu for each group; the application's own actions stand below them."""
    menu = QMenu(parent)
    groups: dict[str, QMenu] = {}
    for spec in actions:
        if spec.group == APP:
            continue
        if spec.group not in groups:
            groups[spec.group] = menu.addMenu(translate(spec.group))
        groups[spec.group].addAction(actions[spec.id])
        if spec.id == "open_file":
            _add_recent(groups[spec.group], recent, open_file)
    menu.addSeparator()
    for spec in actions:
        if spec.group == APP:
            menu.addAction(actions[spec.id])
    return menu


def _add_recent(menu: QMenu, recent: RecentFiles, open_file: Callable[[Path], None]) -> None:
    """The files that can be opened again, below the action that opens any."""
    files = menu.addMenu(QCoreApplication.translate("Menu", "Recent files"))
    files.setToolTipsVisible(True)

    def fill() -> None:
        files.clear()
        files.setEnabled(bool(recent.paths))
        for path in recent.paths:
            entry = files.addAction(path.name.replace("&", "&&"))
            entry.setToolTip(str(path))
            entry.triggered.connect(lambda _=False, path=path: open_file(path))

    recent.changed.connect(fill)
    fill()
