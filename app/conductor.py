"""What leads to what: actions to state, and state to state. No widgets.

A finished job becomes a take, the take's sound goes to the transport, an error becomes a notice.
"""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QObject

from app.audition import Audition
from app.library import Take
from app.state.jobs import Job
from app.state.notices import Notice, Severity
from app.state.slots import TakeSlot
from app.studio import Studio
from app.theme import ThemeChoice
from engine.api import Clip, GenerationRequest, Ready
from engine.audio.files import read_settings
from engine.errors import EngineError, InvalidRequest

_VOLUME_STEP = 0.05


class Conductor(QObject):
    """Connects the studio's parts once; owns no state but what is being waited for."""

    def __init__(self, studio: Studio, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._studio = studio
        self._wanted_in_b: str | None = None  # the take that is on its way into slot B
        self._audition = Audition(studio, self)
        self._wants_play: str | None = None  # the take that plays once it is loaded
        self._shown_problem: Notice | None = None
        self._connect_making()
        self._connect_takes()
        self._connect_playing()
        self._connect_seeing()
        self._connect_undo()
        self._connect_notices()
        self._share_escape()

    # Making

    def generate(self) -> None:
        """Submit what the panel describes, or mark the field that cannot be used."""
        studio = self._studio
        try:
            requests = studio.request.build()
        except InvalidRequest as problem:
            studio.request.reveal(problem)
            self._show_problem(problem)
            return
        studio.jobs.start(requests)

    def generate_example(self, prompt: str) -> None:
        self._studio.request.edit(prompt=prompt)
        self.generate()

    def open_file(self, path: Path) -> None:
        """Bring back the settings that an exported file carries."""
        try:
            request = read_settings(path)
        except EngineError as error:
            self._studio.recent.remove(path)
            self._studio.notices.error(error)
            return
        if request is None:
            self._studio.notices.warn(
                self.tr("{0} carries no settings.").format(path.name),
                self.tr("Only files exported by Undertone remember how they were made."),
            )
            return
        self.use_settings(request)
        self._studio.recent.add(path)
        self._studio.notices.info(self.tr("The settings of {0} are back.").format(path.name))

    def use_settings(self, request: GenerationRequest) -> None:
        self._studio.request.use(request)

    def _connect_making(self) -> None:
        actions, request, jobs = self._studio.actions, self._studio.request, self._studio.jobs
        actions["generate"].triggered.connect(self.generate)
        actions["cancel"].triggered.connect(jobs.cancel)
        actions["cancel_all"].triggered.connect(jobs.cancel_all)
        actions["older_prompt"].triggered.connect(lambda: request.recall(-1))
        actions["newer_prompt"].triggered.connect(lambda: request.recall(+1))
        request.planned.connect(self._forget_problem)
        request.remembered.connect(self._offer_history)
        self._offer_history()
        jobs.changed.connect(self._share_escape)
        jobs.finished.connect(self._on_finished)
        jobs.failed.connect(self._on_failed)
        jobs.ready.connect(self._on_ready)

    def _offer_history(self) -> None:
        for name in ("older_prompt", "newer_prompt"):
            self._studio.actions.enable(
                name, bool(self._studio.request.prompts), self.tr("No prompt was used yet.")
            )

    def _share_escape(self) -> None:
        """Escape stops the running job; with none, it puts the message away."""
        actions, active = self._studio.actions, self._studio.jobs.active is not None
        for name in ("cancel", "cancel_all", "audition"):
            actions.enable(name, active, self.tr("Nothing is being made."))
        shown = self._studio.notices.current is not None
        actions["dismiss"].setEnabled(shown and not active)

    def _on_finished(self, job: Job) -> None:
        clip = job.clip
        assert clip is not None
        studio = self._studio
        studio.estimate.learn(clip)
        studio.request.show_used_seed(clip.request.seed)
        take = studio.takes.add(clip)
        if self._audition.follows(job):
            self._audition.hand_over(job, take)
        elif not studio.transport.is_playing:
            studio.takes.select(take.id)
        for text in clip.notices:
            studio.notices.info(text)

    def _on_failed(self, job: Job) -> None:
        if isinstance(job.error, InvalidRequest):
            self._studio.request.reveal(job.error)
        if job.error is not None:
            self._studio.notices.error(job.error)

    def _on_ready(self, event: Ready) -> None:
        if event.problem is not None:
            self._studio.notices.error(event.problem)

    # Takes

    def play_take(self, take: Take) -> None:
        """Play a take from its start, or stop it when it plays."""
        current = self._studio.takes.current
        if current is not None and current.id == take.id and self._studio.transport.take:
            self._studio.transport.toggle()
        else:
            self._wants_play = take.id
            self._studio.takes.select(take.id)

    def _connect_takes(self) -> None:
        actions, takes = self._studio.actions, self._studio.takes
        takes.selected.connect(self._on_selected)
        takes.clip_ready.connect(self._on_clip)
        takes.notice.connect(self._studio.notices.warn)
        self._studio.exporter.exported.connect(self._studio.recent.add)
        actions["use_settings"].triggered.connect(self._use_current)
        actions["set_b"].triggered.connect(self._compare_current)

    def _on_selected(self, take: Take | None) -> None:
        if take is None:
            self._studio.transport.unload(TakeSlot.A)

    def _on_clip(self, take: Take, clip: Clip) -> None:
        studio = self._studio
        title = take.request.prompt
        current = studio.takes.current
        if take.id == self._wanted_in_b:
            self._wanted_in_b = None
            self._load(clip, title, TakeSlot.B)
            studio.viewing.take_loaded(TakeSlot.B, take.request)
        elif current is not None and current.id == take.id:
            loaded = studio.transport.take_in(TakeSlot.A)
            if loaded is None or loaded.audio is not clip.audio:
                self._load(clip, title)
            studio.viewing.take_loaded(TakeSlot.A, take.request)
            if self._wants_play == take.id:
                studio.transport.play()
            self._wants_play = None

    def _load(self, clip: Clip, title: str, slot: TakeSlot = TakeSlot.A) -> None:
        is_loop = bool(clip.request.score.loop)
        self._studio.transport.load(clip.audio, clip.sample_rate, title, slot, is_loop=is_loop)

    def _use_current(self) -> None:
        if take := self._studio.takes.current:
            self.use_settings(self._studio.takes.use_settings(take))

    def _compare_current(self) -> None:
        if take := self._studio.takes.current:
            self._wanted_in_b = take.id
            self._studio.takes.load(take.id)

    # Playing

    def _connect_playing(self) -> None:
        actions, transport = self._studio.actions, self._studio.transport
        actions["play"].triggered.connect(transport.toggle)
        actions["to_start"].triggered.connect(transport.home)
        actions["to_end"].triggered.connect(transport.end)
        actions["loop"].triggered.connect(transport.set_loop)
        actions["compare"].triggered.connect(transport.toggle_slot)
        actions["mute"].triggered.connect(transport.set_muted)
        actions["louder"].triggered.connect(lambda: self._change_volume(_VOLUME_STEP))
        actions["quieter"].triggered.connect(lambda: self._change_volume(-_VOLUME_STEP))
        actions["rescan_devices"].triggered.connect(transport.output.rescan)
        actions["clear_region"].triggered.connect(lambda: transport.set_region(None))
        transport.notice.connect(self._studio.notices.warn)
        transport.volume_changed.connect(self._keep_volume)

    def keep_output(self, name: str) -> None:
        """Remember the output called `name`."""
        self._studio.settings.values.output_device = name
        self._studio.settings.save()

    def _change_volume(self, by: float) -> None:
        self._studio.transport.set_volume(self._studio.transport.volume + by)

    def _keep_volume(self, volume: float) -> None:
        self._studio.settings.values.volume = volume

    # Seeing

    def _connect_seeing(self) -> None:
        actions, axis, jobs = self._studio.actions, self._studio.axis, self._studio.jobs
        actions["step_back"].triggered.connect(lambda: jobs.show_neighbour(-1))
        actions["step_forward"].triggered.connect(lambda: jobs.show_neighbour(+1))
        actions["zoom_in"].triggered.connect(lambda: axis.zoom(1.25))
        actions["zoom_out"].triggered.connect(lambda: axis.zoom(0.8))
        actions["zoom_fit"].triggered.connect(axis.fit)
        actions["zoom_region"].triggered.connect(
            lambda: axis.zoom_to_region(self._studio.transport.region_s)
        )

    def choose_theme(self, choice: ThemeChoice) -> None:
        self._studio.settings.values.theme = choice.value
        self._studio.theme.choose(choice)
        self._studio.settings.save()

    def keep_colour_map(self, name: str) -> None:
        """Remember the spectrogram's colours."""
        self._studio.settings.values.colour_map = name

    def keep_levels(self, floor_db: float, top_db: float) -> None:
        """Remember what the first and the last colour stand for."""
        values = self._studio.settings.values
        values.floor_db, values.top_db = floor_db, top_db

    # Undo and notices

    def _connect_undo(self) -> None:
        undo, actions = self._studio.undo, self._studio.actions
        actions["undo"].triggered.connect(undo.undo)
        actions["redo"].triggered.connect(undo.redo)
        undo.indexChanged.connect(self._on_undo)
        self._on_undo()

    def _on_undo(self) -> None:
        undo, actions = self._studio.undo, self._studio.actions
        actions["undo"].setEnabled(undo.canUndo())
        actions["redo"].setEnabled(undo.canRedo())
        actions["undo"].setText(_named(self.tr("Undo"), undo.undoText()))
        actions["redo"].setText(_named(self.tr("Redo"), undo.redoText()))

    def _connect_notices(self) -> None:
        studio = self._studio
        studio.actions["dismiss"].triggered.connect(studio.notices.dismiss)
        studio.notices.changed.connect(self._share_escape)
        for source in (studio.settings, studio.session):
            source.failed.connect(studio.notices.error)
            if source.problem:
                studio.notices.warn(source.problem, self.tr("The usual values are in force."))

    def _show_problem(self, problem: InvalidRequest) -> None:
        self._forget_problem()
        self._shown_problem = Notice(Severity.ERROR, problem.message, problem.remedy)
        self._studio.notices.add(self._shown_problem)

    def _forget_problem(self) -> None:
        """Take the notice about a field away once the fields were changed."""
        if self._shown_problem is not None and self._studio.request.marked is None:
            self._studio.notices.forget(self._shown_problem)
            self._shown_problem = None


def _named(verb: str, what: str) -> str:
    return f"{verb}: {what}" if what else verb
