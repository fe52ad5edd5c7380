"""The style sheet of the whole window, written in the theme's tokens (`@accent`, `@line`).

Roles that widgets take by a dynamic property: `role` on labels ("small", "dim", "heading",
"title", "error") and on buttons ("primary", "plain", "card"); `invalid` on fields at fault;
`auto` on fields whose value is planned.
"""

STYLE_SHEET = """
* { outline: none; }
QWidget { color: @text; }
QMainWindow, #window { background: @window; }
QDialog { background: @panel; }
QDialogButtonBox { dialogbuttonbox-buttons-have-icons: 0; }
#panel, #header { background: @panel; border-radius: 8px; }
#panelBody, #panelBody > QWidget { background: transparent; }
QScrollArea { background: transparent; border: none; }

QLabel { background: transparent; }
QLabel[role="small"], QLabel[role="dim"], QLabel[role="unit"] { color: @text_dim; }
QLabel[role="small"] { font-size: 11px; }
QLabel[role="heading"] { color: @text_dim; font-size: 11px; font-weight: 600; }
QLabel[role="title"] { font-weight: 600; }
QLabel[role="error"] { color: @error; font-size: 11px; }

QLineEdit, QPlainTextEdit, QComboBox, QSpinBox, QDoubleSpinBox, QKeySequenceEdit QLineEdit {
    background: @field; border: 1px solid @edge; border-radius: 4px; padding: 0 8px;
    selection-background-color: @selection; selection-color: @text;
}
QLineEdit, QPlainTextEdit { placeholder-text-color: @text_dim; }
QLineEdit QToolButton, QLineEdit QToolButton:hover {
    min-width: 0; min-height: 0; border: none; padding: 0; background: transparent;
}
QPlainTextEdit { padding: 4px; }
QLineEdit[role="inline"], QLineEdit[role="inline"]:focus { padding: 0 6px; font-weight: 600; }
QLineEdit, QComboBox, QSpinBox, QDoubleSpinBox { min-height: 26px; max-height: 26px; }
QLineEdit:focus, QPlainTextEdit:focus, QComboBox:focus, QSpinBox:focus, QDoubleSpinBox:focus {
    border: 2px solid @accent; padding: 0 7px;
}
QPlainTextEdit:focus { padding: 3px; }
QLineEdit[invalid="true"], QPlainTextEdit[invalid="true"], QComboBox[invalid="true"] {
    border: 2px solid @error; padding: 0 7px;
}
QLineEdit[invalid="true"], QComboBox[invalid="true"] { min-height: 24px; max-height: 24px; }
QPlainTextEdit[invalid="true"] { padding: 3px; }
QLineEdit:disabled, QPlainTextEdit:disabled, QComboBox:disabled { color: @edge; }
QComboBox { padding: 0 0 0 10px; }  /* the arrow's own width is the rest */
QComboBox:focus { padding: 0 0 0 9px; }
QComboBox[auto="true"] { color: @text_dim; }
QComboBox:hover, QLineEdit:hover, QPlainTextEdit:hover { background: @field_hover; }
QComboBox::drop-down { border: none; width: 24px; }
QComboBox::down-arrow { image: none; }
QComboBox QAbstractItemView {
    background: @field; border: 1px solid @edge; padding: 4px;
    selection-background-color: @selection; selection-color: @text;
}
QComboBox QAbstractItemView::item { min-height: 24px; }
QComboBox QAbstractItemView::item:disabled { color: @text_dim; }

QFrame[role="file"] {
    background: transparent; border: 1px dashed @edge; border-radius: 4px;
    min-height: 26px; max-height: 26px;
}
QFrame[role="file"][held="true"] { background: @field; border-style: solid; }
QFrame[role="file"][invalid="true"] {
    border: 2px solid @error; min-height: 24px; max-height: 24px;
}
QFrame[role="file"][offered="true"] { background: @selection; border: 1px dashed @accent; }
QFrame[role="file"] QToolButton {
    min-width: 22px; min-height: 20px; max-height: 20px; border-radius: 3px;
}

QPushButton {
    background: @field; border: 1px solid @edge; border-radius: 4px;
    min-height: 30px; max-height: 30px; padding: 0 16px;
}
QPushButton:hover { background: @field_hover; }
QPushButton:pressed { background: @selection; }
QPushButton:disabled { color: @edge; border-color: @line; }
QPushButton:focus { border: 2px solid @accent; padding: 0 15px; }
QPushButton[role="primary"] {
    background: @accent; color: @on_accent; border: 1px solid @accent; font-weight: 600;
    min-height: 38px; max-height: 38px;
}
QPushButton[role="primary"]:hover, QPushButton[role="primary"]:pressed {
    background: @accent_hover; border-color: @accent_hover;
}
QPushButton[role="primary"]:focus { border: 2px solid @text; }
QPushButton[role="large"] { min-height: 38px; max-height: 38px; }
QPushButton[role="card"] {
    text-align: left; padding: 0 16px; border-color: @line; border-radius: 8px;
    min-height: 46px; max-height: 46px; background: @panel;
}
QPushButton[role="card"]:hover { border-color: @accent; background: @field_hover; }
QPushButton[role="card"]:focus { border: 2px solid @accent; padding: 0 15px; }
QPushButton[role="link"] {
    background: transparent; border: 1px solid transparent; color: @accent; padding: 0 4px;
    min-height: 22px; max-height: 22px;
}
QPushButton[role="link"]:hover { text-decoration: underline; }
QPushButton[role="link"]:focus { border-color: @accent; }

QPushButton[role="fold"] {
    background: transparent; border: 1px solid transparent; color: @text_dim;
    padding: 0 8px 0 0; text-align: left;
}
QPushButton[role="fold"]:hover { color: @text; }
QPushButton[role="fold"]:focus { border: 2px solid @accent; padding: 0 7px 0 0; }

QToolButton {
    background: transparent; border: 1px solid transparent; border-radius: 4px;
    min-width: 30px; min-height: 30px; max-height: 30px; padding: 0;
}
QToolButton:hover { background: @field_hover; }
QToolButton:disabled { color: @edge; }
QToolButton:pressed { background: @selection; }
QToolButton:checked { background: @selection; border-color: @accent; }
QToolButton:focus { border: 2px solid @accent; }
QToolButton:checked:focus { border-color: @text; }
QToolButton::menu-indicator { image: none; width: 0; }
QToolButton[role="text"] { padding: 0 0 0 8px; }
QToolButton[role="menu"] { padding: 0 24px 0 8px; }

QSlider { min-height: 24px; background: transparent; }
QSlider::groove:horizontal { height: 4px; border-radius: 2px; background: @line; }
QSlider::sub-page:horizontal { height: 4px; border-radius: 2px; background: @accent; }
QSlider::handle:horizontal {
    width: 14px; height: 14px; margin: -6px 0; border-radius: 8px;
    background: @text; border: 1px solid @panel;
}
QSlider::handle:horizontal:hover { background: @accent_hover; }
QSlider::handle:horizontal:focus { border: 2px solid @accent; width: 12px; height: 12px; }
QSlider:focus { background: @field_hover; border-radius: 4px; }
QSlider::sub-page:horizontal:disabled, QSlider::handle:horizontal:disabled { background: @edge; }

QProgressBar {
    background: @line; border: none; border-radius: 2px; min-height: 4px; max-height: 4px;
}
QProgressBar::chunk { background: @accent; border-radius: 2px; }

QSplitter::handle { background: transparent; }
QSplitter::handle:hover { background: @line; border-radius: 3px; }
QScrollBar:vertical { background: transparent; width: 10px; margin: 0; }
QScrollBar:horizontal { background: transparent; height: 10px; margin: 0; }
QScrollBar::handle { background: @edge; border-radius: 3px; margin: 2px; }
QScrollBar::handle:vertical { min-height: 32px; }
QScrollBar::handle:horizontal { min-width: 32px; }
QScrollBar::handle:hover { background: @text_dim; }
QScrollBar::add-line, QScrollBar::sub-line { width: 0; height: 0; }
QScrollBar::add-page, QScrollBar::sub-page { background: transparent; }

QMenu { background: @field; border: 1px solid @edge; padding: 4px; border-radius: 4px; }
QMenu::item { padding: 6px 24px 6px 12px; border-radius: 4px; }
QMenu::item:selected { background: @selection; }
QMenu::item:disabled { color: @edge; }
QMenu::icon { padding-left: 8px; }
QMenu::separator { height: 1px; background: @line; margin: 4px 8px; }
QToolTip { background: @field_hover; color: @text; border: 1px solid @edge; padding: 4px; }

QListView, QTableView, QTreeView {
    background: transparent; border: none; selection-background-color: @selection;
    selection-color: @text; alternate-background-color: @field;
}
QListView[role="completer"] { background: @field; border: 1px solid @edge; }
QListView[role="completer"]::item { min-height: 22px; padding: 0 4px; }
QHeaderView::section { background: transparent; color: @text_dim; border: none; padding: 4px; }

#notice { border-radius: 8px; }
#notice[severity="error"] { background: @error_back; }
#notice[severity="warning"] { background: @warning_back; }
#notice[severity="info"] { background: @info_back; }
#notice[severity="error"] #noticeMessage { color: @error; }
#notice[severity="warning"] #noticeMessage { color: @warning; }
#notice[severity="info"] #noticeMessage { color: @info; }
"""
