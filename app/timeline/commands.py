"""What the table's actions for playing and seeing do. The window connects them once."""

from __future__ import annotations

from app.actions import Actions
from app.state.time_axis import ZOOM_STEP, TimeAxis
from app.state.transport import Transport

VOLUME_STEP = 0.05


def connect_playing(actions: Actions, transport: Transport) -> None:
    """Play, skip, loop, compare, volume, outputs."""
    actions["play"].triggered.connect(transport.toggle)
    actions["to_start"].triggered.connect(transport.home)
    actions["to_end"].triggered.connect(transport.end)
    actions["loop"].toggled.connect(transport.set_loop)
    actions["clear_region"].triggered.connect(lambda: transport.set_region(None))
    actions["compare"].triggered.connect(transport.toggle_slot)
    actions["mute"].toggled.connect(transport.set_muted)
    louder, quieter = actions["louder"], actions["quieter"]
    louder.triggered.connect(lambda: transport.set_volume(transport.volume + VOLUME_STEP))
    quieter.triggered.connect(lambda: transport.set_volume(transport.volume - VOLUME_STEP))
    actions["rescan_devices"].triggered.connect(transport.rescan_devices)


def connect_seeing(actions: Actions, axis: TimeAxis, transport: Transport) -> None:
    """Zooming; around the playhead while it is in view."""

    def zoom(factor: float) -> None:
        playhead = transport.position_s
        axis.zoom(factor, playhead if axis.start_s <= playhead <= axis.end_s else None)

    actions["zoom_in"].triggered.connect(lambda: zoom(ZOOM_STEP))
    actions["zoom_out"].triggered.connect(lambda: zoom(1 / ZOOM_STEP))
    actions["zoom_region"].triggered.connect(lambda: axis.zoom_to_region(transport.region_s))
    actions["zoom_fit"].triggered.connect(axis.fit)
    transport.position_changed.connect(
        lambda position_s: axis.follow(position_s) if transport.is_playing else None
    )
