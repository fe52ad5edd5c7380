"""One line and a bar: what the engine is doing, how far it is, how long it still takes."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QProgressBar, QVBoxLayout, QWidget

from app.actions import Actions
from app.controls.buttons import ActionButton
from app.controls.labels import ElidedLabel
from app.state.estimate import Estimate, told_duration
from app.state.jobs import Job, Jobs, JobState
from app.theme import GRID


class JobStatus(QWidget):
    """Follows the jobs; between them it tells what the next one would take."""

    def __init__(
        self, jobs: Jobs, estimate: Estimate, actions: Actions, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._jobs = jobs
        self._estimate = estimate
        self._last = ""  # how the last job ended
        self.line = ElidedLabel(role="dim")
        self.line.setObjectName("status")
        self.line.setAccessibleName(self.tr("Status"))
        self.bar = QProgressBar()
        self.bar.setTextVisible(False)
        self.bar.setAccessibleName(self.tr("Progress"))
        self._cancel_all = ActionButton(actions["cancel_all"], "link")
        self._lay_out()
        jobs.changed.connect(self._show)
        jobs.finished.connect(self._on_finished)
        jobs.cancelled.connect(self._on_cancelled)
        jobs.failed.connect(self._on_failed)
        estimate.changed.connect(self._show)
        self._show()

    def _lay_out(self) -> None:
        row = QHBoxLayout()
        row.setSpacing(GRID)
        row.addWidget(self.line, 1)
        row.addWidget(self._cancel_all)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GRID // 2)
        column.addWidget(self.bar)
        column.addLayout(row)
        self.line.setFixedHeight(3 * GRID)
        self.line.setAlignment(Qt.AlignmentFlag.AlignVCenter)

    def _on_finished(self, job: Job) -> None:
        took = job.clip.elapsed_s if job.clip else 0.0
        self._last = self.tr("Done in {0}").format(told_duration(took))
        self._show()

    def _on_cancelled(self, job: Job) -> None:
        self._last = self.tr("Cancelled after step {0} of {1}").format(job.step, job.total)
        self._show()

    def _on_failed(self, job: Job) -> None:
        self._last = self.tr("Failed: {0}").format(job.error.message if job.error else "")
        self._show()

    def _show(self) -> None:
        job = self._jobs.active
        self._cancel_all.setVisible(self._jobs.waiting > 0)
        text = self._running(job) if job else self._idle()
        self.line.setText(text)
        unknown = self._jobs.warming if job is None else job.state is not JobState.RUNNING
        self.bar.setRange(0, 0 if unknown else max(1, job.total if job else 1))
        self.bar.setValue(job.step if job else 0)

    def _running(self, job: Job) -> str:
        if job.state is JobState.RUNNING:
            text = self.tr("Step {0} of {1}").format(job.step, job.total)
            text += " · " + self.tr("{0} left").format(told_duration(job.seconds_left))
            if job.evaluations != job.step:
                text += " · " + self.tr("{0} evaluations").format(job.evaluations)
        elif job.state is JobState.LOADING:
            text = f"{job.what}…"
        else:
            text = self.tr("Waiting for the engine…")
        if self._jobs.waiting:
            text += " · " + self.tr("{0} more").format(self._jobs.waiting)
        return text

    def _idle(self) -> str:
        if self._jobs.warming:
            return self.tr("Loading the model…")
        estimate, last = self._estimate.text, self._last or self.tr("Ready")
        return self.tr("{0} · next: {1}").format(last, estimate) if estimate else last
