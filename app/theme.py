"""How the window looks: the colours by name, two text sizes, the grid, the icons, the style sheet.

Every colour is a token with a light and a dark value; nothing else in the app names a colour.
Widgets that paint themselves ask `theme.color("accent")` when they paint and repaint on
`theme.changed`, so the theme switches live. The contrasts are tested in tests/app/test_theme.py.
"""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path

from PySide6.QtCore import QByteArray, QObject, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QGuiApplication, QIcon, QPainter, QPalette, QPixmap
from PySide6.QtSvg import QSvgRenderer
from PySide6.QtWidgets import QApplication

GRID = 8  # logical pixels: every margin, gap and control height is a multiple of half of it
TEXT_PX = 13
SMALL_PX = 11
CONTROL_PX = 32  # height of buttons and one-line fields
ICON_PX = 16
SCROLL_BAR_PX = 10

ASSETS = Path(__file__).resolve().parents[1] / "assets"

# name: (dark, light)
TOKENS: dict[str, tuple[str, str]] = {
    "window": ("#0f1416", "#e9eded"),  # behind the panels
    "panel": ("#171d20", "#f8fafa"),  # the three regions
    "field": ("#20282c", "#ffffff"),  # what can be typed in or dragged
    "field_hover": ("#2a3439", "#eef2f2"),
    "block": ("#20282c", "#e9eded"),  # what lies on a panel in a row, such as chords
    "line": ("#2c363b", "#d3dada"),  # between regions
    "edge": ("#72828b", "#76858b"),  # around controls: 3:1 on panel and field
    "text": ("#e9eef0", "#141c1f"),
    "text_dim": ("#abb8bf", "#4f5e65"),
    "accent": ("#58cdd8", "#0b6974"),
    "accent_hover": ("#82dde5", "#0a565f"),
    "on_accent": ("#04262a", "#ffffff"),
    "selection": ("#1d4a50", "#c4e4e7"),  # behind selected text and rows
    "canvas": ("#0a0e10", "#ffffff"),  # behind spectrogram, waveform, ruler
    "grid": ("#263035", "#dde3e3"),  # lines of the ruler and of the axes
    "wave": ("#58cdd8", "#0b6974"),
    "wave_dim": ("#3b6d73", "#7fb3b8"),  # what is not heard: outside the loop, the other take
    "playhead": ("#ffffff", "#141c1f"),
    "region": ("#58cdd8", "#0b6974"),  # the loop; painted translucent
    "meter_low": ("#6fc274", "#2f8a3a"),
    "meter_mid": ("#e3c04a", "#a87b00"),
    "meter_high": ("#f4746b", "#c42b23"),
    "star": ("#e3c04a", "#7c5a00"),
    "error": ("#ff938a", "#a5221b"),
    "error_back": ("#3a1e1e", "#fbe4e2"),
    "warning": ("#e9c45a", "#7a5700"),
    "warning_back": ("#352d16", "#fbf0d2"),
    "info": ("#8fdbe3", "#0b5a63"),
    "info_back": ("#16343a", "#dcf1f3"),
}


class ThemeChoice(StrEnum):
    SYSTEM = "system"
    LIGHT = "light"
    DARK = "dark"

    @classmethod
    def parse(cls, text: str) -> ThemeChoice:
        """The choice called `text`; the system's for any other word."""
        return cls(text) if text in list(cls) else cls.SYSTEM


class Theme(QObject):
    """The look in force. `changed` fires after the palette and style sheet were replaced."""

    changed = Signal()

    def __init__(
        self, choice: ThemeChoice = ThemeChoice.SYSTEM, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._choice = choice
        self._icons: dict[tuple[str, str], QIcon] = {}
        QGuiApplication.styleHints().colorSchemeChanged.connect(self._follow_system)

    @property
    def choice(self) -> ThemeChoice:
        return self._choice

    @property
    def is_dark(self) -> bool:
        if self._choice is ThemeChoice.SYSTEM:
            return QGuiApplication.styleHints().colorScheme() is not Qt.ColorScheme.Light
        return self._choice is ThemeChoice.DARK

    def choose(self, choice: ThemeChoice) -> None:
        if choice is not self._choice:
            self._choice = choice
            self.apply()

    def color(self, name: str) -> QColor:
        """The colour of a token of `TOKENS`, for the theme in force."""
        dark, light = TOKENS[name]
        return QColor(dark if self.is_dark else light)

    def icon(self, name: str, color: str = "text") -> QIcon:
        """assets/icons/<name>.svg tinted with a token, dimmed where disabled; sharp at 1× to 3×."""
        key = (name, self.color(color).name())
        if key not in self._icons:
            self._icons[key] = self._render_icon(name, self.color(color))
        return self._icons[key]

    def apply(self) -> None:
        """Dress the application. Call once before the first window is shown."""
        app = QApplication.instance()
        assert isinstance(app, QApplication)
        app.setStyle("fusion")
        font = app.font()
        font.setPixelSize(TEXT_PX)
        app.setFont(font)
        app.setPalette(self._palette())
        app.setStyleSheet(self.style_sheet())
        self.changed.emit()

    def style_sheet(self) -> str:
        from app.style_sheet import STYLE_SHEET

        values = {name: self.color(name).name() for name in TOKENS}
        text = STYLE_SHEET
        for name, value in sorted(values.items(), key=lambda item: -len(item[0])):
            text = text.replace(f"@{name}", value)
        return text

    def _follow_system(self) -> None:
        if self._choice is ThemeChoice.SYSTEM:
            self.apply()

    def _palette(self) -> QPalette:
        palette = QPalette()
        roles = {
            QPalette.ColorRole.Window: "panel",
            QPalette.ColorRole.WindowText: "text",
            QPalette.ColorRole.Base: "field",
            QPalette.ColorRole.AlternateBase: "field_hover",
            QPalette.ColorRole.Text: "text",
            QPalette.ColorRole.PlaceholderText: "text_dim",
            QPalette.ColorRole.Button: "field",
            QPalette.ColorRole.ButtonText: "text",
            QPalette.ColorRole.ToolTipBase: "field_hover",
            QPalette.ColorRole.ToolTipText: "text",
            QPalette.ColorRole.Highlight: "selection",
            QPalette.ColorRole.HighlightedText: "text",
            QPalette.ColorRole.Link: "accent",
            QPalette.ColorRole.Mid: "line",
        }
        for role, token in roles.items():
            palette.setColor(role, self.color(token))
        for role in (QPalette.ColorRole.Text, QPalette.ColorRole.ButtonText):
            palette.setColor(QPalette.ColorGroup.Disabled, role, self.color("edge"))
        return palette

    def _render_icon(self, name: str, color: QColor) -> QIcon:
        source = (ASSETS / "icons" / f"{name}.svg").read_text(encoding="utf-8")
        icon = QIcon()
        for mode, tint in ((QIcon.Mode.Normal, color), (QIcon.Mode.Disabled, self.color("edge"))):
            drawing = QSvgRenderer(QByteArray(source.replace("currentColor", tint.name()).encode()))
            for scale in (1, 2, 3):
                icon.addPixmap(_draw(drawing, ICON_PX, scale), mode)
        return icon


def _draw(drawing: QSvgRenderer, side_px: int, scale: int) -> QPixmap:
    pixmap = QPixmap(QSize(side_px, side_px) * scale)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    drawing.render(painter, QRectF(0, 0, side_px * scale, side_px * scale))
    painter.end()
    pixmap.setDevicePixelRatio(scale)
    return pixmap
