"""Hearing a job while it forms, and going on with its take when it is finished.

The engine is told where the ear is and answers with pieces of its newest estimate, which are laid
before the ear while it listens.
"""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QObject

from app.library import Take
from app.state.jobs import Job
from app.state.slots import LoadedTake, TakeSlot
from app.studio import Studio
from engine.api import Excerpt

_AT_THE_END_S = 0.05  # a playhead this near to the end starts over


class Audition(QObject):
    """Answers the action `audition`. One job at a time is listened to."""

    def __init__(self, studio: Studio, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._jobs, self._takes, self._transport = studio.jobs, studio.takes, studio.transport
        self._job: Job | None = None
        self._forming: LoadedTake | None = None  # what is loaded of the job, once it sounds
        studio.actions["audition"].triggered.connect(self.begin)
        self._jobs.heard.connect(self._on_heard)
        self._jobs.cancelled.connect(self._on_lost)
        self._jobs.failed.connect(self._on_lost)
        self._transport.position_changed.connect(self._tell_ear)
        self._transport.playing_changed.connect(self._tell_ear)
        self._transport.slots_changed.connect(self._on_slots)

    def begin(self) -> None:
        """Hear the running job from the playhead on; one that was stopped plays on."""
        job = self._jobs.active
        if job is not None and job is self._job and self._forming is not None:
            self._transport.play()
        elif job is not None:
            self._end()
            self._job = job
            self._tell_ear()

    def follows(self, job: Job) -> bool:
        """Whether the job is listened to, or is to be."""
        return job is self._job

    def hand_over(self, job: Job, take: Take) -> None:
        """Go on with the take that the job has become; start with it if nothing sounded yet."""
        clip, forming, ear_s = job.clip, self._forming, self._ear_s
        assert clip is not None
        self._end()
        if forming is not None:
            self._transport.complete(LoadedTake.of(clip, take.request.prompt))
        self._takes.select(take.id)
        if forming is None:
            self._transport.seek(ear_s)
            self._transport.play()

    @property
    def _ear_s(self) -> float:
        """Where in the job's clip it is listened to: at the playhead, if it reaches as far."""
        position_s = self._transport.position_s
        if self._job is None or self._forming is not None:
            return position_s
        duration_s = self._job.score.loop_s or self._job.request.duration_s
        return position_s if position_s < duration_s - _AT_THE_END_S else 0.0

    def _tell_ear(self) -> None:
        if self._job is not None:
            listens = self._forming is None or self._transport.is_playing
            self._jobs.audition(self._job.id, self._ear_s if listens else None)

    def _on_heard(self, excerpt: Excerpt) -> None:
        if self._job is None or excerpt.job_id != self._job.id:
            return
        if self._forming is None:
            self._load(excerpt, bool(self._job.score.loop))
        else:
            self._transport.lay(excerpt.begin, excerpt.audio)

    def _load(self, excerpt: Excerpt, is_loop: bool) -> None:
        """Play the first piece; it belongs to no take yet, and what is around it is silent."""
        ear_s = self._ear_s
        audio = np.zeros((excerpt.clip_frames, excerpt.audio.shape[1]), np.float32)
        audio[excerpt.begin : excerpt.begin + len(excerpt.audio)] = excerpt.audio
        self._takes.select(None)
        title = self.tr("as it stands now")
        self._forming = LoadedTake(audio, excerpt.sample_rate, title, is_loop, forms=True)
        self._transport.form(self._forming, ear_s)

    def _on_slots(self) -> None:
        """Other sound was loaded in its place."""
        loaded = self._transport.take_in(TakeSlot.A)
        if self._forming is not None and loaded is not self._forming:
            self._end()

    def _on_lost(self, job: Job) -> None:
        """What was heard will not become a take: its sound goes with it."""
        if job is self._job:
            sounded = self._forming is not None
            self._end()
            if sounded:
                self._transport.unload(TakeSlot.A)

    def _end(self) -> None:
        if self._job is not None:
            self._jobs.audition(self._job.id, None)
        self._job = self._forming = None
