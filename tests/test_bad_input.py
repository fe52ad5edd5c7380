"""What goes wrong in the world, through the command line: a clear message, a status, no loss.

The model is real in form and tiny in size; the disks, the limits and the damaged files are real.
"""

from __future__ import annotations

import json
import math
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import soundfile

from engine.api import GenerationRequest
from engine.cli import main
from engine.errors import InvalidRequest
from tests.engine.tiny_model import write_tiny_model

QUICK = ("--seconds", "1", "--steps", "1", "--seed", "3")
is_root = hasattr(os, "geteuid") and os.geteuid() == 0
linux_root = pytest.mark.skipif(
    not (is_root and sys.platform == "linux"), reason="mounting a small disk needs Linux and root"
)


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("models")
    write_tiny_model(root)
    return root


@pytest.fixture(autouse=True)
def _here(models: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty folder to stand in, a home of its own, and the tiny model as the house model."""
    home = tmp_path / "home"
    folder = tmp_path / "here"
    home.mkdir()
    folder.mkdir()
    monkeypatch.chdir(folder)
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("UNDERTONE_MODELS", str(models))


def complaint(capsys: pytest.CaptureFixture[str], *words: str, status: int) -> str:
    """What the command line says about bad input. It must say what to do and write nothing."""
    assert main(["generate", *words]) == status
    said = capsys.readouterr().err
    assert "Traceback" not in said
    assert len(said.strip().splitlines()) >= 1
    assert list(Path.cwd().iterdir()) == []
    return said


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ([""], "prompt is empty"),
        (["   \n"], "prompt is empty"),
        (["a" * 20_000], "20,000 characters"),
        (["jazz", "--negative", "b" * 20_000], "20,000 characters"),
        (["jazz", "--steps", "0"], "Choose a value from 1 to 1000"),
        (["jazz", "--steps", "100000"], "Choose a value from 1 to 1000"),
        (["jazz", "--steps", "many"], "invalid int value"),
        (["jazz", "--guidance", "nan"], "Guidance nan is out of range"),
        (["jazz", "--guidance", "inf"], "Guidance inf is out of range"),
        (["jazz", "--rescale", "2"], "Rescale 2 is out of range"),
        (["jazz", "--guidance-interval", "5", "1"], "Give the lower level first"),
        (["jazz", "--guidance-interval", "0", "inf"], "Noise level inf is out of range"),
        (["jazz", "--apg", "--apg-momentum", "-2"], "from -1 to 1"),
        (["jazz", "--apg-eta", "0.5"], "Add --apg"),
        (["jazz", "--sampler", "magic"], "dpmpp-3m-sde"),
        (["jazz", "--seconds", "0"], "from 1 to 300 seconds"),
        (["jazz", "--seconds", "-1"], "from 1 to 300 seconds"),
        (["jazz", "--seconds", "1e9"], "Length 1000000000 is out of range"),
        (["jazz", "--seed", "-5"], "Seed -5 is out of range"),
        (["jazz", "--bpm", "0"], "Tempo 0 is out of range"),
        (["jazz", "--key", "H dur"], "is not a key"),
        (["jazz", "--chords", "Am Zz"], "is not a chord"),
        (["jazz", "--model", "nobody"], "There is no model"),
        (["jazz", "--out", "clip.mp3"], ".mp3"),
        (["jazz", "--out", "nowhere/clip.wav"], "does not exist"),
        (["jazz", "--loud"], "--loud"),
        ([], "prompt"),
    ],
)
def test_a_bad_value_is_named_with_what_would_be_good(
    capsys: pytest.CaptureFixture[str], words: list[str], expected: str
) -> None:
    assert expected in complaint(capsys, *words, status=2)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("prompt", ""),
        ("prompt", "🎷" * 20_000),
        ("steps", 0),
        ("steps", 100_000),
        ("guidance", math.nan),
        ("duration_s", 0.0),
        ("duration_s", -1.0),
        ("duration_s", 1e9),
        ("seed", -1),
    ],
)
def test_the_engines_door_refuses_it_with_the_fields_name(field: str, value: object) -> None:
    with pytest.raises(InvalidRequest) as refusal:
        GenerationRequest(**{"prompt": "jazz", field: value})  # type: ignore[arg-type]
    assert refusal.value.field == field
    assert refusal.value.remedy


@pytest.mark.parametrize(
    "prompt", ["🎷🎹🥁", "慢板爵士乐，钢琴，75 bpm", "\x00\x1b[31mjazz", "a" * 2_000]
)
def test_any_script_makes_a_clip_and_its_settings_travel(
    capsys: pytest.CaptureFixture[str], prompt: str
) -> None:
    assert main(["generate", prompt, *QUICK, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert soundfile.info(told["path"]).duration == pytest.approx(1.0)
    assert Path(told["path"]).parent == Path.cwd()


def test_a_taken_name_is_not_overwritten(capsys: pytest.CaptureFixture[str]) -> None:
    Path("clip.wav").write_bytes(b"another's work")
    assert main(["generate", "jazz", *QUICK, "--out", "clip.wav"]) == 2
    assert "--force" in capsys.readouterr().err
    assert Path("clip.wav").read_bytes() == b"another's work"


@pytest.mark.parametrize("damage", ["missing", "truncated", "altered", "no config"])
def test_damaged_weights_are_named(
    capsys: pytest.CaptureFixture[str], damage: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = write_tiny_model(tmp_path / "damaged")
    monkeypatch.setenv("UNDERTONE_MODELS", str(folder.parent))
    weights = next(folder.glob("denoiser-*.safetensors"))
    content = weights.read_bytes()
    if damage == "missing":
        weights.unlink()
    elif damage == "truncated":
        weights.write_bytes(content[: len(content) // 2])
    elif damage == "altered":
        weights.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    else:
        (folder / "config.json").write_text("{")
    said = complaint(capsys, "jazz", *QUICK, status=1)
    assert ("config.json" if damage == "no config" else weights.name) in said


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A real disk of 64 KiB: a second of 24-bit stereo needs four times that."""
    folder = tmp_path / "small disk"
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(folder)]
    if subprocess.run(command, capture_output=True).returncode:
        pytest.skip("mounting is not allowed here")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


@linux_root
def test_a_full_disk_loses_no_clip(capsys: pytest.CaptureFixture[str], small_disk: Path) -> None:
    out = small_disk / "clip.wav"
    assert main(["generate", "jazz", *QUICK, "--out", str(out)]) == 1
    said = capsys.readouterr().err
    assert "full" in said or "space" in said
    assert list(small_disk.iterdir()) == []
    kept = list(Path.home().glob("*.wav"))
    assert len(kept) == 1
    assert str(kept[0]) in said
    assert soundfile.info(kept[0]).duration == pytest.approx(1.0)


@linux_root
def test_a_read_only_disk_is_told_before_the_work(
    capsys: pytest.CaptureFixture[str], small_disk: Path
) -> None:
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
    assert "does not allow writing" in complaint(
        capsys, "jazz", *QUICK, "--out", str(small_disk / "clip.wav"), status=2
    )


def test_a_file_size_limit_ends_like_a_full_disk(capsys: pytest.CaptureFixture[str]) -> None:
    resource = pytest.importorskip("resource", reason="this system has no such limit")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (64 * 1024, hard))
    try:
        said = complaint(capsys, "jazz", *QUICK, status=1)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert "could not be written" in said


def test_too_little_memory_is_a_message_and_the_next_clip_works(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    import torch

    from engine.codecs.house import HouseCodec

    def too_big(*_: object, **__: object) -> torch.Tensor:
        return torch.empty(2**55)

    with monkeypatch.context() as patched:
        patched.setattr(HouseCodec, "decode", too_big)
        said = complaint(capsys, "jazz", *QUICK, status=1)
    assert "does not fit into this machine's memory" in said
    assert "shorter clip" in said
    assert main(["generate", "jazz", *QUICK]) == 0
