"""The style sheet of the whole window, written in the theme's tokens (`@accent`, `@line`)."""

STYLE_SHEET = """
* { outline: none; }
QWidget { color: @text; }
QMainWindow, QDialog, #window { background: @window; }
#panel { background: @panel; border-radius: 8px; }
QToolTip { background: @field_hover; color: @text; border: 1px solid @edge; padding: 4px 8px; }
"""
