"""How loud the players are: levels by role, and what evens out the soundfont's sounds.

`LOUDNESS_LUFS` was measured by `measure_loudness` on FluidR3_GM: the loudness of each sound by
itself at volume 100, playing what its role plays in its styles (BS.1770, raw synthesizer level).
"""

from __future__ import annotations

# Loudness wanted of each role by itself, as LUFS at the synthesizer's raw level.
ROLE_LUFS = {"drums": -30.5, "bass": -34.0, "chords": -35.5, "lead": -33.5, "pad": -39.0}
LOUDNESS_LUFS: dict[str, dict[int, float]] = {
    "drums": {
        0: -34.1, 8: -32.7, 16: -28.1, 24: -31.9, 25: -24.9, 32: -34.6, 40: -37.4, 48: -32.3,
    },
    "bass": {
        32: -30.7, 33: -30.9, 34: -31.2, 35: -29.9, 36: -35.1, 38: -31.0, 39: -26.0, 42: -31.9,
    },
    "chords": {
        0: -32.5, 1: -32.7, 4: -28.5, 5: -30.4, 6: -31.4, 7: -28.9, 10: -30.3, 11: -32.7,
        16: -32.6, 21: -31.4, 24: -28.9, 25: -28.2, 26: -28.3, 27: -29.3, 28: -33.9, 29: -23.7,
        30: -21.1, 45: -29.8, 46: -32.8, 48: -32.3, 50: -28.9, 61: -33.0, 62: -30.1, 81: -35.1,
        88: -35.0, 89: -35.7, 90: -29.2, 98: -29.2, 99: -30.1, 105: -30.0,
    },
    "lead": {
        0: -36.0, 4: -30.0, 9: -30.6, 10: -33.1, 11: -37.1, 18: -30.7, 21: -34.2, 22: -32.2,
        24: -33.0, 26: -31.2, 27: -33.0, 29: -27.7, 30: -25.3, 40: -30.3, 42: -32.5, 48: -31.1,
        56: -31.9, 57: -27.7, 59: -30.4, 60: -27.8, 61: -31.6, 62: -32.4, 65: -30.1, 66: -30.2,
        68: -29.0, 71: -27.2, 73: -29.1, 75: -29.2, 80: -30.2, 81: -32.7, 88: -36.9, 98: -35.1,
        105: -34.5, 108: -35.7,
    },
    "pad": {
        16: -35.1, 18: -28.9, 21: -34.2, 48: -30.0, 49: -26.9, 50: -29.2, 52: -30.9, 61: -28.0,
        89: -33.0, 91: -29.4, 94: -31.5, 95: -28.4,
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
