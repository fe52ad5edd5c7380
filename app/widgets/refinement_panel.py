"""How guidance is refined: rescaled, projected, limited to some of the noise levels."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from app.controls.buttons import Picker
from app.controls.labels import ErrorLine, label
from app.controls.number_field import NumberField
from app.controls.slider_row import LABEL_PX, Scale, SliderRow
from app.state.request import RequestModel
from app.theme import GRID, Theme
from engine.api import Limits

RESCALE = Scale(*Limits.RESCALE, curve=1.0, decimals=2)
ETA = Scale(*Limits.ETA, curve=1.0, decimals=2)
MOMENTUM = Scale(*Limits.MOMENTUM, curve=1.0, decimals=2)
THRESHOLD = Scale(*Limits.THRESHOLD, curve=1.0, decimals=2)
SIGMA = Scale(*Limits.SIGMA, curve=1.0, decimals=1)


class RefinementPanel(QWidget):
    """Method, rescale and noise levels; projected guidance's numbers only while it is chosen."""

    def __init__(self, request: RequestModel, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._request = request
        self._rescale = SliderRow(
            self.tr("Rescale"), RESCALE, tip=self.tr("Tames what strong guidance makes too loud")
        )
        self._rescale.edited.connect(self._editor("rescale"))
        self._kind = self._make_kind(theme)
        self._fields = self._make_fields()
        self.error = ErrorLine(
            {name: self._fields[name] for name in ("eta", "momentum", "threshold")}
            | {"rescale": self._rescale.field, "interval": self._fields["sigma_low"]}
        )
        self._numbers = _row(self.tr("Projected"), "eta", "momentum", "threshold", of=self._fields)
        self._lay_out()
        request.changed.connect(self._show)
        request.planned.connect(self._show_problem)
        for name in ("rescale", "projected", *self._fields):
            self._show(name)

    def _make_kind(self, theme: Theme) -> Picker:
        picker = Picker(theme, self.tr("Method of guidance"))
        picker.addItem(self.tr("Plain guidance"), False)
        picker.addItem(self.tr("Projected guidance (APG)"), True)
        picker.setToolTip(self.tr("Projected guidance can be stronger without getting harsh"))
        picker.currentIndexChanged.connect(
            lambda _at: self._request.edit(projected=picker.currentData())
        )
        return picker

    def _make_fields(self) -> dict[str, NumberField]:
        said = {
            "eta": (ETA, "η", self.tr("How much stays of what only makes it louder")),
            "momentum": (MOMENTUM, "β", self.tr("Momentum; negative moves away from the past")),
            "threshold": (THRESHOLD, "r", self.tr("The greatest difference made; 0 for any")),
            "sigma_low": (SIGMA, "min", self.tr("Guide only above this noise level")),
            "sigma_high": (SIGMA, "max", self.tr("Guide only up to this noise level")),
        }
        fields = {}
        for name, (scale, letter, tip) in said.items():
            fields[name] = NumberField(tip, scale.step, letter)
            fields[name].setToolTip(tip)
            fields[name].setObjectName(name)
            fields[name].edited.connect(self._editor(name))
        for name, open_end in (("sigma_low", "0"), ("sigma_high", "∞")):
            fields[name].setPlaceholderText(open_end)
        return fields

    def _lay_out(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GRID // 2)
        column.addWidget(_row(self.tr("Method"), "kind", of={"kind": self._kind}))
        column.addWidget(self._numbers)
        column.addWidget(self._rescale)
        column.addWidget(_row(self.tr("At noise σ"), "sigma_low", "sigma_high", of=self._fields))
        column.addWidget(self.error)

    def _editor(self, name: str) -> Callable[[str], None]:
        return lambda text: self._request.edit(**{name: text})

    def _show_problem(self) -> None:
        self.error.show_problem(self._request.marked)

    def _show(self, name: str) -> None:
        draft = self._request.draft
        if name == "rescale":
            self._rescale.show_text(draft.rescale)
        elif name == "projected":
            self._kind.choose(draft.projected)
            self._numbers.setVisible(draft.projected)
        elif name in self._fields:
            self._fields[name].show_text(getattr(draft, name))


def _row(title: str, *names: str, of: Mapping[str, QWidget]) -> QWidget:
    made = QWidget()
    row = QHBoxLayout(made)
    row.setContentsMargins(0, 0, 0, 0)
    row.setSpacing(GRID)
    name = label(title, buddy=of[names[0]])
    name.setFixedWidth(LABEL_PX)
    row.addWidget(name)
    for each in names:
        row.addWidget(of[each], 1)
    return made
