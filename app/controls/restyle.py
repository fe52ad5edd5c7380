"""Sets the dynamic properties that the style sheet's roles hang on."""

from __future__ import annotations

from PySide6.QtWidgets import QWidget


def set_role(widget: QWidget, role: str) -> None:
    set_style(widget, "role", role)


def set_style(widget: QWidget, name: str, value: object) -> None:
    """Set a property and let the style sheet look at the widget again."""
    if widget.property(name) != value:
        widget.setProperty(name, value)
        widget.style().unpolish(widget)
        widget.style().polish(widget)
        widget.update()
