"""Examples to hear and see: files, pictures and the page."""

import json
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
import soundfile
from PIL import Image

from engine.cli import main
from engine.training.corpus.composer import compose
from engine.training.corpus.listening import PAGE, listen
from engine.training.corpus.pictures import WIDTH, clip_picture, piano_roll, png, spectrogram
from engine.training.corpus.piece import STEMS
from engine.training.corpus.render import SAMPLE_RATE


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("corpus") / "new"
    listen(2, out, first_seed=3, duration_s=1.0)
    return out


def test_every_seed_comes_as_mix_stem_and_loop(folder: Path) -> None:
    paths = sorted(folder.glob("*.wav"))
    assert len(paths) == 6
    for path in paths:
        truth = json.loads(path.with_suffix(".json").read_text("utf-8"))
        audio, rate = soundfile.read(path)
        assert (len(audio), rate) == (round(truth["duration_s"] * SAMPLE_RATE), SAMPLE_RATE)
        assert truth["style"] in path.name
        assert truth["stem"] in STEMS
        assert truth["loop"] == path.stem.endswith("loop")
        assert (truth["stem"] != "mix") == path.stem.endswith("stem")
        assert len(truth["prompts"]) == 3
        assert truth["held_out_prompt"]
        assert path.with_suffix(".png").read_bytes().startswith(b"\x89PNG")


def test_the_page_shows_them_all(folder: Path) -> None:
    page = (folder / PAGE).read_text("utf-8")
    assert page.count("<audio") == page.count("<img") == 6
    for path in folder.glob("*.wav"):
        assert path.name in page


def test_what_is_there_is_kept(folder: Path) -> None:
    before = {path: path.stat().st_mtime_ns for path in folder.glob("*.wav")}
    lost = min(before)
    lost.with_suffix(".json").unlink()
    listen(2, folder, first_seed=3, duration_s=1.0)
    after = {path: path.stat().st_mtime_ns for path in folder.glob("*.wav")}
    assert {path for path in before if before[path] != after[path]} == {lost}


def test_pictures_are_png_that_others_read(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    pixels = rng.integers(0, 256, (7, 5, 3), dtype=np.uint8)
    (tmp_path / "x.png").write_bytes(png(pixels))
    np.testing.assert_array_equal(np.asarray(Image.open(tmp_path / "x.png")), pixels)


def test_a_png_is_whole() -> None:
    data = png(np.zeros((2, 3, 3), np.uint8))
    at, kinds = 8, []
    while at < len(data):
        (length,) = struct.unpack_from(">I", data, at)
        kind, body = data[at + 4 : at + 8], data[at + 8 : at + 8 + length]
        assert struct.unpack_from(">I", data, at + 8 + length)[0] == zlib.crc32(kind + body)
        kinds.append(kind)
        at += 12 + length
    assert kinds == [b"IHDR", b"IDAT", b"IEND"]


def test_a_tone_is_bright_where_it_lies_and_notes_are_where_they_begin() -> None:
    time_s = np.arange(SAMPLE_RATE) / SAMPLE_RATE
    tone = (0.5 * np.sin(2 * np.pi * 1_000 * time_s)).astype(np.float32)
    brightness = spectrogram(np.stack([tone, tone], 1)).sum(axis=(1, 2))
    assert 0.3 < np.argmax(brightness) / len(brightness) < 0.75
    piece = compose(1, style="rock", drums=True, duration_s=4.0)
    roll = piano_roll(piece)
    audio = np.zeros((4 * SAMPLE_RATE, 2), np.float32)
    audio[::100] = 0.1
    assert clip_picture(piece, audio).shape[1:] == (WIDTH, 3)
    note = piece.notes[len(piece.notes) // 2]
    column = int(note.start_s * WIDTH / piece.duration_s)
    assert roll[:, column].sum() > np.median(roll.sum(axis=(0, 2)) / WIDTH)


def test_the_command_says_where_things_are(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from engine.training.corpus import listening

    told: dict[str, object] = {}

    def pretend(count: int, out: Path, seed: int, workers: int) -> list[Path]:
        told.update(count=count, out=out, seed=seed, workers=workers)
        return [out / "000-house-5-mix.wav"]

    monkeypatch.setattr(listening, "listen", pretend)
    words = ["train", "corpus", "--listen", "1", "--seed", "5", "--out", str(tmp_path)]
    assert main(words) == 0
    assert told == {"count": 1, "out": tmp_path, "seed": 5, "workers": 2}
    assert "mix.wav" in capsys.readouterr().out
