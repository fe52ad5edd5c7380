"""`undertone bench` measures what it says, on the tiny model; no speed is judged here."""

import json
from pathlib import Path

import pytest

from engine.benchmarks import window
from engine.benchmarks.table import Figure, lines
from engine.cli import main


def test_figures_of_a_short_run_are_plausible(
    tiny_root: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("UNDERTONE_MODELS", str(tiny_root))
    short = ("--seconds", "1", "--steps", "3", "--repeats", "1", "--json")
    assert main(["bench", "clip", "response", *short]) == 0
    figures = {each["name"]: each for each in json.loads(capsys.readouterr().out)}
    clip, picture = figures["1 s clip, 3 steps"], figures["generate to first picture"]
    assert 0 < picture["value"] < clip["value"] * 10
    assert clip["kept"] is None  # the promise is for another length
    assert figures["steps ended after cancel, at most"]["value"] <= 1
    assert figures["sampling with pictures over without"]["value"] > 0


def test_the_windows_own_figures_are_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    told = Figure("longest block", 61.0, "ms", 50.0, "in a test").to_json()
    (tmp_path / "measuring.py").write_text(
        f"import sys\nprint({json.dumps(told)!r})\n"
        "assert '--steps=25' in sys.argv\nsys.exit('no screen')\n"
    )
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setattr(window, "MODULE", "measuring")
    assert main(["bench", "window", "--json"]) == 0
    longest, why = json.loads(capsys.readouterr().out)
    assert longest == told
    assert (why["value"], why["kept"]) == (None, None)
    assert why["note"].endswith("no screen")


def test_an_unknown_benchmark_is_bad_input(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bench", "luck"]) == 2
    assert "machine" in capsys.readouterr().err


def test_the_table_tells_what_was_missed() -> None:
    table = list(
        lines([Figure("a", 2.0, "s", 1.5), Figure("b", 1.0, "s", 1.5), Figure("c", 3, "")])
    )
    assert [row.split()[-1] for row in table[1:]] == ["MISSED", "kept", "3"]
    (silent,) = list(lines([Figure("d", None, "", 0, "there is no output")]))[1:]
    assert silent.split(maxsplit=4) == ["d", "—", "≤", "0", "there is no output"]
