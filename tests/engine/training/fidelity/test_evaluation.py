"""The codec's table and page with coders whose figures are known, and with ffmpeg's."""

from __future__ import annotations

import base64
import io
import json
import re
import shutil
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest
from matplotlib.image import imread
from safetensors.torch import save_file

from engine.cli import main
from engine.codecs.house import HouseCodec
from engine.training.fidelity import evaluation
from engine.training.fidelity.coders import CLASSICAL
from engine.training.fidelity.distances import SAMPLE_RATE, Sound, si_sdr
from engine.training.fidelity.evaluation import CENTS, FLATNESS, SPEED, evaluate_coders
from engine.training.fidelity.page import page, picture
from engine.training.fidelity.report import as_json, figures, table
from engine.training.fidelity.tones import tones


@pytest.fixture(autouse=True)
def _short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(evaluation, "CLIP_S", 2.0)
    monkeypatch.setattr(evaluation, "SPEED_RUNS", 1)
    few = ((tones()[4], False), (tones(37.0)[4], True))
    monkeypatch.setattr(evaluation, "TONES", few)


@dataclass(frozen=True)
class Scaled:
    """A coder that only changes the loudness."""

    name: str
    gain: float

    def __call__(self, sound: Sound) -> Sound:
        return self.gain * sound


def test_who_changes_nothing_keeps_every_bar() -> None:
    done: list[int] = []
    coders = [Scaled("house", 1.0), Scaled("MP3 96", 0.5)]
    report = evaluate_coders(coders, 2, workers=0, progress=done.append)
    assert done == [1, 2, 3, 4]
    assert not [figure.name for figure in figures(report, "house") if figure.kept is False]
    assert report.values[CENTS]["house"] < 0.02
    assert report.values[FLATNESS]["house"] == 0
    distance = next(figure for figure in figures(report, "house") if figure.name.startswith("log"))
    assert distance.value == 0
    assert 4 < (distance.bar or 0) < 6.03  # 6 dB, but where both are below the floor
    json.dumps(as_json(report), allow_nan=False)


def test_who_makes_silence_misses_them() -> None:
    report = evaluate_coders([Scaled("house", 0.0)], 1, workers=0)
    missed = {figure.name for figure in figures(report, "house") if figure.kept is False}
    assert {"chroma correlation", CENTS.name} <= missed
    lines = list(table(report))
    assert len(lines) == 1 + len(report.values)
    assert any(line.endswith("≥ 0.995  MISSED") for line in lines)
    assert report.values[SPEED]["house"] > 50


def test_pictures_stand_beside_each_other() -> None:
    sound = tones()[4].sound
    written = page(["original", "a <b>"], [("1", [sound, 0 * sound])], "the & table")
    assert "a &lt;b&gt;" in written
    assert "the &amp; table" in written
    data = re.findall(r"base64,([^\"]+)", written)
    assert len(data) == 2
    image = imread(io.BytesIO(base64.b64decode(data[0])), format="png")
    assert image.shape[:2] == (256, 300)
    brightest = image[:, :, :3].sum(axis=2).mean(axis=1).argmax()
    assert 240 < brightest < 254  # 110 Hz, near the lower edge
    assert picture(sound)[:8] == b"\x89PNG\r\n\x1a\n"


needs_ffmpeg = pytest.mark.skipif(shutil.which("ffmpeg") is None, reason="ffmpeg is not installed")


@needs_ffmpeg
@pytest.mark.parametrize("coder", CLASSICAL, ids=lambda coder: coder.name)
def test_classical_codecs_come_back_aligned_and_as_long(coder) -> None:
    sound = tones()[9].sound[: SAMPLE_RATE + 123]
    made = coder(sound)
    assert made.shape == sound.shape
    assert si_sdr(sound, made) > 15


def write_codec(folder: Path) -> Path:
    path = folder / "codec.safetensors"
    save_file(HouseCodec().state_dict(), path)
    return path


@needs_ffmpeg
def test_the_command_writes_table_and_page(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(evaluation, "SPEED_S", 1.0)
    # Processes of their own would not know that this is to be short.
    monkeypatch.setattr(evaluation, "worker_pool", lambda count, _: ThreadPoolExecutor(count))
    words = ("evaluate", "codec", "--clips", "1", "--page", str(tmp_path / "page.html"))
    assert main([*words, "--weights", str(write_codec(tmp_path))]) == 0
    told = capsys.readouterr().out
    assert "MP3 96" in told.splitlines()[0]
    assert "encode and decode, times real time" in told
    assert (tmp_path / "page.html").read_text("utf-8").count("data:image/png") == 5


def test_without_ffmpeg_one_is_told_what_to_do(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(shutil, "which", lambda name: None)
    assert main(["evaluate", "codec"]) == 1
    told = capsys.readouterr().err
    assert "apt install ffmpeg" in told
    assert "--no-classical" in told


def test_a_model_without_this_codec_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["evaluate", "codec", "--no-classical", "--weights", str(tmp_path / "none")]
    assert main(words) == 2
    assert "There is no codec in" in capsys.readouterr().err
