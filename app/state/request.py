"""The request being edited, with undo, the planner's answer, and the prompts used before."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from PySide6.QtCore import QCoreApplication, QObject, QTimer, Signal
from PySide6.QtGui import QUndoStack

from app.state.draft import Draft, interval_fields, plain, score_fields
from app.state.edits import WRITE_ALONE, WRITE_OVER, Edit
from engine.api import GenerationRequest, ModelInfo, Score
from engine.errors import InvalidRequest

PLAN_AFTER_MS = 60
_OWN = ("stem", "drums", "instruments")  # what music that fits other does not share with it
SHORT_SEEDS = 1_000_000  # drawn seeds have at most six digits, to be read and told


class RequestModel(QObject):
    """The draft with undo, its plan, and the one field at fault.

    `changed` names each field that changed. `planned` fires when `plan` or `problem` may have:
    `plan` is the whole score the draft would be made with, None while it cannot be told.
    `heard_as` are the words in which the network hears the prompt, "" where they are its own.
    """

    changed = Signal(str)
    planned = Signal()
    remembered = Signal()  # a prompt joined `prompts`

    def __init__(
        self,
        planner: Callable[[GenerationRequest], Score],
        undo_stack: QUndoStack,
        wording: Callable[[GenerationRequest], str] = lambda request: request.prompt,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._planner, self._wording = planner, wording
        self._undo = undo_stack
        self._draft = Draft(seed=_fresh_seed())
        self._seed_used = False
        self.prompts: list[str] = []  # used before, the oldest first
        self._recalled: int | None = None
        self.plan: Score | None = None
        self.heard_as = ""
        self.problem: InvalidRequest | None = None
        self._revealed: InvalidRequest | None = None
        self._timer = QTimer(self, singleShot=True, interval=PLAN_AFTER_MS)
        self._timer.timeout.connect(self._replan)

    @property
    def draft(self) -> Draft:
        return self._draft

    @property
    def marked(self) -> InvalidRequest | None:
        """The problem whose field is to be marked. An empty prompt is none until Generate."""
        return self._revealed or self.problem

    def restore(self, draft: Draft) -> None:
        """Take `draft` over without a way back: at start."""
        self.apply(draft if draft.seed_locked else replace(draft, seed=_fresh_seed()))
        self._replan()

    def edit(self, **values: Any) -> None:
        """Change one field or several as one step; quick changes of the same field are one."""
        after = replace(self._draft, **values)
        if after != self._draft:
            self._undo.push(Edit(self, self._draft, after))

    def type_text(self, field: str, text: str) -> None:
        """Follow a text field that keeps its own undo."""
        self._recalled = None
        values: dict[str, Any] = {field: text}
        self.apply(replace(self._draft, **values))

    def apply(self, draft: Draft) -> None:
        """Make `draft` the one in force and tell what is different."""
        before, self._draft = self._draft, draft
        for name, value in asdict(draft).items():
            if value != getattr(before, name):
                self.changed.emit(name)
        self._timer.start()

    def use(self, request: GenerationRequest) -> None:
        """Bring back the settings of a take."""
        self.edit(**asdict(Draft.of(request, self._draft.takes)))

    def write_over(self, path: Path, made: GenerationRequest | None = None) -> None:
        """Let the music fit the sound in `path`, and keep to what `made` it where that is known.

        Its players are not asked for again, nor its stem: another part is written.
        """
        kept = {} if made is None else score_fields(made.score)
        kept = {name: value for name, value in kept.items() if name not in _OWN}
        if made is not None:
            kept["duration_s"] = f"{made.duration_s:.10g}"
        after = replace(self._draft, **kept, over=str(path))
        if after != self._draft:
            self._undo.push(Edit(self, self._draft, after, WRITE_OVER))

    def write_alone(self) -> None:
        """Let the music fit no other any more."""
        if self._draft.over:
            self._undo.push(Edit(self, self._draft, replace(self._draft, over=""), WRITE_ALONE))

    def choose_model(self, model: ModelInfo) -> None:
        """Switch the model and bring its own steps, guidance, sampler and schedule along."""
        self.edit(
            model=model.id,
            steps=str(model.steps),
            guidance=f"{model.guidance:g}",
            rescale=plain(model.refinement.rescale),
            **interval_fields(model.refinement.interval),
            sampler=model.sampler.value,
            schedule=model.schedule.value,
        )

    def roll_seed(self) -> None:
        """A new seed, kept until it is unlocked."""
        self.edit(seed=_fresh_seed(), seed_locked=True)

    def lock_seed(self, locked: bool) -> None:
        self.edit(seed_locked=locked)

    def build(self) -> list[GenerationRequest]:
        """The requests of one click. Raises `InvalidRequest`.

        The first take has the seed in the field, drawn anew if it was used and is not locked;
        further takes draw their own, or count up from a locked one. The prompt is remembered.
        A draft that is refused stays as it is.
        """
        draft = self._draft
        if self._seed_used and not draft.seed_locked:
            draft = replace(draft, seed=_fresh_seed())
        first, takes = draft.request(), draft.take_count()
        _check_over(draft.over)
        self.apply(draft)
        self._seed_used = True
        self._remember(self._draft.prompt.strip())
        return [first, *(replace(first, seed=self._next_seed(first, i)) for i in range(1, takes))]

    def reveal(self, problem: InvalidRequest) -> None:
        """Mark the field at fault, even one that is quietly left alone while typing.

        The mark stays until the draft changes again: a plan still due is made first.
        """
        if self._timer.isActive():
            self._timer.stop()
            self._replan()
        self._revealed = problem
        self.planned.emit()

    def show_used_seed(self, seed: int | None) -> None:
        """Show the seed a take was really made with, unless the user holds another."""
        if seed is not None and not self._draft.seed_locked:
            self._seed_used = True
            self.apply(replace(self._draft, seed=str(seed)))

    def recall(self, direction: int) -> None:
        """Bring back an older (-1) or newer (+1) prompt."""
        at = len(self.prompts) if self._recalled is None else self._recalled
        to = at + direction
        if 0 <= to < len(self.prompts):
            if self.prompts[to] == self._draft.prompt and 0 <= to + direction < len(self.prompts):
                to += direction
            self.edit(prompt=self.prompts[to])
            self._recalled = to

    def _next_seed(self, first: GenerationRequest, i: int) -> int:
        if self._draft.seed_locked and first.seed is not None:
            return first.seed + i
        return int(_fresh_seed())

    def _remember(self, prompt: str) -> None:
        self.prompts = [each for each in self.prompts if each != prompt] + [prompt]
        self._recalled = None
        self.remembered.emit()

    def _replan(self) -> None:
        self.plan = self.problem = self._revealed = None
        self.heard_as = ""
        blank = not self._draft.prompt.strip()
        draft = replace(self._draft, prompt="music") if blank else self._draft
        try:
            request = draft.request()
            draft.take_count()
            if not blank:
                self.plan, heard = self._planner(request), self._wording(request)
                self.heard_as = "" if heard.lower() == request.prompt.lower() else heard
        except InvalidRequest as problem:
            self.problem = problem
        self.planned.emit()


def _check_over(path: str) -> None:
    """Raises `InvalidRequest` for a sound to play over that is not there any more."""
    if path and not Path(path).is_file():
        raise InvalidRequest(
            "over",
            _tr("“{0}” is not there any more.").format(Path(path).name),
            _tr("Choose another sound to play over, or none."),
        )


def _tr(text: str) -> str:
    return QCoreApplication.translate("Request", text)


def _fresh_seed() -> str:
    return str(random.randrange(SHORT_SEEDS))
