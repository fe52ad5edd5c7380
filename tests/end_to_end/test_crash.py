"""kill -9 while the real program makes and saves takes: every take that was kept stays whole."""

from __future__ import annotations

import random
import time
from collections.abc import Collection
from functools import partial
from pathlib import Path

import soundfile

from app.library import Library
from tests.end_to_end.desk import Program, Screen, wait_for

KILLS = 3


def saved(folder: Path, known: Collection[str] = ()) -> set[str]:
    """The takes on disk that are not in `known`."""
    return {path.name for path in (folder / "takes").glob("*.wav")}.difference(known)


def make_many_takes(program: Program, screen: Screen) -> None:
    """Ask for 99 takes of one second, two steps each."""
    program.fill(screen, prompt="one after the other", duration_s="1", steps="2", takes="99")
    screen.click(program.place("generateButton"))


def test_no_saved_take_is_lost(quick_environment: dict[str, str], screen: Screen) -> None:
    folder = Path(quick_environment["UNDERTONE_HOME"])
    moments = random.Random(7)
    kept: set[str] = set()
    for _ in range(KILLS):
        with Program(quick_environment) as program:
            make_many_takes(program, screen)
            wait_for("a new take", partial(saved, folder, kept))
            time.sleep(moments.uniform(0.0, 1.0))
            before = saved(folder)
            program.kill()
        library = Library(folder)
        takes = library.all()
        names = {take.file_name for take in takes}
        library.close()
        assert before <= names
        assert kept <= names
        for take in takes:
            assert soundfile.info(folder / "takes" / take.file_name).duration == 1.0
        kept = names
    with Program(quick_environment) as program:
        program.place("takesView")
        wait_for("every take in the list", lambda: program.takes == len(kept))
        assert not program.find("notice") or "lost" not in program.text("noticeMessage")
