"""A screen, a sound server and a fresh home folder for the real program."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.audio_sink import NullSink
from tests.end_to_end.desk import Program, Screen
from tests.engine.tiny_model import write_tiny_model

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


@pytest.fixture(scope="session")
def tiny_models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("models")
    write_tiny_model(root)
    return root


@pytest.fixture
def environment(tmp_path: Path, screen: Screen, sink: NullSink) -> dict[str, str]:
    """A newcomer's: nothing in the home folder, a screen, a sound server, the shipped model."""
    home = tmp_path / "home"
    home.mkdir()
    ours = ("XDG_", "QT", "UNDERTONE", "OMP_")
    kept = {k: v for k, v in os.environ.items() if not k.startswith(ours)}
    return {
        **kept,
        **sink.environment(),
        "HOME": str(home),
        "UNDERTONE_HOME": str(home / "undertone"),
        "DISPLAY": screen.display,
        "QT_QPA_PLATFORM": "xcb",
    }


@pytest.fixture
def quick_environment(environment: dict[str, str], tiny_models: Path) -> dict[str, str]:
    """The same with a model that makes noise at once, for what is not about the music."""
    return {**environment, "UNDERTONE_MODELS": str(tiny_models), "OMP_NUM_THREADS": "1"}


@pytest.fixture
def program(quick_environment: dict[str, str]) -> Iterator[Program]:
    """The program, just started, with the quick model."""
    with Program(quick_environment) as program:
        yield program
