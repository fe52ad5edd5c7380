"""One export at a time, worked out in the background and shown before it is done."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import platformdirs
from PySide6.QtCore import QObject, Signal

from app.library import Take
from app.state.disk_thread import DiskThread
from app.state.notices import Notices
from app.state.takes import Takes
from app.store import JsonStore
from engine.api import Clip
from engine.audio.export import (
    LOUDNESS_TARGETS_LUFS,
    ExportChoice,
    ExportPlan,
    Normalise,
    plan_export,
    suggested_name,
    write_plan,
)
from engine.audio.files import SAMPLE_RATES, FileFormat
from engine.errors import EngineError

_NOT_IN_NAMES = '/\\:*?"<>|\0'


@dataclass(frozen=True)
class ExportDraft:
    """What is being asked: `name` is without the suffix, which is the format's."""

    take: Take
    choice: ExportChoice
    folder: str
    name: str

    @property
    def path(self) -> Path:
        return Path(self.folder).expanduser() / f"{self.name}{self.choice.format.suffix}"


class Exporter(QObject):
    """`open` begins a draft; `plan` follows when it was measured; `export` writes the file."""

    changed = Signal()  # draft, plan, problem or busy
    exported = Signal(object)  # Path

    def __init__(
        self, takes: Takes, notices: Notices, store: JsonStore, parent: QObject | None = None
    ) -> None:
        """`store` remembers folder and format from one export to the next."""
        super().__init__(parent)
        self._takes = takes
        self._notices = notices
        self._store = store
        self._disk = DiskThread(self)
        self._clip: Clip | None = None
        self._remembered = store.load()
        self.draft: ExportDraft | None = None
        self.plan: ExportPlan | None = None
        self.error: EngineError | None = None  # the last attempt's, until something is changed
        self.busy = False

    @property
    def can_export(self) -> bool:
        ready = self.plan is not None and not self.plan.too_loud and not self.busy
        return ready and self.draft is not None and _is_name(self.draft.name)

    @property
    def replaces(self) -> bool:
        """Whether a file of that name would be replaced."""
        draft = self.draft
        return draft is not None and _is_name(draft.name) and draft.path.is_file()

    def open(self, take: Take) -> None:
        """Begin an export of `take` with the choices of the last one."""
        choice, folder = _choice_from(self._remembered), self._folder()
        draft = ExportDraft(take, choice, folder, suggested_name(take.request))
        self.draft = replace(draft, name=_free_name(draft))
        self._clip = self.plan = self.error = None
        self.changed.emit()
        self._takes.fetch(take.id, self._on_clip)

    def close(self) -> None:
        """Put the draft away; a file that is being written is finished."""
        self.draft = self.plan = self._clip = None
        self.changed.emit()

    def shut_down(self) -> None:
        """Finish what is being written and end the thread."""
        self._disk.close()

    def choose(self, **changes: Any) -> None:
        """Change fields of the draft's `ExportChoice`; what depends on them is measured again."""
        if self.draft is None:
            return
        choice = replace(self.draft.choice, **changes)
        self.draft = replace(self.draft, choice=choice)
        self.error = None
        if self.plan is not None and choice == replace(self.plan.choice, format=choice.format):
            self.plan = replace(self.plan, choice=choice)  # the format alone changes no level
        else:
            self._measure()
        self.changed.emit()

    def set_target(self, folder: str | None = None, name: str | None = None) -> None:
        if self.draft is None:
            return
        self.draft = replace(
            self.draft,
            folder=self.draft.folder if folder is None else folder,
            name=self.draft.name if name is None else name,
        )
        self.error = None
        self.changed.emit()

    def export(self) -> None:
        """Write the file in the background; a refusal stays in `error` with the draft."""
        draft, plan = self.draft, self.plan
        if draft is None or plan is None or not self.can_export:
            return
        self.busy, self.error = True, None
        self.changed.emit()
        self._disk.run(
            lambda: write_plan(draft.path, plan, draft.take.request),
            partial(self._on_written, draft),
            self._on_failed,
        )

    def _measure(self) -> None:
        self.plan = None
        if self.draft is not None and self._clip is not None:
            clip, choice = self._clip, self.draft.choice
            self._disk.run(lambda: plan_export(clip, choice), self._on_plan, self._on_failed)

    def _on_clip(self, take: Take, clip: Clip) -> None:
        if self.draft is not None and self.draft.take.id == take.id:
            self._clip = clip
            self._measure()

    def _on_plan(self, plan: ExportPlan) -> None:
        """Take the plan, unless the choice has moved on since it was asked for."""
        if self.draft is not None and self.draft.choice == plan.choice:
            self.plan = plan
            self.changed.emit()

    def _on_written(self, draft: ExportDraft, _: None) -> None:
        self.busy = False
        self._remembered = _remembered(draft)
        self._disk.run(
            partial(self._store.save, self._remembered), lambda _: None, self._notices.error
        )
        self._notices.info(self.tr("Exported {0}.").format(draft.path))
        self.exported.emit(draft.path)
        if self.draft == draft:
            self.close()

    def _on_failed(self, error: EngineError) -> None:
        self.busy, self.error = False, error
        if self.draft is None:
            self._notices.error(error)
        self.changed.emit()

    def _folder(self) -> str:
        remembered = self._remembered.get("folder")
        if isinstance(remembered, str) and Path(remembered).is_dir():
            return remembered
        music = Path(platformdirs.user_music_dir())
        return str(music if music.is_dir() else Path.home())


def _is_name(name: str) -> bool:
    return bool(name.strip(" .")) and not set(name) & set(_NOT_IN_NAMES)


def _free_name(draft: ExportDraft) -> str:
    """The draft's name, numbered where files of that name exist already."""
    number, free = 1, draft
    while free.path.exists():
        number += 1
        free = replace(draft, name=f"{draft.name}-{number}")
    return free.name


def _remembered(draft: ExportDraft) -> dict[str, Any]:
    choice = draft.choice
    return {
        "folder": draft.folder,
        "format": choice.format.value,
        "sample_rate": choice.sample_rate,
        "normalise": choice.normalise.value,
        "loudness_lufs": choice.loudness_lufs,
    }


def _choice_from(remembered: dict[str, Any]) -> ExportChoice:
    """The last choice; whatever cannot be read of it is as usual."""
    usual = ExportChoice()
    format, rate = remembered.get("format"), remembered.get("sample_rate")
    normalise, loudness = remembered.get("normalise"), remembered.get("loudness_lufs")
    return ExportChoice(
        format=FileFormat(format) if format in list(FileFormat) else usual.format,
        sample_rate=rate if rate in SAMPLE_RATES else usual.sample_rate,
        normalise=Normalise(normalise) if normalise in list(Normalise) else usual.normalise,
        loudness_lufs=loudness if loudness in LOUDNESS_TARGETS_LUFS else usual.loudness_lufs,
    )
