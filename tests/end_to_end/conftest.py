"""A screen, a sound server and a fresh home folder for the real program."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.audio_sink import NullSink
from tests.end_to_end.desk import Program, Screen

FOLDER = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Everything here shares one worker: two windows at once would fight for the two cores."""
    missing = [tool for tool in ("Xvfb", "xdotool", "pulseaudio") if not shutil.which(tool)]
    for item in items:
        if FOLDER in item.path.parents:
            item.add_marker(pytest.mark.end_to_end)
            item.add_marker(pytest.mark.xdist_group("end to end"))
            if missing:
                item.add_marker(pytest.mark.skip(reason=f"not installed: {', '.join(missing)}"))


@pytest.fixture(scope="session")
def screen() -> Iterator[Screen]:
    screen = Screen()
    yield screen
    screen.stop()


@pytest.fixture
def sink() -> Iterator[NullSink]:
    with NullSink() as sink:
        yield sink


@pytest.fixture
def environment(tmp_path: Path, screen: Screen, sink: NullSink) -> dict[str, str]:
    """A newcomer's environment: nothing in the home folder, a screen, a sound server."""
    home = tmp_path / "home"
    home.mkdir()
    kept = {
        name: value for name, value in os.environ.items() if not name.startswith(("XDG_", "QT"))
    }
    return {
        **kept,
        **sink.environment(),
        "HOME": str(home),
        "DISPLAY": screen.display,
        "QT_QPA_PLATFORM": "xcb",
    }


@pytest.fixture
def program(environment: dict[str, str]) -> Iterator[Program]:
    """The program, just started."""
    with Program(Path(environment["HOME"]), environment) as program:
        yield program
