"""The menu behind the header's menu button: every action of the table, by group."""

from __future__ import annotations

from PySide6.QtWidgets import QMenu, QWidget

from app.actions import APP, Actions, translate


def build_menu(actions: Actions, parent: QWidget) -> QMenu:
    """A sub-menu for each group; the application's own actions stand below them."""
    menu = QMenu(parent)
    groups: dict[str, QMenu] = {}
    for spec in actions:
        if spec.group == APP:
            continue
        if spec.group not in groups:
            groups[spec.group] = menu.addMenu(translate(spec.group))
        groups[spec.group].addAction(actions[spec.id])
    menu.addSeparator()
    for spec in actions:
        if spec.group == APP:
            menu.addAction(actions[spec.id])
    return menu
