"""What the list says about a take, to the eye and to a screen reader."""

from __future__ import annotations

import html
from datetime import datetime

from PySide6.QtCore import QCoreApplication, QDate, QLocale, QTime

from app.library import Take, TakeState
from engine.api import Limits, Refinement, Score, Stem


def _tr(text: str) -> str:
    return QCoreApplication.translate("TakesList", text)


def title(take: Take) -> str:
    """The prompt on one line."""
    return " ".join(take.request.prompt.split())


def duration(take: Take) -> str:
    """Minutes and seconds: 0:10."""
    minutes, seconds = divmod(round(take.duration_s), 60)
    return f"{minutes}:{seconds:02d}"


def settings(take: Take) -> str:
    """Length, score and settings on one line, the musician's words first."""
    request, score = take.request, take.request.score
    parts = [*made_as(score), duration(take)]
    if score.tempo_bpm is not None:
        parts.append(_tr("{0} bpm").format(f"{score.tempo_bpm:g}"))
    if score.key is not None:
        parts.append(str(score.key))
    if score.drums is False and score.stem in (None, Stem.MIX):
        parts.append(_tr("no drums"))
    parts.append(_tr("{0} steps").format(request.steps))
    parts.append(_tr("guidance {0}").format(f"{request.guidance:g}"))
    if request.seed is not None:
        parts.append(_tr("seed {0}").format(request.seed))
    return " · ".join(parts)


def made_as(score: Score) -> list[str]:
    """What is not a whole piece: the stem that plays alone, the loop and its bars."""
    stems = {
        Stem.DRUMS: _tr("drums"),
        Stem.BASS: _tr("bass"),
        Stem.CHORDS: _tr("chords"),
        Stem.LEAD: _tr("lead"),
        Stem.PAD: _tr("pad"),
    }
    parts = [stems[score.stem]] if score.stem in stems else []
    if score.loop:
        parts.append(_tr("{0}-bar loop").format(score.bars) if score.bars else _tr("loop"))
    return parts


def made_at(take: Take, today: QDate | None = None) -> str:
    """The time of day for takes of today, the date for older ones."""
    local = take.created_at.astimezone()
    date = QDate(local.year, local.month, local.day)
    if date == (today or QDate.currentDate()):
        return _time(local)
    return QLocale().toString(date, QLocale.FormatType.ShortFormat)


def state(take: Take) -> str:
    """Where the sound is, when it is not simply on disk; empty otherwise."""
    return {
        TakeState.SAVING: _tr("saving…"),
        TakeState.SAVED: "",
        TakeState.UNSAVED: _tr("not saved"),
        TakeState.MISSING: _tr("file missing"),
    }[take.state]


def tool_tip(take: Take) -> str:
    """The whole prompt and every setting, as rich text that wraps."""
    lines = [f"<b>{html.escape(take.request.prompt)}</b>"]
    if take.request.negative_prompt:
        lines.append(html.escape(_tr("Avoid: {0}").format(take.request.negative_prompt)))
    if take.request.score.instruments:
        lines.append(html.escape(", ".join(take.request.score.instruments)))
    lines.append(settings(take))
    lines.append(f"{take.request.sampler} · {take.request.schedule} · {take.request.model}")
    if refined := _refined(take.request.refinement):
        lines.append(html.escape(refined))
    lines += [html.escape(notice) for notice in take.notices]
    return "<br>".join(lines)


def _refined(refinement: Refinement) -> str:
    """What was done to guidance beyond its scale; empty when nothing was."""
    parts = []
    if refinement.projection:
        parts.append(_tr("projected guidance"))
    if refinement.rescale:
        parts.append(_tr("rescale {0}").format(f"{refinement.rescale:g}"))
    if refinement.interval:
        low, high = (f"{level:g}" for level in refinement.interval)
        open_above = refinement.interval[1] >= Limits.SIGMA[1]
        told = _tr("guided above σ {0}") if open_above else _tr("guided at {0} < σ ≤ {1}")
        parts.append(told.format(low, high))
    return " · ".join(parts)


def spoken(take: Take) -> str:
    """One row as a sentence."""
    starred = _tr("favourite") if take.starred else ""
    parts = (title(take), settings(take).replace(" · ", ", "), made_at(take), starred, state(take))
    return ", ".join(part for part in parts if part)


def _time(local: datetime) -> str:
    return QLocale().toString(QTime(local.hour, local.minute), QLocale.FormatType.ShortFormat)
