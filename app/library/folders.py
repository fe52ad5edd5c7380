"""Where a user's takes live."""

from __future__ import annotations

import os
from pathlib import Path

import platformdirs

HOME_VARIABLE = "UNDERTONE_HOME"


def data_folder() -> Path:
    """The system's place for a program's data, or what UNDERTONE_HOME names."""
    chosen = os.environ.get(HOME_VARIABLE)
    return (
        Path(chosen) if chosen else Path(platformdirs.user_data_dir("undertone", appauthor=False))
    )
