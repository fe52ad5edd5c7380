"""Every action of the window, once: its text, icon, shortcut and tip.

Widgets take `Actions` and show `actions["play"]` as a button or menu entry; the state objects
and the window connect to `triggered`. The shortcuts dialog lists and edits this same table.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import cast

from PySide6.QtCore import QT_TRANSLATE_NOOP, QCoreApplication, QObject
from PySide6.QtGui import QAction, QKeySequence

from app.theme import Theme


@dataclass(frozen=True)
class ActionSpec:
    """`keys` are portable key sequences, the first one shown; `group` heads the shortcut list."""

    id: str
    group: str
    text: str
    tip: str
    icon: str = ""
    keys: tuple[str, ...] = ()
    checkable: bool = False


def _spec(
    id: str, group: str, text: str, tip: str, icon: str = "", *keys: str, checkable: bool = False
) -> ActionSpec:
    return ActionSpec(id, group, text, tip, icon, keys, checkable)


_N = cast(Callable[[str, str], str], QT_TRANSLATE_NOOP)  # lupdate: -tr-function-alias
MAKE = _N("Actions", "Making")
PLAY = _N("Actions", "Playing")
SEE = _N("Actions", "Seeing")
KEEP = _N("Actions", "Takes")
APP = _N("Actions", "Application")
OR = _N("Actions", " or ")  # between the shortcuts of one action

ACTIONS: tuple[ActionSpec, ...] = (
    _spec("generate", MAKE, _N("Actions", "Generate"),
          _N("Actions", "Make music from the prompt"), "generate", "Ctrl+Return", "Ctrl+Enter"),
    _spec("cancel", MAKE, _N("Actions", "Cancel"),
          _N("Actions", "Stop after the step in progress"), "cancel", "Esc"),
    _spec("cancel_all", MAKE, _N("Actions", "Cancel all"),
          _N("Actions", "Stop this take and all that wait"), "", "Shift+Esc"),
    _spec("audition", MAKE, _N("Actions", "Hear it now"),
          _N("Actions", "Hear the music while it forms, from the playhead on"), "audition", "H"),
    _spec("focus_prompt", MAKE, _N("Actions", "Go to the prompt"),
          _N("Actions", "Put the cursor into the prompt"), "", "Ctrl+K"),
    _spec("older_prompt", MAKE, _N("Actions", "Older prompt"),
          _N("Actions", "Bring back the prompt used before"), "up", "Ctrl+Up"),
    _spec("newer_prompt", MAKE, _N("Actions", "Newer prompt"),
          _N("Actions", "Return to the prompt used after"), "down", "Ctrl+Down"),
    _spec("new_seed", MAKE, _N("Actions", "Roll a new seed"),
          _N("Actions", "Choose another starting noise and keep it"), "dice", "Ctrl+R"),
    _spec("lock_seed", MAKE, _N("Actions", "Lock the seed"),
          _N("Actions", "Use the same starting noise each time"), "unlocked", "Ctrl+L",
          checkable=True),
    _spec("more", MAKE, _N("Actions", "More settings"),
          _N("Actions", "Show the settings that are rarely changed"), "chevron-right", "Ctrl+M",
          checkable=True),
    _spec("play", PLAY, _N("Actions", "Play"),
          _N("Actions", "Play or stop"), "play", "Space", "Ctrl+P"),  # the latter while typing
    _spec("to_start", PLAY, _N("Actions", "To the start"),
          _N("Actions", "Move the playhead to the start"), "to-start", "Home"),
    _spec("to_end", PLAY, _N("Actions", "To the end"),
          _N("Actions", "Move the playhead to the end"), "to-end", "End"),
    _spec("loop", PLAY, _N("Actions", "Loop"),
          _N("Actions", "Repeat the whole take or the marked region"), "loop", "L",
          checkable=True),
    _spec("clear_region", PLAY, _N("Actions", "Clear the region"),
          _N("Actions", "Loop the whole take again"), "", "Shift+L"),
    _spec("compare", PLAY, _N("Actions", "Switch between A and B"),
          _N("Actions", "Hear the other take at the same place and loudness"), "compare", "B",
          checkable=True),
    _spec("mute", PLAY, _N("Actions", "Mute"),
          _N("Actions", "Silence the output"), "volume", "M", checkable=True),
    _spec("louder", PLAY, _N("Actions", "Louder"),
          _N("Actions", "Raise the volume"), "", "Ctrl+Shift+Up"),
    _spec("quieter", PLAY, _N("Actions", "Quieter"),
          _N("Actions", "Lower the volume"), "", "Ctrl+Shift+Down"),
    _spec("rescan_devices", PLAY, _N("Actions", "Look for outputs again"),
          _N("Actions", "Search for audio devices that were plugged in"), "refresh", "F5"),
    _spec("zoom_in", SEE, _N("Actions", "Zoom in"),
          _N("Actions", "Show less time, larger"), "zoom-in", "+", "="),
    _spec("zoom_out", SEE, _N("Actions", "Zoom out"),
          _N("Actions", "Show more time"), "zoom-out", "-"),
    _spec("zoom_region", SEE, _N("Actions", "Zoom to the region, or back"),
          _N("Actions", "Fill the view with the marked region; again to return"), "", "Z"),
    _spec("zoom_fit", SEE, _N("Actions", "Show all"),
          _N("Actions", "Fit the whole take into the view"), "zoom-fit", "0"),
    _spec("step_back", SEE, _N("Actions", "Previous step"),
          _N("Actions", "Show the picture one denoising step earlier"), "", ","),
    _spec("step_forward", SEE, _N("Actions", "Next step"),
          _N("Actions", "Show the picture one denoising step later"), "", "."),
    _spec("export", KEEP, _N("Actions", "Export…"),
          _N("Actions", "Save the take as WAV or FLAC"), "export", "Ctrl+E", "Ctrl+S"),
    _spec("use_settings", KEEP, _N("Actions", "Use these settings"),
          _N("Actions", "Bring the take's prompt and settings back"), "reuse", "Ctrl+U"),
    _spec("play_over", KEEP, _N("Actions", "Write a part over this take"),
          _N("Actions", "Let the next take fit this one: its tempo, key, chords and length"),
          "over", "Ctrl+Shift+O"),
    _spec("favourite", KEEP, _N("Actions", "Favourite"),
          _N("Actions", "Mark the take with a star"), "star", "Ctrl+D", checkable=True),
    _spec("delete", KEEP, _N("Actions", "Delete the take"),
          _N("Actions", "Remove the take; Undo brings it back"), "delete", "Del"),
    _spec("set_b", KEEP, _N("Actions", "Compare with this take"),
          _N("Actions", "Make the selected take B of the A/B switch"), "compare", "Ctrl+B"),
    _spec("find", KEEP, _N("Actions", "Search the takes"),
          _N("Actions", "Find takes by their prompt"), "search", "Ctrl+F"),
    _spec("open_file", KEEP, _N("Actions", "Open an audio file…"),
          _N("Actions", "Bring back the settings that an exported file carries"), "", "Ctrl+O"),
    _spec("undo", APP, _N("Actions", "Undo"), _N("Actions", "Take the last change back"),
          "undo", "Ctrl+Z"),
    _spec("redo", APP, _N("Actions", "Redo"), _N("Actions", "Make the change again"),
          "redo", "Ctrl+Shift+Z", "Ctrl+Y"),
    _spec("dismiss", APP, _N("Actions", "Dismiss the message"),
          _N("Actions", "Put the shown message away"), "close", "Esc"),
    _spec("shortcuts", APP, _N("Actions", "Keyboard shortcuts"),
          _N("Actions", "See and change every shortcut"), "keyboard", "F1", "Ctrl+/"),
    _spec("about", APP, _N("Actions", "About Undertone"),
          _N("Actions", "Version, models and licences"), "about"),
    _spec("quit", APP, _N("Actions", "Quit"), _N("Actions", "Close the window"), "", "Ctrl+Q"),
)  # fmt: skip


class Actions(QObject):
    """The table as `QAction`s, by id; icons follow the theme, shortcuts follow the user.

    `custom_keys` maps an action's id to the portable key sequences that replace its own.
    """

    def __init__(
        self,
        theme: Theme,
        custom_keys: dict[str, list[str]] | None = None,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._theme = theme
        self._specs = {spec.id: spec for spec in ACTIONS}
        self._waits: dict[str, str] = {}  # what a disabled action waits for
        self._actions = {spec.id: self._make(spec) for spec in ACTIONS}
        for id, keys in (custom_keys or {}).items():
            if id in self._actions:
                self.set_keys(id, keys)
        theme.changed.connect(self._tint)

    def __getitem__(self, id: str) -> QAction:
        return self._actions[id]

    def __iter__(self) -> Iterator[ActionSpec]:
        return iter(self._specs.values())

    def all(self) -> list[QAction]:
        return list(self._actions.values())

    def keys(self, id: str) -> list[str]:
        """The shortcuts in force, as portable text."""
        portable = QKeySequence.SequenceFormat.PortableText
        return [keys.toString(portable) for keys in self._actions[id].shortcuts()]

    def set_keys(self, id: str, keys: list[str]) -> None:
        self._actions[id].setShortcuts([QKeySequence(text) for text in keys if text])
        self._tell(id)

    def reset_keys(self, id: str) -> None:
        self.set_keys(id, list(self._specs[id].keys))

    def is_custom(self, id: str) -> bool:
        usual = [QKeySequence(text).toString() for text in self._specs[id].keys]
        return self.keys(id) != usual

    def custom_keys(self) -> dict[str, list[str]]:
        """What differs from the table, to be stored in the settings."""
        return {id: self.keys(id) for id in self._actions if self.is_custom(id)}

    def enable(self, id: str, enabled: bool, waits_for: str = "") -> None:
        """Enable the action, or disable it and say in its tip what it waits for."""
        self._waits[id] = "" if enabled else waits_for
        self._actions[id].setEnabled(enabled)
        self._tell(id)

    def set_icon(self, id: str, icon: str) -> None:
        """Show another icon for a state: `play` as "stop" while playing."""
        self._specs[id] = replace(self._specs[id], icon=icon)
        self._actions[id].setIcon(self._theme.icon(icon))

    def _make(self, spec: ActionSpec) -> QAction:
        action = QAction(translate(spec.text), self)
        action.setObjectName(spec.id)
        action.setCheckable(spec.checkable)
        action.setShortcuts([QKeySequence(text) for text in spec.keys])
        if spec.icon:
            action.setIcon(self._theme.icon(spec.icon))
        action.setToolTip(_tip(spec, action))
        return action

    def _tell(self, id: str) -> None:
        tip = _tip(self._specs[id], self._actions[id])
        waits_for = self._waits.get(id)
        self._actions[id].setToolTip(f"{tip}\n{waits_for}" if waits_for else tip)

    def _tint(self) -> None:
        for id, spec in self._specs.items():
            if spec.icon:
                self._actions[id].setIcon(self._theme.icon(spec.icon))


def translate(text: str) -> str:
    """A text of the table in the user's language."""
    return QCoreApplication.translate("Actions", text)


def _tip(spec: ActionSpec, action: QAction) -> str:
    native = QKeySequence.SequenceFormat.NativeText
    keys = translate(OR).join(keys.toString(native) for keys in action.shortcuts())
    return f"{translate(spec.tip)} ({keys})" if keys else translate(spec.tip)
