"""All that the window shows, as state: built in one place, handed to the widgets."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtGui import QUndoStack

from app.actions import Actions
from app.engine_bridge import EngineBridge
from app.library.folders import data_folder
from app.session import Session
from app.settings import Settings, config_folder
from app.state.analysis import TakeAnalysis
from app.state.chord_sheet import ChordSheet
from app.state.estimate import Estimate
from app.state.exporter import Exporter
from app.state.jobs import Jobs
from app.state.notices import Notices
from app.state.recent import RecentFiles
from app.state.request import RequestModel
from app.state.takes import Takes
from app.state.time_axis import TimeAxis
from app.state.transport import Transport
from app.state.viewing import Viewing
from app.store import JsonStore
from app.theme import Theme, ThemeChoice
from engine.api import Engine, ModelInfo, OnEvent

CLOSE_TIMEOUT_S = 10.0


@dataclass(frozen=True, eq=False)
class Studio:
    """The state objects, which live as long as the window."""

    engine: Engine
    bridge: EngineBridge
    models: tuple[ModelInfo, ...]
    settings: Settings
    session: Session
    theme: Theme
    actions: Actions
    undo: QUndoStack
    notices: Notices
    request: RequestModel
    jobs: Jobs
    estimate: Estimate
    takes: Takes
    exporter: Exporter
    recent: RecentFiles
    axis: TimeAxis
    transport: Transport
    analysis: TakeAnalysis
    viewing: Viewing
    chords: ChordSheet

    def close(self) -> None:
        """Save what is open, stop what runs, and let go of engine and output in bounded time."""
        self.session.save()
        self.transport.close()
        stopping = threading.Thread(target=self.engine.close, name="closing", daemon=True)
        stopping.start()
        stopping.join(CLOSE_TIMEOUT_S)
        self.bridge.deliver()  # a take that was finished meanwhile is still saved
        self.exporter.shut_down()
        self.takes.close()
        self.settings.save()
        self.undo.clear()  # its end would signal to what is already gone


def build_studio(
    make_engine: Callable[[OnEvent], Engine],
    config: Path | None = None,
    data: Path | None = None,
) -> Studio:
    """Make every state object. `config` and `data` default to the user's own folders."""
    settings = Settings(config)
    values = settings.values
    theme = Theme(ThemeChoice.parse(values.theme))
    theme.apply()
    bridge = EngineBridge()
    engine = make_engine(bridge.on_event)
    models = engine.models()
    undo = QUndoStack()
    request = RequestModel(engine.plan, undo, engine.wording)
    transport = Transport(values.output_device)
    transport.set_volume(values.volume)
    notices = Notices()
    takes = Takes(data or data_folder(), undo)
    exporter = Exporter(takes, notices, JsonStore((config or config_folder()) / "export.json"))
    jobs, axis, analysis = Jobs(engine, bridge), TimeAxis(), TakeAnalysis(transport)
    viewing = Viewing(jobs, transport, analysis, axis)
    return Studio(
        engine=engine,
        bridge=bridge,
        models=models,
        settings=settings,
        session=Session(request, config),
        theme=theme,
        actions=Actions(theme, values.shortcuts),
        undo=undo,
        notices=notices,
        request=request,
        jobs=jobs,
        estimate=Estimate(request, values.seconds_per_evaluation, models),
        takes=takes,
        exporter=exporter,
        recent=RecentFiles(values.recent_files),
        axis=axis,
        transport=transport,
        analysis=analysis,
        viewing=viewing,
        chords=ChordSheet(viewing, request, axis),
    )
