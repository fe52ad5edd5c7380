"""What a groove is, and the cells that grooves share: rhythms of melodies, and fills.

Patterns are text on a grid of sixteenths. One character is a sixteenth; a bar of four beats has
16, a bar of three has 12; a longer pattern spans several bars. "." rests and "-" holds the note
before it.

Drums:  X accent, x normal, o soft, g ghost, r two thirty-seconds (a roll).
Bass:   R root, 3 third, 5 fifth, 7 seventh, 8 octave, A approach to the next root, g ghost.
Chords: X accent, x the whole voicing, o softly, 0-9 one voice of it counted from below.
Rhythms of melodies: x a note.
"""

from __future__ import annotations

from dataclasses import dataclass

DrumPattern = dict[str, str]


@dataclass(frozen=True)
class Groove:
    """Alternatives for each part, and how fills and melodies behave."""

    drums: tuple[DrumPattern, ...]
    bass: tuple[str, ...]
    chords: tuple[str, ...]
    melody: str  # a key of RHYTHMS
    fill: str = "toms"  # a key of FILLS, or "none"
    pentatonic: bool = False  # melodies keep to five tones
    crash: bool = True
    strum: bool = False  # chords are rolled from low to high
    walking: bool = False  # basses walk in quarters instead of keeping a pattern
    ghosts: float = 0.0  # chance of added ghost strokes on the snare, a bar


RHYTHMS: dict[str, tuple[str, ...]] = {
    "sparse": (
        "x-------x-------", "x-----------x---", "x---------------", "....x-------x---",
        "x-----x---------", "x---x-----------",
    ),
    "flowing": (
        "x---x---x---x---", "x-----x-x---x---", "x---x-x-x-------", "x-x-x---x-x-x---",
        "x-----x-x-------", "..x-x---x---x-x-", "x-x-x-x-x---....",
    ),
    "syncopated": (
        "x--x--x---x-x---", "..x--x--x---x---", "x-----x--x--x---", "x-x--x--x-......",
        "..x-x--x--x-x---", "x--x--x-x--x--x-", "x--x------x-x-x-",
    ),
    "busy": (
        "x-x-x-x-x-x-x-x-", "x-xxx-x-x-x-x---", "..x-x-x-x-x-x-x-", "x-x-x---x-xxx-x-",
        "x---x-x-x-xxx---", "x-x-xxx-x---....",
    ),
    "riff": (
        "x.x.x..x..x.x...", "x..x..x.x..x..x.", "x.xx..x.x.xx..x.", "xx.xx.x.........",
        "x...x.xx..x.x...", "..x...x...x..x..",
    ),
    "swinging": (
        "..x-x-x-x---x-..", "x---x-x---x-x---", "x-x-x-x-x-x-x---", "......x-x-x-x-x-",
        "x-----x-........", "....x-x-x---x-x-", "x-x---x-x-x-....",
    ),
    "triple": (
        "x-------x---", "x---x---x---", "x-----x-x---", "x-----------", "x-x-x---x---",
        "x---x-x-x-x-", "....x---x---",
    ),
    "triple swinging": (
        "x---x-x-x---", "..x-x-x-x-..", "x-----x-x---", "x-x-x-......", "....x-x-x-x-",
    ),
}  # fmt: skip

# What replaces the last two beats of a bar, as steps counted from the third beat.
FILLS: dict[str, tuple[DrumPattern, ...]] = {
    "toms": (
        {"snare": "xx......", "tom_high": "..xx....", "tom_mid": "....xx..", "tom_low": "......xX"},
        {"snare": "x.xxx...", "tom_mid": "....x.x.", "tom_low": "......xX"},
        {"kick": "x.......", "snare": "..x.x.xX"},
    ),
    "snare": (
        {"snare": "o.o.oxxX", "kick": "x...x..."},
        {"snare": "....ooxX", "kick": "x......."},
        {"clap": "x..x..xX", "kick": "x......."},
    ),
    "breaks": (
        {"kick": "x....x..", "snare": "..x..g.X", "hat": "x.x.x.x."},
        {"snare": "x..x..xx", "kick": "..x..x..", "hat": "x.x.x.x."},
    ),
    "rolls": (
        {"hat": "x.rrx.rr", "kick": "......x.", "clap": "x......."},
        {"hat": "rrrrrrrr", "clap": "x......x"},
    ),
    "soft": (
        {"snare": "g.o.g.oo", "hat": "x.x.x.x."},
        {"rim": "x..x..x.", "hat": "x.x.x.x."},
    ),
}  # fmt: skip
