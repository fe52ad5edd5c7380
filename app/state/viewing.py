"""What the stage shows: a job's steps while it runs or is looked back on, else the loaded take."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal

from app.state.analysis import TakeAnalysis
from app.state.jobs import Job, Jobs
from app.state.slots import TakeSlot
from app.state.time_axis import TimeAxis
from app.state.transport import Transport
from engine.api import GenerationRequest, Picture, Score
from engine.audio.peaks import Peaks


class Viewing(QObject):
    """Decides between steps and take, and keeps the time axis on what is shown."""

    picture_changed = Signal(object)  # Picture or None
    peaks_changed = Signal(object, float)  # Peaks or None, frames a second
    steps_changed = Signal()
    score_changed = Signal()  # `score` is another
    filled = Signal()  # there is something to show
    emptied = Signal()  # there is nothing any more

    def __init__(
        self,
        jobs: Jobs,
        transport: Transport,
        analysis: TakeAnalysis,
        axis: TimeAxis,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._jobs = jobs
        self._transport = transport
        self._analysis = analysis
        self._axis = axis
        self._shows_job = False
        self.score: Score | None = None  # of what is shown: its tempo, metre, chords
        self._made_here: GenerationRequest | None = None  # by the job whose steps are kept
        self._loaded: dict[TakeSlot, GenerationRequest | None] = {}
        jobs.started.connect(self._on_started)
        jobs.picture.connect(self._on_step_picture)
        jobs.finished.connect(self._on_finished)
        jobs.shown_changed.connect(self._on_step_chosen)
        jobs.changed.connect(self.steps_changed)
        transport.playing_changed.connect(self._on_playing)
        transport.loaded.connect(self._on_slot)
        analysis.picture_changed.connect(self._on_take_picture)
        analysis.peaks_changed.connect(self._show_peaks)

    @property
    def job(self) -> Job | None:
        """The job whose steps can be scrubbed now."""
        job = self._jobs.current
        ours = self._shows_job or (self._request is not None and self._request == self._made_here)
        return job if ours else None

    def take_loaded(self, slot: TakeSlot, request: GenerationRequest) -> None:
        """A take's sound went to the transport; turn to it unless a running job is shown."""
        self._loaded[slot] = request
        running = self._jobs.current is not None and not self._jobs.current.state.is_over
        if not (self._shows_job and running):
            self._turn_to_take()
        self.filled.emit()

    @property
    def _request(self) -> GenerationRequest | None:
        """How the sound that can be played now was made."""
        return self._loaded.get(self._transport.slot)

    def _on_started(self, job: Job) -> None:
        self._shows_job = True
        self._axis.set_duration(job.score.loop_s or job.request.duration_s)
        self._set_score(job.score)
        self.peaks_changed.emit(None, 1.0)
        self.steps_changed.emit()
        self.filled.emit()

    def _on_step_picture(self, picture: Picture) -> None:
        if self._shows_job and self._jobs.shown_step is None:
            self.picture_changed.emit(picture)
        self.steps_changed.emit()

    def _on_finished(self, job: Job) -> None:
        if job is self._jobs.current and job.clip is not None:
            self._made_here = job.clip.request

    def _on_step_chosen(self) -> None:
        if self.job is not None:
            if self._jobs.shown_step is not None or self._shows_job:
                self.picture_changed.emit(self._jobs.shown_picture)
            elif self._analysis.current is not None:
                self.picture_changed.emit(self._analysis.current.picture)
        self.steps_changed.emit()

    def _on_playing(self, playing: bool) -> None:
        """What is heard is what is seen, once the job is over."""
        over = self._jobs.current is None or self._jobs.current.state.is_over
        if playing and self._shows_job and over:
            self._turn_to_take()

    def _on_slot(self) -> None:
        if self._shows_job:
            return
        empty = self._transport.take is None
        if empty:
            self._loaded.pop(self._transport.slot, None)
        self._turn_to_take()
        (self.emptied if empty else self.filled).emit()

    def _turn_to_take(self) -> None:
        self._shows_job = False
        self._jobs.show_step(None)
        self._axis.set_duration(self._transport.duration_s)
        self._set_score(self._request.score if self._request else None)
        if self._analysis.current is not None:
            self._on_take_picture(self._analysis.current.picture)
            self._show_peaks(self._analysis.current.peaks)
        self.steps_changed.emit()

    def _on_take_picture(self, picture: Picture | None) -> None:
        if not self._shows_job:
            self.picture_changed.emit(picture)

    def _show_peaks(self, peaks: Peaks | None) -> None:
        take = self._transport.take
        if not self._shows_job and take is not None:
            self.peaks_changed.emit(peaks, float(take.sample_rate))
        elif take is None:
            self.peaks_changed.emit(None, 1.0)

    def _set_score(self, score: Score | None) -> None:
        known = score or Score()
        self._axis.set_meter(known.tempo_bpm, known.beats_per_bar)
        if score != self.score:
            self.score = score
            self.score_changed.emit()
