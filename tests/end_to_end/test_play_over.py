"""A loop is dragged onto the panel, its chords are rewritten by hand, a part is made over it."""

from __future__ import annotations

import json

from tests.end_to_end.desk import Program, Screen, wait_for


def drag_the_take(program: Program, screen: Screen) -> None:
    """Onto the panel, once more where a slow machine had not answered when it was let go."""
    for tries_left in (2, 1, 0):
        screen.drag(program.place("takesView"), program.place("over"), down=0.2)
        try:
            wait_for("the take", lambda: bool(program.place("bars").text), timeout_s=20)
        except AssertionError:
            if not tries_left:
                raise
        else:
            return


def test_a_part_over_a_loop_by_mouse_and_keyboard(program: Program, screen: Screen) -> None:
    program.fill(screen, prompt="2 bar drum loop in A minor, 120 bpm", steps="2")
    screen.click(program.place("generateButton"))
    wait_for("the loop in the list", lambda: program.takes == 1)
    drag_the_take(program, screen)
    wait_for("its tempo", lambda: program.place("tempo_bpm").text == "120")
    assert program.place("bars").text == "2"
    assert program.place("chords").text != ""
    screen.activate("Undertone")
    screen.click(program.place("chordLane"), across=0.2)
    program.place("chordEditor")
    screen.type("Dm7")
    screen.key("Tab")
    screen.type("E7")
    screen.key("Return")
    wait_for("the chords", lambda: program.place("chords").text.startswith("Dm7 E7"))
    assert program.focus == "chordLane"
    program.fill(screen, prompt="a walking bass")
    screen.click(program.place("generateButton"))
    wait_for("the part in the list", lambda: program.takes == 2)
    session = next(program.home.rglob("session.json"))
    wait_for("the session", lambda: "walking" in session.read_text())
    over = json.loads(session.read_text())["draft"]["over"]
    assert over in {str(path) for path in program.home.rglob("takes/*.wav")}
    assert "Traceback" not in program.log
