"""The region at the left: all that can be asked for, and the buttons that never scroll away."""

from __future__ import annotations

from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QScrollArea, QVBoxLayout, QWidget

from app.controls.drop_frame import DropFrame
from app.play_over import PlayOver
from app.studio import Studio
from app.theme import GRID, SCROLL_BAR_PX
from app.widgets.job_status import JobStatus
from app.widgets.make_bar import MakeBar
from app.widgets.more_panel import MorePanel
from app.widgets.prompt_panel import PromptPanel
from app.widgets.refinement_panel import RefinementPanel
from app.widgets.score_panel import ScorePanel
from app.widgets.seed_row import SeedRow
from app.widgets.sound_panel import SoundPanel

PANEL_PX = 43 * GRID


class RequestPanel(DropFrame):
    """A file dropped anywhere on it is played over, as is a take dragged here from the list."""

    def __init__(self, studio: Studio, play_over: PlayOver, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._studio = studio
        self.setObjectName("panel")
        self.setMinimumWidth(PANEL_PX - 3 * GRID)
        self.prompt = PromptPanel(studio.request, studio.actions)
        self._score = ScorePanel(studio.request, studio.theme, play_over.name_of)
        self._more = self._make_more()
        form = self._form()
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(0)
        self._scroll = self._scrolled(form)
        whole.addWidget(self._scroll, 1)
        whole.addWidget(self._making())
        self.pass_on_from(form)
        self.offered.connect(self._offer)
        self.dropped.connect(play_over.file)
        self.own_dropped.connect(studio.actions["play_over"].trigger)
        self._score.over_chosen.connect(play_over.file)
        studio.takes.opened.connect(self._score.show_over)
        studio.takes.changed.connect(self._score.show_over)

    def _offer(self, offered: bool) -> None:
        """Show where a file that is held over the panel would go."""
        self._score.over.offer(offered)
        if offered:
            self._scroll.ensureWidgetVisible(self._score.over)

    def _make_more(self) -> MorePanel:
        studio = self._studio
        refinement = RefinementPanel(studio.request, studio.theme)
        return MorePanel(studio.request, studio.actions, studio.theme, refinement)

    def _form(self) -> QWidget:
        studio = self._studio
        form = QWidget()
        form.setObjectName("panelBody")
        self._column = QVBoxLayout(form)
        self._column.setSpacing(GRID)
        self._leave_room(0, 0)
        self._column.addWidget(self.prompt)
        self._column.addWidget(SoundPanel(studio.request))
        self._column.addWidget(self._score)
        self._column.addWidget(SeedRow(studio.request, studio.actions))
        self._column.addWidget(self._more)
        self._column.addStretch(1)
        return form

    def _scrolled(self, form: QWidget) -> QScrollArea:
        scroll, more = QScrollArea(), self._more
        self._studio.actions["more"].toggled.connect(
            lambda: QTimer.singleShot(0, more, lambda: scroll.ensureWidgetVisible(more))
        )
        scroll.setWidgetResizable(True)
        scroll.verticalScrollBar().rangeChanged.connect(self._leave_room)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        scroll.setWidget(form)
        return scroll

    def _leave_room(self, _least: int, most: int) -> None:
        """Keep the fields where they are when the scroll bar comes."""
        right = 2 * GRID - (SCROLL_BAR_PX if most else 0)
        self._column.setContentsMargins(2 * GRID, GRID, right, GRID // 2)

    def _making(self) -> QWidget:
        studio, making = self._studio, QWidget()
        foot = QVBoxLayout(making)
        foot.setContentsMargins(2 * GRID, GRID, 2 * GRID, GRID)
        foot.setSpacing(GRID)
        foot.addWidget(MakeBar(studio.request, studio.actions))
        foot.addWidget(JobStatus(studio.jobs, studio.estimate, studio.actions))
        return making
