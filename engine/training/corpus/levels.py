"""How loud the players are: levels by role, and what evens out the soundfont's sounds.

`LOUDNESS_LUFS` was measured by `measure_sounds` on FluidR3_GM: the loudness of each sound by
itself at volume 100, playing what its role plays in its styles (BS.1770, raw synthesizer level).
"""

from __future__ import annotations

# Loudness wanted of each role by itself, as LUFS at the synthesizer's raw level.
ROLE_LUFS = {"drums": -30.5, "bass": -34.0, "chords": -35.5, "lead": -33.5, "pad": -39.0}
LOUDNESS_LUFS: dict[str, dict[int, float]] = {
    "drums": {
        0: -34.7, 8: -33.2, 16: -28.0, 24: -31.7, 25: -24.8, 32: -34.8, 40: -37.5, 48: -32.3,
    },
    "bass": {
        32: -31.3, 33: -30.8, 34: -30.5, 35: -31.0, 36: -35.1, 38: -31.0, 39: -26.4, 42: -30.7,
    },
    "chords": {
        0: -32.2, 1: -30.8, 4: -28.1, 5: -30.6, 6: -32.0, 7: -28.7, 10: -30.8, 11: -32.8,
        16: -32.7, 21: -35.4, 24: -29.8, 25: -27.4, 26: -28.6, 27: -29.3, 28: -33.7, 29: -24.2,
        30: -21.8, 45: -30.2, 46: -32.0, 48: -33.5, 50: -27.3, 61: -33.0, 62: -30.6, 81: -36.6,
        88: -34.4, 89: -39.4, 90: -29.1, 98: -31.9, 99: -29.1, 105: -29.5,
    },
    "lead": {
        0: -35.9, 4: -29.2, 8: -33.0, 9: -31.2, 10: -33.1, 11: -36.5, 12: -31.6, 18: -30.7,
        21: -33.7, 22: -30.9, 24: -32.9, 26: -29.0, 27: -31.7, 29: -27.8, 30: -25.4, 40: -29.7,
        42: -31.9, 48: -31.1, 56: -31.9, 57: -26.8, 59: -30.0, 60: -29.0, 61: -31.4, 62: -32.4,
        65: -31.0, 66: -30.4, 68: -27.9, 71: -25.8, 73: -27.8, 75: -28.2, 80: -30.3, 81: -32.8,
        88: -38.0, 98: -36.7, 104: -38.2, 105: -35.8, 108: -35.1, 114: -35.2,
    },
    "pad": {
        16: -34.8, 18: -28.4, 19: -26.7, 21: -32.6, 48: -29.1, 49: -25.7, 50: -28.7, 52: -30.0,
        61: -27.9, 89: -32.5, 91: -29.0, 94: -30.8, 95: -28.6,
    },
}  # fmt: skip
REFERENCE_VOLUME = 100


def volume_for(role: str, program: int) -> int:
    """The MIDI volume at which `program` is as loud as `role` should be.

    General MIDI defines volume v as 40·log10(v / 127) dB.
    """
    wanted = ROLE_LUFS[role]
    change_db = wanted - LOUDNESS_LUFS[role].get(program, wanted)
    return round(min(max(REFERENCE_VOLUME * 10 ** (change_db / 40), 1), 127))
