"""Where each player stands: side, room and level, by role, by instrument and by style."""

from __future__ import annotations

from engine.instruments import instrument
from engine.training.corpus.levels import volume_for
from engine.training.corpus.piece import DRUM_BANK, DRUM_CHANNEL, Part

KIT_NAMES = {
    0: "drums", 8: "drums", 16: "drums", 24: "electronic drums", 25: "808 drums",
    32: "jazz drums", 40: "brushed drums", 48: "orchestral percussion",
}  # fmt: skip
_CHANNELS = {"bass": 0, "chords": 1, "lead": 2, "pad": 3, "drums": DRUM_CHANNEL}
_REVERB = {"bass": 6, "chords": 34, "lead": 44, "pad": 56, "drums": 14}
_SIDE = {"chords": -18, "lead": 12, "pad": 8}  # from the middle, of 64
# Seats in the orchestra as the audience sees them: violins left, horns half left, basses right.
_SEATS = {40: -22, 42: 20, 48: -10, 56: 12, 57: 18, 60: -14, 61: 14, 68: 6, 71: 8, 73: -6, 46: -24}
_SEATED = frozenset({"classical", "cinematic", "waltz"})
# How wet a style is against the rule above.
_ROOM = {
    "ambient": 1.9, "cinematic": 1.7, "classical": 1.4, "synthwave": 1.4, "waltz": 1.2,
    "reggae": 1.2, "trap": 0.8, "funk": 0.7, "boom-bap": 0.7, "disco": 0.8, "techno": 0.9,
}  # fmt: skip


def part_for(role: str, program: int, spread: int = 0, style: str = "") -> Part:
    """A player at the level and place that the role has; `spread` ±1 chooses the side.

    In `style` the orchestra has its seats and the room its size; "" is a plain room.
    """
    pan = 64 + spread * _SIDE.get(role, 0)
    if style in _SEATED and role != "drums":
        pan = 64 + _SEATS.get(program, pan - 64)
    drums = role == "drums"
    name = KIT_NAMES[program] if drums else instrument(program).name
    reverb = round(min(_REVERB[role] * _ROOM.get(style, 1.0), 110))
    return Part(
        role, name, _CHANNELS[role], program, DRUM_BANK if drums else 0,
        volume_for(role, program), pan, reverb,
    )  # fmt: skip
