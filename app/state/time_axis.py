"""The one time axis: spectrogram, waveform and ruler all show the same part of the take.

The margins belong to it as well, since the three line up only when a moment lies at the same
pixel in each of them.
"""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QObject, Signal

LEFT_MARGIN_PX = 56  # holds the frequency labels
RIGHT_MARGIN_PX = 56  # holds the colour scale
SHORTEST_VIEW_S = 0.05
ZOOM_STEP = 1.25


@dataclass(frozen=True)
class Meter:
    """What bars and beats are drawn from. The first beat lies at 0 s."""

    tempo_bpm: float
    beats_per_bar: int

    @property
    def beat_s(self) -> float:
        return 60.0 / self.tempo_bpm

    @property
    def bar_s(self) -> float:
        return self.beat_s * self.beats_per_bar


class TimeAxis(QObject):
    """Visible range, duration, the pointer's time, and the meter where one is known."""

    view_changed = Signal()  # visible range or duration
    cursor_changed = Signal(object)  # float seconds, or None when the pointer is elsewhere
    meter_changed = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._duration_s = 0.0
        self._start_s = 0.0
        self._end_s = 0.0
        self._cursor_s: float | None = None
        self._meter: Meter | None = None
        self._before_zoom: tuple[float, float] | None = None

    @property
    def duration_s(self) -> float:
        return self._duration_s

    @property
    def start_s(self) -> float:
        """The first visible moment."""
        return self._start_s

    @property
    def end_s(self) -> float:
        """The last visible moment."""
        return self._end_s

    @property
    def span_s(self) -> float:
        return self._end_s - self._start_s

    @property
    def cursor_s(self) -> float | None:
        return self._cursor_s

    @property
    def meter(self) -> Meter | None:
        return self._meter

    @property
    def is_fitted(self) -> bool:
        """True when the whole take is visible."""
        return self._start_s == 0.0 and self._end_s == self._duration_s

    def set_duration(self, duration_s: float) -> None:
        """Show another take or preview; one of the same length keeps the zoom."""
        if duration_s != self._duration_s:
            self._duration_s = max(0.0, duration_s)
            self._before_zoom = None
            self._set_view(0.0, self._duration_s)

    def set_meter(self, tempo_bpm: float | None, beats_per_bar: int | None) -> None:
        """Bars and beats of the take; None where they are unknown."""
        known = tempo_bpm is not None and tempo_bpm > 0
        meter = Meter(tempo_bpm, beats_per_bar or 4) if known and tempo_bpm else None
        if meter != self._meter:
            self._meter = meter
            self.meter_changed.emit()

    def set_cursor(self, time_s: float | None) -> None:
        inside = time_s if time_s is not None and 0.0 <= time_s <= self._duration_s else None
        if inside != self._cursor_s:
            self._cursor_s = inside
            self.cursor_changed.emit(inside)

    def fit(self) -> None:
        """Show everything."""
        self._before_zoom = None
        self._set_view(0.0, self._duration_s)

    def show(self, start_s: float, end_s: float) -> None:
        """Show a range, kept inside the take and not shorter than `SHORTEST_VIEW_S`."""
        self._before_zoom = None
        self._set_view(start_s, end_s)

    def zoom(self, factor: float, around_s: float | None = None) -> None:
        """Show `factor` times less; `around_s`, the middle by default, stays where it is."""
        around_s = (self._start_s + self._end_s) / 2 if around_s is None else around_s
        span = self.span_s / factor
        share = (around_s - self._start_s) / self.span_s if self.span_s else 0.5
        start = around_s - share * min(max(span, self._shortest()), self._duration_s)
        self.show(start, start + span)

    def zoom_to_region(self, region_s: tuple[float, float] | None) -> None:
        """Fill the view with the region; when it fills it already, go back to what was before."""
        before = self._before_zoom
        if before is not None:
            self._before_zoom = None
            self._set_view(*before)
        elif region_s is not None:
            before = (self._start_s, self._end_s)
            self._set_view(*region_s)
            self._before_zoom = before

    def scroll(self, by_s: float) -> None:
        self._set_view(self._start_s + by_s, self._end_s + by_s)

    def follow(self, time_s: float) -> None:
        """Turn the page when the playhead leaves a view that does not show everything."""
        if not self.is_fitted and not self._start_s <= time_s <= self._end_s:
            self._set_view(time_s, time_s + self.span_s)

    def to_px(self, time_s: float, width_px: float) -> float:
        """Where a moment lies in a widget `width_px` wide, margins included."""
        inner = self.inner_px(width_px)
        return LEFT_MARGIN_PX + (time_s - self._start_s) / (self.span_s or 1.0) * inner

    def to_time(self, x_px: float, width_px: float) -> float:
        """The moment at `x_px`, kept inside the take."""
        share = (x_px - LEFT_MARGIN_PX) / self.inner_px(width_px)
        return min(max(0.0, self._start_s + share * self.span_s), self._duration_s)

    @staticmethod
    def inner_px(width_px: float) -> float:
        """The width between the margins."""
        return max(1.0, width_px - LEFT_MARGIN_PX - RIGHT_MARGIN_PX)

    def _shortest(self) -> float:
        return min(SHORTEST_VIEW_S, self._duration_s)

    def _set_view(self, start_s: float, end_s: float) -> None:
        span = min(max(end_s - start_s, self._shortest()), self._duration_s)
        start = min(max(0.0, start_s), self._duration_s - span)
        view = (start, self._duration_s if start + span > self._duration_s - 1e-9 else start + span)
        if view != (self._start_s, self._end_s) or self.span_s == 0.0:
            self._start_s, self._end_s = view
            self.view_changed.emit()
