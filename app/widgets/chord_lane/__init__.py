"""The chords above the ruler."""

from app.widgets.chord_lane.lane import ChordLane

__all__ = ["ChordLane"]
