"""Hearing the music while it forms, through the real window and a real output."""

from __future__ import annotations

import numpy as np
import soundfile

from tests.audio_sink import RATE, NullSink
from tests.end_to_end.desk import Program, Screen, wait_for
from tests.end_to_end.test_prompt_to_wav import best_correlation

SECONDS, STEPS = 4, 200
QUIET = 1e-4


def test_it_sounds_before_it_is_done_and_goes_over_into_the_take(
    program: Program, screen: Screen, sink: NullSink
) -> None:
    program.fill(screen, prompt="piano", duration_s=str(SECONDS), steps=str(STEPS))
    screen.click(program.place("loopButton"))
    with sink.recording() as recording:
        screen.click(program.place("generateButton"))
        program.wait_for_text("status", f"of {STEPS}")
        screen.click(program.place("auditionButton"))
        program.wait_for_text("status", "Done in")
        done_s = recording.seconds_so_far()
        wait_for("two turns", lambda: recording.seconds_so_far() > done_s + 2 * SECONDS + 1)
    done = round(done_s * RATE)
    assert np.abs(recording.audio[:done]).max() > QUIET
    (path,) = (program.home / "undertone").rglob("*.wav")
    take, rate = soundfile.read(path, dtype="float32", always_2d=True)
    assert rate == RATE
    assert best_correlation(take[RATE : 2 * RATE], recording.audio[done:]) > 0.98
    assert "Traceback" not in program.log
