"""What the next take will cost on this machine, learnt from those made before it."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication, QObject, Signal

from app.state.request import RequestModel
from engine.api import Clip, ModelInfo
from engine.errors import InvalidRequest

_SLOWER_WEIGHS = 0.4


class Estimate(QObject):
    """`text` for people: "about 1.4 s, 110 MB"; before a time was measured "110 MB of memory".

    The memory is what making one take needs beside the loaded model; takes are made one by one.

    Work is counted in evaluations of the network, which are told where they are not the steps.
    `seconds_per_evaluation` maps a model's id to the seconds that one took for a second of music;
    it is updated in place, so that the settings can keep it.
    """

    changed = Signal()

    def __init__(
        self,
        request: RequestModel,
        seconds_per_evaluation: dict[str, float],
        models: tuple[ModelInfo, ...],
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._request = request
        self._rates = seconds_per_evaluation
        self._models = {model.id: model for model in models}
        self.text = ""
        request.planned.connect(self._update)
        self._update()

    def learn(self, clip: Clip) -> None:
        """Take a finished clip's time into account: a faster one at once, a slower one in part.

        What else runs can slow a take down, but nothing makes it faster than the machine is.
        """
        made = clip.request
        rate = clip.elapsed_s / (made.sampler.evaluations(made.steps) * clip.duration_s)
        known = self._rates.get(made.model, rate)
        self._rates[made.model] = min(rate, known + _SLOWER_WEIGHS * (rate - known))
        self._update()

    def _update(self) -> None:
        text = _told(self._request, self._rates, self._models)
        if text != self.text:
            self.text = text
            self.changed.emit()


def _told(asked: RequestModel, rates: dict[str, float], models: dict[str, ModelInfo]) -> str:
    draft = asked.draft
    model = models.get(draft.model)
    try:
        request = draft.request()
    except InvalidRequest:
        return ""
    takes = int(draft.takes) if draft.takes.isdigit() else 1
    loop_s = asked.plan.loop_s if asked.plan else None
    duration_s = loop_s or request.duration_s
    evaluations = request.sampler.evaluations(request.steps)
    parts = []
    if evaluations != request.steps:
        parts.append(QCoreApplication.translate("Estimate", "{0} evaluations").format(evaluations))
    if draft.model in rates:
        seconds = rates[draft.model] * evaluations * duration_s * takes
        parts.append(
            QCoreApplication.translate("Estimate", "about {0}").format(told_duration(seconds))
        )
    if model is not None and model.bytes_a_second:
        size = told_size(model.bytes_a_second * duration_s)
        alone = QCoreApplication.translate("Estimate", "{0} of memory")
        parts.append(size if parts else alone.format(size))
    return ", ".join(parts)


def told_duration(seconds: float) -> str:
    """As exact as it is of use: 1.4 s, 83 s, 3 min."""
    if seconds < 90:
        return f"{seconds:.1f} s" if seconds < 10 else f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min"


def told_size(size_bytes: float) -> str:
    """Two digits are as much as is known: 110 MB, 3.3 GB."""
    megabytes = float(f"{size_bytes / 1e6:.2g}")
    return f"{megabytes / 1e3:g} GB" if megabytes >= 1_000 else f"{megabytes:g} MB"
