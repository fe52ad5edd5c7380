"""The window without an audio output, and with one that goes away while playing."""

from __future__ import annotations

from tests.audio_sink import NullSink
from tests.end_to_end.desk import Program, Screen, wait_for


def make_a_take(program: Program, screen: Screen) -> None:
    program.fill(screen, prompt="anything at all", duration_s="2", steps="3")
    screen.key("ctrl+Return")
    program.wait_for_text("status", "Done in")


def test_without_an_output_all_but_listening_works(
    quick_environment: dict[str, str], screen: Screen, sink: NullSink
) -> None:
    sink.stop()
    with Program(quick_environment) as program:
        program.wait_for_text("output", "No audio output")
        make_a_take(program, screen)
        wait_for("the take", lambda: program.takes == 1)
        screen.click(program.place("playButton"))
        program.wait_for_text("noticeMessage", "output")
        assert program.place("exportButton").enabled


def test_an_output_that_goes_away_is_told_and_comes_back(
    program: Program, screen: Screen, sink: NullSink
) -> None:
    make_a_take(program, screen)
    screen.click(program.place("loopButton"))
    with sink.recording() as recording:
        begin_s = recording.seconds_so_far()
        screen.click(program.place("playButton"))
        wait_for("some sound", lambda: recording.seconds_so_far() > begin_s + 1.0)
    sink.stop()
    program.wait_for_text("noticeMessage", "output")
    sink.start()
    screen.click(program.place("rescan_devicesButton"))
    wait_for("an output", lambda: "No audio output" not in program.place("output").text)
