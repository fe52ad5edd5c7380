"""Contrast, completeness and live switching of the theme."""

from __future__ import annotations

import re

import pytest
from PySide6.QtGui import QColor, QIcon
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from app.actions import ACTIONS
from app.style_sheet import STYLE_SHEET
from app.theme import ASSETS, TOKENS, Theme, ThemeChoice

READABLE = 4.5  # WCAG 2.2, 1.4.3
VISIBLE = 3.0  # WCAG 2.2, 1.4.11
SURFACES = ("window", "panel", "field", "field_hover", "block", "selection")
ON_SURFACES = [
    (text, surface)
    for text in ("text", "text_dim", "accent", "error", "warning")
    for surface in SURFACES
]
OWN_SURFACES = [
    ("error", "error_back"),
    ("warning", "warning_back"),
    ("info", "info_back"),
    ("accent", "error_back"),
    ("accent", "warning_back"),
    ("accent", "info_back"),
    ("text_dim", "warning_back"),
    ("on_accent", "accent"),
    ("on_accent", "accent_hover"),
]


def luminance(color: QColor) -> float:
    """Relative luminance by WCAG 2.2."""
    parts = (color.redF(), color.greenF(), color.blueF())
    linear = [v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4 for v in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(theme: Theme, one: str, other: str) -> float:
    dark, light = sorted(luminance(theme.color(name)) for name in (one, other))
    return (light + 0.05) / (dark + 0.05)


@pytest.fixture(params=[ThemeChoice.DARK, ThemeChoice.LIGHT])
def theme(request: pytest.FixtureRequest, qapp: QApplication) -> Theme:
    return Theme(request.param)


@pytest.mark.parametrize(("text", "surface"), ON_SURFACES + OWN_SURFACES)
def test_text_can_be_read(theme: Theme, text: str, surface: str) -> None:
    assert contrast(theme, text, surface) >= READABLE


@pytest.mark.parametrize("surface", ["panel", "field", "field_hover"])
def test_edges_of_controls_can_be_seen(theme: Theme, surface: str) -> None:
    assert contrast(theme, "edge", surface) >= VISIBLE


def test_the_style_sheet_names_only_tokens(theme: Theme) -> None:
    assert set(re.findall(r"@(\w+)", STYLE_SHEET)) <= set(TOKENS)
    assert "@" not in theme.style_sheet()


def test_every_icon_draws_something(theme: Theme) -> None:
    for path in sorted((ASSETS / "icons").glob("*.svg")):
        image = theme.icon(path.stem).pixmap(16).toImage()
        alphas = {image.pixelColor(x, y).alpha() for x in range(16) for y in range(16)}
        assert max(alphas) > 128, path.name
        assert min(alphas) == 0, path.name


def test_every_action_has_its_icon() -> None:
    names = {spec.icon for spec in ACTIONS if spec.icon}
    assert names <= {path.stem for path in (ASSETS / "icons").glob("*.svg")}


def test_a_disabled_icon_is_paler(theme: Theme) -> None:
    icon = theme.icon("play")
    normal = icon.pixmap(16, QIcon.Mode.Normal).toImage().pixelColor(6, 8)
    disabled = icon.pixmap(16, QIcon.Mode.Disabled).toImage().pixelColor(6, 8)
    assert (normal, disabled) == (theme.color("text"), theme.color("edge"))


def test_switching_tells_and_recolours(qtbot: QtBot) -> None:
    theme = Theme(ThemeChoice.DARK)
    dark = theme.color("panel")
    with qtbot.waitSignal(theme.changed):
        theme.choose(ThemeChoice.LIGHT)
    assert theme.color("panel").lightness() > dark.lightness() + 100


def test_a_stored_choice_is_read() -> None:
    assert ThemeChoice.parse("dark") is ThemeChoice.DARK
    assert ThemeChoice.parse("no such theme") is ThemeChoice.SYSTEM
