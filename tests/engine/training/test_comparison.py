"""Networks compared: equal compute, pieces held out, a report, and going on where it stopped."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

from engine.api import GenerationRequest
from engine.cli import main
from engine.diffusion.parameterisation import Parameterisation
from engine.errors import EngineError, InvalidRequest
from engine.nets.build import Net, NetConfig, build
from engine.nets.conditioning import Conditioning
from engine.training import comparison_stage, report
from engine.training.batches import Batches
from engine.training.comparison import (
    HELD_OUT_BATCHES,
    LEVELS,
    Candidate,
    Comparison,
    Verdict,
    curve_of,
    measure_cost,
)
from engine.training.comparison_report import as_json, as_markdown, write_report
from engine.training.comparison_stage import judge_by_ear
from engine.training.evaluation import Generate
from engine.training.runs import Run
from tests.engine.training.tiny_training import (
    CPU,
    FRAME_RATE,
    TRAINING,
    UNET,
    fitted_codec,
    tame_pieces,
    write_shard,
)

FINE = replace(UNET, self_attention_levels=frozenset({0}), cross_attention_levels=frozenset({0}))
WIDE = replace(UNET, channels=(32, 32))
LONG_ENOUGH_MINUTES = 60.0
HEARD = Verdict({"tempo": 0.5, "chords": None}, {"tempo": 0.9, "chords": 0.6})


def candidates() -> dict[str, NetConfig]:
    """Of one size; the other attends where there are more positions."""
    return {"one": UNET, "other": FINE}


class HearsSilence(nn.Module):
    """The network whose denoiser makes 0 of anything."""

    def __init__(self, predicted: Parameterisation) -> None:
        super().__init__()
        self.predicted = predicted

    def forward(self, x: Tensor, t: Tensor, conditioning: Conditioning) -> Tensor:
        sigma = t / (1 - t) if self.predicted == Parameterisation.FLOW else (4 * t).exp()
        c = self.predicted.scalings(sigma)
        return -(c.skip / (c.out * c.into)).view(-1, 1, 1) * x


def heard(net: Net, candidate: Candidate) -> Verdict:
    return HEARD


def silent(net: Net, candidate: Candidate) -> Verdict:
    return Verdict(remark="not evaluated: no synthesizer")


def comparison(folder: Path, nets: dict[str, NetConfig] | None = None) -> Comparison:
    meeting = {name: Candidate(net, TRAINING) for name, net in (nets or candidates()).items()}
    return Comparison(folder, meeting, tame_pieces(), FRAME_RATE, CPU)


def test_flops_are_what_the_network_computes() -> None:
    batch = Batches(tame_pieces(), TRAINING, FRAME_RATE)[0]
    cost = measure_cost(UNET, batch)
    net = build(UNET)
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        net(batch.x0, batch.sigma, batch.conditioning)
    assert cost.forward_flops * len(batch) == counter.get_total_flops()
    assert 2.5 < cost.step_flops / counter.get_total_flops() < 3.2
    assert cost.parameters == sum(p.numel() for p in net.parameters())


def test_all_spend_the_same_compute_within_a_step(tmp_path: Path) -> None:
    one, other = comparison(tmp_path).entries
    assert one.steps == TRAINING.steps
    assert one.cost.step_flops != other.cost.step_flops
    assert other.steps < one.steps
    assert abs(one.flops - other.flops) <= other.cost.step_flops / 2


def test_networks_of_two_sizes_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidRequest, match=r"“wide” has .* parameters, the first"):
        comparison(tmp_path, {"one": UNET, "wide": WIDE})


def test_held_out_pieces_are_not_trained_on(tmp_path: Path) -> None:
    it = comparison(tmp_path)
    assert (len(it.seen), len(it.held_out)) == (19, 1)
    names = [truth["seed"] for truth in it.seen.truths + it.held_out.truths]
    assert names == list(range(20))
    assert torch.equal(it.held_out.latents[0], tame_pieces().latents[19])


def test_held_out_loss_is_that_of_a_network_that_says_nothing(tmp_path: Path) -> None:
    """A network of zeros has the target's power as its loss: the mean of v² at each level."""
    it = comparison(tmp_path)
    losses = it.held_out_losses(build(UNET), TRAINING)
    assert list(losses) == list(LEVELS)
    batch = Batches(it.held_out, replace(TRAINING, drop_all=0), FRAME_RATE, seed=1)[0]
    power = float(batch.x0.square().mean())
    for level, loss in losses.items():
        expected = (1 + level**2 * power) / (1 + level**2)
        assert loss == pytest.approx(expected, rel=0.25)


@pytest.mark.parametrize("predicted", Parameterisation)
def test_held_out_losses_are_of_one_measure_whatever_is_predicted(
    tmp_path: Path, predicted: Parameterisation
) -> None:
    """Who hears silence in everything is as far off, in whatever terms it is said."""
    it = comparison(tmp_path)
    training = replace(TRAINING, parameterisation=predicted)
    losses = it.held_out_losses(HearsSilence(predicted), training)
    batches = Batches(it.held_out, replace(TRAINING, drop_all=0), FRAME_RATE, seed=1)
    power = np.mean([float(batches[step].x0.square().mean()) for step in range(HELD_OUT_BATCHES)])
    for level, loss in losses.items():
        assert loss == pytest.approx((1 + level**-2) * power, rel=1e-3)


def test_a_comparison_goes_on_where_it_stopped_and_tells_all(tmp_path: Path) -> None:
    assert comparison(tmp_path).run(0, heard) is None
    it = comparison(tmp_path)
    results = it.run(LONG_ENOUGH_MINUTES, heard)
    assert results is not None
    again = comparison(tmp_path).run(0, silent)  # nothing is left to do
    assert again == results
    written = write_report(tmp_path, it.entries, results)
    assert all(path.stat().st_size > 200 for path in written)
    table = as_markdown(it.entries, results)
    assert "|  | one | other | real renders |" in table
    assert "| tempo | 50.0% | 50.0% | 90.0% |" in table
    assert "| chords | – | – | 60.0% |" in table
    assert f"| training steps | 6 | {it.entries[1].steps:,} |  |" in table
    told = json.loads(json.dumps(as_json(it.entries, results), allow_nan=False))
    assert told["one"]["flops"] == it.entries[0].flops
    assert [step for step, _, _ in told["one"]["curve"]] == [6]
    assert told["one"]["held_out"]["0.05"] == results["one"].held_out[0.05] > 0
    assert 0 < results["one"].seconds < 60


def test_steps_that_a_killed_training_repeated_count_once(tmp_path: Path) -> None:
    run = Run(tmp_path)
    for step, seconds, loss in ((20, 1.0, 0.9), (40, 2.0, 0.8), (20, 1.5, 0.9), (40, 2.5, 0.7)):
        run.log(step=step, seconds=seconds, loss=loss)
    assert curve_of(run) == [(20, 1.5, 0.9), (40, 2.5, 0.7)]


def test_without_ears_the_table_says_why(tmp_path: Path) -> None:
    it = comparison(tmp_path)
    results = it.run(LONG_ENOUGH_MINUTES, silent)
    assert results is not None
    table = as_markdown(it.entries, results)
    assert "real renders" not in table
    assert "one: not evaluated: no synthesizer" in table


def test_a_folder_of_another_comparison_is_left_alone(tmp_path: Path) -> None:
    comparison(tmp_path)
    with pytest.raises(InvalidRequest, match="other networks, steps or pieces"):
        comparison(tmp_path, {"one": UNET})


@pytest.fixture
def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A run's folder whose codec and networks are small."""
    monkeypatch.setattr(comparison_stage, "HOUSE_NETS", candidates())
    monkeypatch.setattr(comparison_stage, "COMPARED_NETS", candidates())
    monkeypatch.setattr(comparison_stage, "load_codec", lambda _: fitted_codec())
    return tmp_path


def test_the_command_trains_and_writes(house: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_shard(house)
    words = ["train", "compare", "--run-folder", str(house), "--steps", "2", "--batch", "2"]
    assert main([*words, "--prompts", "0"]) == 0
    written = [Path(line) for line in capsys.readouterr().out.splitlines()]
    assert {path.name for path in written} == {
        "comparison.md", "comparison.json", "loss-by-compute.svg", "loss-by-time.svg"
    }  # fmt: skip
    assert "| training steps | 2 |" in (house / "comparison" / "comparison.md").read_text()


def test_one_network_is_trained_in_several_ways(
    house: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_shard(house)
    words = ["train", "compare", "--run-folder", str(house), "--steps", "2", "--batch", "2"]
    vary = ["--nets", "one", "--vary", "parameterisation", "v", "x0"]
    assert main([*words, "--prompts", "0", *vary]) == 0
    folder = house / "comparison-parameterisation"
    assert "|  | one-v | one-x0 |" in (folder / "comparison.md").read_text()
    told = json.loads((folder / "comparison.json").read_text())
    assert [told[name]["training"]["parameterisation"] for name in told] == ["v", "x0"]
    v, x0 = (told[name] for name in told)
    assert v["flops"] == x0["flops"]
    assert v["train_loss"] != x0["train_loss"]
    assert {path.parent for path in map(Path, capsys.readouterr().out.splitlines())} == {folder}


@pytest.mark.parametrize(
    ("vary", "said"),
    [
        (["ema"], "No values of ema are given."),
        (["steps", "3"], "“steps” cannot be varied. Known: parameterisation,"),
        (["ema", "much"], "“much” is no ema"),
        (["parameterisation", "w"], "“w” is no parameterisation"),
    ],
)
def test_what_cannot_be_varied_is_told(
    house: Path, capsys: pytest.CaptureFixture[str], vary: list[str], said: str
) -> None:
    write_shard(house)
    assert main(["train", "compare", "--run-folder", str(house), "--vary", *vary]) == 2
    assert said in capsys.readouterr().err


def test_a_network_is_heard_as_evaluation_hears_a_model(monkeypatch: pytest.MonkeyPatch) -> None:
    """Evaluation itself is tested elsewhere: here it asks for a second of sound."""

    class OneFigure:
        def rows(self) -> list[tuple[str, float, float]]:
            return [("frames", float(len(sound)), 1.0), ("chords", float("nan"), 0.5)]

    def evaluate_on(generate: Generate, count: int) -> OneFigure:
        nonlocal sound
        sound, _ = generate(GenerationRequest("a slow waltz", duration_s=1.0, seed=1))
        return OneFigure()

    sound = np.empty((0, 2), np.float32)
    monkeypatch.setattr(report, "evaluate_on", evaluate_on)
    config = replace(UNET, context_channels=384)
    verdict = judge_by_ear(fitted_codec(), CPU, prompts=1)(
        build(config), Candidate(config, TRAINING)
    )
    assert verdict == Verdict({"frames": 44_100.0, "chords": None}, {"frames": 1.0, "chords": 0.5})


def test_what_evaluation_needs_may_be_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    def no_soundfont(*_: object, **__: object) -> None:
        raise EngineError("No soundfont was found.", "Install one.")

    monkeypatch.setattr(report, "evaluate_on", no_soundfont)
    config = replace(UNET, context_channels=384)
    verdict = judge_by_ear(fitted_codec(), CPU, prompts=1)(
        build(config), Candidate(config, TRAINING)
    )
    assert verdict == Verdict(remark="not evaluated: No soundfont was found. Install one.")


def test_the_command_names_what_is_missing(house: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["train", "compare", "--run-folder", str(house)]
    assert main(words) == 1
    assert "Run: undertone train latents" in capsys.readouterr().err
    write_shard(house)
    assert main([*words, "--nets", "one", "three"]) == 2
    assert "There is no network “three”. Known: one, other." in capsys.readouterr().err
