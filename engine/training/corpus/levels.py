"""How loud each role should be, and what evens out the soundfont's programs."""

from __future__ import annotations

ROLE_DB = {"drums": 0.0, "bass": 0.0, "chords": 0.0, "lead": 0.0, "pad": 0.0}
GAIN_DB: dict[int, float] = {}
