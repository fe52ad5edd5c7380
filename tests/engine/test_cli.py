"""The command line with the tiny model: what it writes, names, prints and leaves alone.

Bad input is in tests/test_bad_input.py.
"""

from __future__ import annotations

import json
import os
import queue
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
import tqdm

from engine.api import (
    Cancelled,
    Clip,
    Event,
    GenerationRequest,
    Progress,
    Projection,
    Refinement,
    SamplerName,
    ScheduleName,
    Score,
)
from engine.audio.export import Normalise
from engine.audio.files import FileFormat, read, read_settings
from engine.cli import entry, generate, main
from engine.cli.destination import Destination
from engine.errors import InvalidRequest
from engine.models.registry import Registry
from engine.score import Key, Stem
from tests.engine.tiny_model import CONFIG, write_tiny_model

QUICK = ("generate", "slow jazz", "--seconds", "1", "--steps", "2", "--seed", "5")


@pytest.fixture(autouse=True)
def _here(tiny_root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("UNDERTONE_MODELS", str(tiny_root))
    monkeypatch.setattr(Path, "home", lambda: tmp_path / "home")


def loud_clip(peak: float) -> Clip:
    audio = np.zeros((4_410, 2), np.float32)
    audio[100:200] = peak
    return Clip(audio, 44_100, GenerationRequest("loud", seed=1))


def test_a_clip_is_written_with_its_settings_and_told_as_json(
    capsys: pytest.CaptureFixture[str],
) -> None:
    words = (
        *QUICK,
        "--bpm",
        "96",
        "--key",
        "F# minor",
        "--chords",
        "F#m D",
        "--no-drums",
        "--json",
    )
    assert main([*words, "--out", "clip.flac"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["ok"]
    assert Path(told["path"]) == Path.cwd() / "clip.flac"
    assert soundfile.info("clip.flac").frames == told["sample_rate"] * told["seconds"] == 44_100
    settings = read_settings("clip.flac")
    assert settings is not None
    assert (settings.seed, settings.score.tempo_bpm) == (5, 96.0)
    assert settings.score.drums is False
    assert settings.score.key == Key.parse("F# minor")
    assert told["request"]["score"]["chords"] == [[6, "m"], [2, ""]]


def test_what_is_not_given_is_as_the_model_recommends() -> None:
    parser = entry.build_parser(["generate"])
    (info,) = generate.Registry.default().models()
    request = generate.build_request(parser.parse_args(["generate", "jazz"]), info)
    assert (request.steps, request.guidance) == (CONFIG.steps, CONFIG.guidance)
    assert (request.seed, request.score) == (None, Score())
    given = parser.parse_args(["generate", "jazz", "--guidance", "0", "--sampler", "heun"])
    request = generate.build_request(given, info)
    assert (request.guidance, str(request.sampler)) == (0.0, "heun")


def test_sampler_schedule_and_refined_guidance_are_chosen_by_name() -> None:
    parser = entry.build_parser(["generate"])
    (info,) = generate.Registry.default().models()

    def built(*words: str) -> GenerationRequest:
        return generate.build_request(parser.parse_args(["generate", "jazz", *words]), info)

    for sampler in SamplerName:
        assert built("--sampler", str(sampler)).sampler is sampler
    for schedule in ScheduleName:
        assert built("--schedule", str(schedule)).schedule is schedule
    assert built().refinement == Refinement()
    words = ("--rescale", "0.7", "--guidance-interval", "0.3", "5", "--apg", "--apg-eta", "0.2")
    assert built(*words).refinement == Refinement(
        rescale=0.7, projection=Projection(eta=0.2), interval=(0.3, 5.0)
    )


def test_guidance_acts_as_the_model_asks_for_it(tmp_path: Path) -> None:
    write_tiny_model(tmp_path, "limited", guidance_interval=(0.3, 10.0), guidance_rescale=0.6)
    info, parser = Registry((tmp_path,)).info("limited"), entry.build_parser(["generate"])

    def refinement(*words: str) -> Refinement:
        given = parser.parse_args(["generate", "jazz", *words])
        return generate.build_request(given, info).refinement

    own = Refinement(0.6, interval=(0.3, 10.0))
    assert info.refinement == refinement() == own
    assert refinement("--guidance-interval", "0", "1000") == replace(own, interval=(0.0, 1_000.0))
    assert refinement("--rescale", "0") == replace(own, rescale=0.0)
    assert GenerationRequest("jazz", **info.own_settings).refinement == own


def test_stem_loop_bars_and_what_is_played_over_are_asked_for(tmp_path: Path) -> None:
    parser = entry.build_parser(["generate"])
    (info,) = generate.Registry.default().models()

    def built(*words: str) -> GenerationRequest:
        return generate.build_request(parser.parse_args(["generate", "jazz", *words]), info)

    for stem in Stem:
        assert built("--stem", str(stem).upper()).score == Score(stem=stem)
    assert built("--loop", "--bars", "4").score == Score(loop=True, bars=4)
    assert built("--no-loop").score == Score(loop=False)
    players = ("electric piano", "upright bass")
    assert built("--instruments", "Rhodes and double bass").score == Score(instruments=players)
    assert built("--style", "Deep House").score == Score(style="house")
    over = built("--over", "drums.wav").over
    assert Path(over).is_absolute()
    assert Path(over).name == "drums.wav"
    with pytest.raises(InvalidRequest, match="Bars 0 is out of range"):
        built("--bars", "0")
    with pytest.raises(InvalidRequest, match="“pianno” is not an instrument") as refused:
        built("--instruments", "pianno")
    assert "piano" in refused.value.remedy
    with pytest.raises(InvalidRequest) as refused:
        built("--instruments", "flute, upri")
    assert refused.value.remedy == "Did you mean upright bass?"
    with pytest.raises(InvalidRequest, match="“jazzz” is not a style") as refused:
        built("--style", "jazzz")
    assert "jazz" in refused.value.remedy


def test_refined_guidance_travels_and_work_is_told_in_evaluations(
    capsys: pytest.CaptureFixture[str],
) -> None:
    words = ("--sampler", "heun", "--apg", "--guidance-interval", "0", "9", "--rescale", "0.5")
    assert main([*QUICK, *words, "--out", "clip.wav", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["evaluations"] == 3
    settings = read_settings("clip.wav")
    assert settings is not None
    assert settings.refinement == Refinement(0.5, Projection(), (0.0, 9.0))


@pytest.mark.parametrize(("sampler", "shown"), [("heun", True), ("euler", False)])
def test_the_bar_shows_evaluations_where_they_are_not_the_steps(
    sampler: str, shown: bool, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    class OnAnyStream(tqdm.tqdm):
        def __init__(self, **options: Any) -> None:
            super().__init__(**{**options, "disable": False, "mininterval": 0})

    monkeypatch.setattr(tqdm, "tqdm", OnAnyStream)
    events: queue.SimpleQueue[Event] = queue.SimpleQueue()
    costs = SamplerName(sampler).costs(3)
    for step in (1, 2, 3):
        events.put(Progress(1, step, 3, sum(costs[:step]), 0.0))
    events.put(Cancelled(1))
    assert generate._follow(events, 3) is None
    said = capsys.readouterr().err
    assert "3/3" in said
    assert ("4 evaluations" in said) == shown
    assert ("evaluations" in said) == shown


def test_no_name_is_written_twice_unless_forced(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(QUICK) == main(QUICK) == 0
    assert sorted(path.name for path in Path.cwd().glob("*.wav")) == [
        "slow-jazz-5-2.wav",
        "slow-jazz-5.wav",
    ]
    Path("mine.wav").write_bytes(b"precious")
    assert main([*QUICK, "--out", "mine.wav"]) == 2
    assert Path("mine.wav").read_bytes() == b"precious"
    assert "--force" in capsys.readouterr().err
    assert main([*QUICK, "--out", "mine.wav", "--force"]) == 0
    assert read("mine.wav")[0].shape == (44_100, 2)


def test_sound_too_loud_for_the_file_is_lowered_and_said() -> None:
    for peak, lowered in ((2.0, True), (0.9, False)):
        destination = Destination.check(f"{peak}.wav", None, Normalise.OFF, False)
        path, plan, notices = destination.write(loud_clip(peak))
        assert (plan.gain_db < 0) == lowered == bool(notices)
        assert np.abs(read(path)[0]).max() == pytest.approx(
            10 ** (-1 / 20) if lowered else peak, abs=1e-3
        )
    destination = Destination.check(None, FileFormat.WAV_FLOAT, Normalise.OFF, False)
    path, _, notices = destination.write(loud_clip(2.0))
    assert notices == ()
    assert read(path)[0].max() == 2.0


def test_ctrl_c_cancels_and_writes_nothing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    heard: list[Event] = []
    next_event = generate._next

    def interrupted_once(events: object) -> Event:
        heard.append(next_event(events))  # type: ignore[arg-type]
        if (
            isinstance(heard[-1], Progress)
            and len([e for e in heard if isinstance(e, Progress)]) == 1
        ):
            raise KeyboardInterrupt
        return heard[-1]

    monkeypatch.setattr(generate, "_next", interrupted_once)
    assert main(["generate", "slow jazz", "--seconds", "1", "--steps", "1000"]) == 130
    assert len(heard) < 1_000
    assert "nothing was written" in capsys.readouterr().err
    assert list(Path.cwd().glob("*.wav")) == []


def test_the_models_are_listed_with_their_problems(
    tiny_root: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    broken = tmp_path / "broken" / "mine"
    broken.mkdir(parents=True)
    (broken / "config.json").write_text("{}")
    monkeypatch.setenv("UNDERTONE_MODELS", os.pathsep.join((str(broken.parent), str(tiny_root))))
    assert main(["models", "--json"]) == 0
    models = {model["id"]: model for model in json.loads(capsys.readouterr().out)}
    assert models["house"]["title"] == "Tiny"
    assert models["mine"]["problem"]
    assert main(["models"]) == 0
    assert "another version" in capsys.readouterr().out


def test_a_package_that_training_lacks_is_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def import_module(name: str) -> None:
        raise ModuleNotFoundError("No module named 'librosa'", name="librosa")

    monkeypatch.setattr("importlib.import_module", import_module)
    assert main(["evaluate"]) == 1
    assert "“librosa” is not installed" in capsys.readouterr().err


def test_help_lists_every_command_and_imports_nothing_heavy() -> None:
    script = """
import sys
from engine.cli import main
try:
    main(["--help"])
except SystemExit:
    pass
print([name for name in ("numpy", "torch", "tqdm") if name in sys.modules])
"""
    said = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert all(name in said.stdout for name in entry.COMMANDS)
    assert said.stdout.rstrip().endswith("[]")
