"""`undertone bench` measures what it says, on the tiny model; no speed is judged here."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from engine.benchmarks import nets, training_memory, window
from engine.benchmarks.live_bytes import LiveBytes
from engine.benchmarks.peers import Contest, Pair
from engine.benchmarks.presets import measure_preset
from engine.benchmarks.table import Figure, lines
from engine.benchmarks.training_memory import LAPTOP, peak_bytes, training_step
from engine.cli import main
from engine.device import Device
from engine.nets.presets import PRESETS
from engine.nets.unet import UNet

CPU = Device("cpu", torch.float32)
TINY = replace(LAPTOP, channels=(16, 16, 32, 32), heads=2)


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
    assert figures["sampling while heard over unheard"]["value"] > 0
    assert 0 < figures["asking to hear it to first sound"]["value"] < clip["value"] * 10


def test_the_codec_is_measured_there_and_back(
    tiny_root: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("UNDERTONE_MODELS", str(tiny_root))
    assert main(["bench", "codec", "--seconds", "2", "--repeats", "1", "--json"]) == 0
    figures = {each["name"]: each for each in json.loads(capsys.readouterr().out)}
    assert figures["in pieces and whole, apart by"]["kept"]
    speed = figures["encode and decode, times real time"]
    assert speed["kept"] == (speed["value"] >= 50)
    assert figures["picture of a clip"]["value"] > 0
    assert figures["a second in the middle of it"]["value"] > 0


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


def against_itself(device: Device) -> Pair:
    net, x = torch.nn.Linear(64, 64), torch.ones(64, 64)
    return Pair(lambda: net(x), lambda: net(x), net, net)


def against_nobody(device: Device) -> Pair:
    raise ImportError("no such package", name="nobody")


def test_networks_are_held_beside_their_peers_in_the_rows_asked_for(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(
        nets, "contests", lambda: [
            Contest("Linear over itself", 0.7, against_itself, 40.0),
            Contest("Linear over nobody", 0.7, against_nobody),
            Contest("Another over nobody", 0.7, against_nobody),
        ],
    )  # fmt: skip
    monkeypatch.setattr(nets, "peak_flops", lambda *_: 1e15)
    monkeypatch.setattr(nets, "choose", lambda: CPU)
    assert main(["bench", "nets", "--only", "linear over", "--repeats", "1", "--json"]) == 0
    product, itself, part, nobody = json.loads(capsys.readouterr().out)
    assert product["value"] == 1_000
    assert itself["value"] > 0
    assert itself["note"].endswith("apart by 0.0e+00")
    assert 0 < part["value"] < 1  # of a peak that nothing reaches
    assert part["kept"] is False
    assert (nobody["value"], nobody["note"]) == (None, "nobody is not installed")


def test_an_unknown_benchmark_is_bad_input(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bench", "luck"]) == 2
    assert "machine" in capsys.readouterr().err
    assert main(["bench", "nets", "--only", "luck"]) == 2
    assert "No row is called “luck”. Known: MusicLDM" in capsys.readouterr().err


def test_clips_that_cannot_be_asked_for_are_bad_input(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bench", "clip", "--seconds", "nan"]) == 2
    assert "Length nan is out of range" in capsys.readouterr().err


def test_the_table_tells_what_was_missed() -> None:
    table = list(
        lines([Figure("a", 2.0, "s", 1.5), Figure("b", 1.0, "s", 1.5), Figure("c", 3, "")])
    )
    assert [row.split()[-1] for row in table[1:]] == ["MISSED", "kept", "3"]
    fast, slow = Figure("e", 60.0, "", 50.0, at_least=True), Figure("f", 40, "", 50, at_least=True)
    assert [row.split()[-1] for row in list(lines([fast, slow]))[1:]] == ["kept", "MISSED"]
    assert next(row for row in lines([fast]) if row.startswith("e")).split()[2:4] == ["≥", "50"]
    (silent,) = list(lines([Figure("d", None, "", 0, "there is no output")]))[1:]
    assert silent.split(maxsplit=4) == ["d", "—", "≤", "0", "there is no output"]


def test_live_bytes_are_counted_while_something_holds_them() -> None:
    with LiveBytes() as counted:
        x = torch.ones(1_000, requires_grad=True)
        y = x.exp()  # kept for the backward pass
        view = y[:10].detach()
        assert counted.live == 8_000
        z = y * 2
        del y, view
        assert counted.live == 12_000
        z.sum().backward()
        del z
    assert counted.live == 8_000  # x and its gradient
    assert counted.peak >= 12_000


def saved_bytes(checkpoint: frozenset[int]) -> int:
    """What the graph alone keeps beside the weights, by torch's own hooks, each storage once."""
    net = UNet(replace(TINY, checkpoint_levels=checkpoint))
    weights = {weight.untyped_storage()._cdata for weight in net.parameters()}
    kept: dict[int, tuple[torch.Tensor, int]] = {}

    def note(tensor: torch.Tensor) -> torch.Tensor:
        storage = tensor.untyped_storage()
        if storage._cdata not in weights:
            kept[storage._cdata] = (tensor, storage.nbytes())
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(note, lambda tensor: tensor):
        net(*TINY.fake_inputs(1, 256))
    return sum(size for _, size in kept.values())


def test_checkpointing_saves_memory_and_the_count_agrees_with_what_is_saved() -> None:
    def peak(checkpoint: frozenset[int]) -> int:
        config = replace(TINY, checkpoint_levels=checkpoint)
        return peak_bytes(training_step(config, CPU, 1, 256), CPU)

    plain, saving = peak(frozenset()), peak(frozenset(range(4)))
    assert saving < 0.5 * plain
    assert 0.8 * plain < saved_bytes(frozenset()) <= plain
    assert saved_bytes(frozenset(range(4))) < 0.3 * saved_bytes(frozenset())


def test_the_memory_of_training_is_measured_by_its_name(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(training_memory, "choose", lambda: CPU)
    monkeypatch.setattr(training_memory, "LAPTOP", TINY)
    assert main(["bench", "training-memory", "--repeats", "1", "--json"]) == 0
    figures = {each["name"]: each for each in json.loads(capsys.readouterr().out)}
    ratio = figures["checkpointed over not"]
    saving, plain = (
        figures[name]["value"]
        for name in ("the same, checkpointed", "a training step's activations")
    )
    assert ratio["value"] == saving / plain
    assert ratio["bar"] == 0.5


def test_a_preset_is_measured_by_running_it() -> None:
    measured = measure_preset("small 1D", PRESETS["small 1D"])
    assert measured.parameters == sum(p.numel() for p in UNet(PRESETS["small 1D"]).parameters())
    narrow = measure_preset("x", replace(PRESETS["small 1D"], channels=(64, 128, 256, 512)))
    assert measured.forward_flops > 3 * narrow.forward_flops
    assert measured.activation_bytes > 1.3 * narrow.activation_bytes
    assert "4 heads at /4, /8" in measured.line()
    assert "128 × (1, 2, 4, 8), 2 blocks" in measured.line()


def test_there_is_a_preset_of_every_kind_and_size() -> None:
    sizes = ("small", "medium", "large")
    ways = ("{} 1D", "{} 2D", "DiT {}")
    assert set(PRESETS) == {way.format(size) for way in ways for size in sizes}
