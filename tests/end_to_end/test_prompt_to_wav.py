"""The main way through the real window: prompt, take, sound from the output, exported file."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray

from engine.audio.files import read_settings
from tests.audio_sink import NullSink
from tests.end_to_end.desk import Program, Screen, wait_for

PROMPT = "slow lo-fi hip hop with electric piano, 75 bpm"
SECONDS = 3
SHIPPED = Path(__file__).resolve().parents[2] / "assets" / "models" / "house" / "config.json"
BLOCK = 11_025


@pytest.fixture
def model(environment: dict[str, str], quick_environment: dict[str, str]) -> dict[str, str]:
    """The environment with the shipped weights; with the tiny ones in a checkout without them."""
    return environment if SHIPPED.exists() else quick_environment


def likeness(played: NDArray[np.float32], recorded: NDArray[np.float32]) -> float:
    """The median over quarter seconds of `played` of their best correlation with `recorded`.

    Blocks are found one by one, so that a gap on a busy machine costs the block it fell into.
    """
    starts = range(0, len(played) - BLOCK, BLOCK)
    loud = [block for at in starts if np.abs(block := played[at : at + BLOCK]).max() > 1e-4]
    assert loud, "the take is silent"
    return float(np.median([best_correlation(block, recorded) for block in loud]))


def best_correlation(block: NDArray[np.float32], recorded: NDArray[np.float32]) -> float:
    """The highest normalised cross-correlation over all lags, both channels (frames, 2) at once.

    Each lag is divided by the energy it covers; else a louder place would pass for a better one.
    """
    size = 1 << (len(block) + len(recorded)).bit_length()
    spectra = np.fft.rfft(recorded, size, axis=0) * np.conj(np.fft.rfft(block, size, axis=0))
    lags = len(recorded) - len(block)
    products = np.fft.irfft(spectra, size, axis=0).sum(1)[:lags]
    energy = np.concatenate([[0.0], np.cumsum(np.square(recorded, dtype=np.float64).sum(1))])
    covered = (energy[len(block) :] - energy[: -len(block)])[:lags]
    heard = covered > 1e-3 * covered.max()
    norm = np.sqrt(np.square(block, dtype=np.float64).sum() * covered[heard])
    return float((products[heard] / norm).max())


def only_export(home: Path) -> Path:
    """The file that was exported, wherever the window proposed."""
    takes = home / "undertone"

    def look() -> list[Path]:
        return [path for path in home.rglob("*.wav") if takes not in path.parents]

    exported = wait_for("the exported file", look)
    assert len(exported) == 1
    return exported[0]


def test_with_the_mouse_from_prompt_to_sound_to_file(
    model: dict[str, str], screen: Screen, sink: NullSink
) -> None:
    with Program(model) as program:
        program.fill(screen, prompt=PROMPT, duration_s=str(SECONDS), steps="8")
        screen.click(program.place("generateButton"))
        program.wait_for_text("status", "Done in")
        wait_for("the take in the list", lambda: program.takes == 1)
        with sink.recording() as recording:
            begin_s = recording.seconds_so_far()
            screen.click(program.place("playButton"))
            wait_for("the take's end", lambda: recording.seconds_so_far() > begin_s + SECONDS + 2)
        screen.click(program.place("exportButton"))
        wait_for("the levels", lambda: program.place("exportNow").enabled)
        screen.click(program.place("exportNow"))
        exported = only_export(program.home)

        audio, rate = soundfile.read(exported, dtype="float32", always_2d=True)
        assert (rate, audio.shape) == (44_100, (SECONDS * 44_100, 2))
        assert np.isfinite(audio).all()
        assert likeness(audio, recording.audio) > 0.98
        made_by = read_settings(exported)
        assert made_by is not None
        assert (made_by.prompt, made_by.score.tempo_bpm) == (PROMPT, 75.0)
        assert "Traceback" not in program.log


def test_with_the_keyboard_alone(program: Program, screen: Screen) -> None:
    program.place("prompt")
    screen.activate("Undertone")
    wait_for("the keyboard", lambda: program.focus)
    screen.key("ctrl+k")
    screen.type("fast jazz with saxophone, 160 bpm")
    screen.key("ctrl+Return")
    program.wait_for_text("status", "Done in")
    screen.key("ctrl+f")
    for _ in range(20):
        if program.focus == "takesView":
            break
        screen.key("Tab")
    assert program.focus == "takesView"
    screen.key("ctrl+e")
    wait_for("the export sheet", lambda: program.focus == "exportName")
    screen.key("ctrl+a")
    screen.type("from the keys")
    wait_for("the levels", lambda: program.place("exportNow").enabled)
    screen.key("Return")
    exported = only_export(program.home)
    assert exported.stem == "from the keys"
    screen.key("ctrl+q")
    assert program.wait_until_closed() == 0


def test_everything_typed_is_there_after_a_kill(
    program: Program, quick_environment: dict[str, str], screen: Screen
) -> None:
    program.fill(screen, prompt=PROMPT)
    wait_for("the session", lambda: any(program.home.rglob("session.json")))
    wait_for("the text", lambda: PROMPT in next(program.home.rglob("session.json")).read_text())
    program.kill()
    with Program(quick_environment) as again:
        assert again.place("prompt").text == PROMPT
