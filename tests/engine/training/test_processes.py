"""Training in two processes: the steps of one, checkpoints that one or two continue.

Two sum in another order than one, and Adam turns a gradient's last bits near zero into whole
steps: losses agree within 1e-4 of their size, and not to the bit.
"""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from engine.errors import EngineError, InvalidRequest
from engine.nets.build import build
from engine.training.denoiser import DenoiserTrainer
from engine.training.processes import blocks, launch
from engine.training.runs import Run
from tests.engine.training.many_processes import (
    UNEVEN,
    noted,
    train,
    train_what_is_left,
    train_whole_sharded_and_killed,
)
from tests.engine.training.tiny_training import CPU, UNET

TOLERANCE = 1e-4
HALF = 3  # steps

pytestmark = pytest.mark.xdist_group("processes")  # one worker makes what all share


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What one process makes."""
    folder = tmp_path_factory.mktemp("alone")
    train(folder)
    return folder


@pytest.fixture(scope="module")
def first_life(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("two")
    with pytest.raises(EngineError, match="One of the 2 processes failed"):
        launch(train_whole_sharded_and_killed, 2, root)
    return root


@pytest.fixture(scope="module")
def second_life(first_life: Path) -> Path:
    shutil.copytree(first_life / "sharded", first_life / "sharded again")
    launch(train_what_is_left, 2, first_life)
    return first_life


def losses(folder: Path, process: int = 0) -> list[float]:
    return [loss for _, _, loss in noted(folder, process)]


def steps(folder: Path) -> list[int]:
    return [step for step, _, _ in noted(folder)]


def near(expected: list[float]) -> object:
    return pytest.approx(expected, rel=TOLERANCE)


def test_two_processes_take_the_steps_of_one(first_life: Path, alone: Path) -> None:
    whole = first_life / "whole"
    assert [items for _, items, _ in noted(whole)] == [2] * 6
    assert [items for _, items, _ in noted(whole, 1)] == [3] * 6
    assert losses(whole) == losses(whole, 1)
    assert losses(whole) == near(losses(alone))
    (logged,) = Run(whole).history()  # by the first process alone
    assert logged["loss"] == pytest.approx(sum(losses(alone)) / 6, rel=TOLERANCE)


def test_a_checkpoint_of_two_is_one_of_one(first_life: Path, alone: Path) -> None:
    found, expected = Run(first_life / "whole").load(), Run(alone).load()
    assert found is not None
    assert expected is not None
    assert found.keys() == expected.keys()
    for part in ("net", "average"):
        assert found[part].keys() == expected[part].keys()
        for name, weight in found[part].items():
            torch.testing.assert_close(weight, expected[part][name], rtol=1e-3, atol=1e-4)
    for place, kept in expected["optimizer"]["state"].items():
        for name, value in kept.items():
            assert found["optimizer"]["state"][place][name].shape == value.shape


def test_a_killed_training_goes_on_with_the_loss_it_would_have_had(
    second_life: Path, alone: Path
) -> None:
    killed = second_life / "killed"
    assert steps(killed) == [0, 1, 2, 3, 4, 4, 5]  # save_every is 2
    assert losses(killed)[5] == losses(killed)[4]  # step 4, before and after the kill
    assert losses(killed)[5:] == near(losses(alone)[4:])


def test_a_sharded_training_is_the_same_and_goes_on_sharded_or_alone(
    second_life: Path, alone: Path
) -> None:
    """Its first half was computed in two passes a step; the rate of that half is its own."""
    train(second_life / "sharded")
    for folder in ("sharded", "sharded again"):
        assert steps(second_life / folder) == list(range(6))
    expected = losses_of_halves(alone)
    assert losses(second_life / "sharded") == near(expected)
    assert losses(second_life / "sharded again") == near(expected)


def losses_of_halves(alone: Path) -> list[float]:
    folder = alone / "halves"
    train(folder, replace(UNEVEN, steps=HALF))
    train(folder)
    return losses(folder)


def test_passes_that_make_a_step_add_up_to_it(tmp_path: Path, alone: Path) -> None:
    train(tmp_path, replace(UNEVEN, accumulate=2))
    assert losses(tmp_path) == near(losses(alone))


def test_more_passes_than_items_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidRequest, match="batch of 5 cannot be dealt into 1 × 6 parts"):
        train(tmp_path, replace(UNEVEN, accumulate=6))


def test_a_checkpoint_from_before_there_were_many_loads(tmp_path: Path, alone: Path) -> None:
    """It has no seconds, and its tensors may be of a lone process alone."""
    state = Run(alone).load()
    assert state is not None
    old = {name: state[name] for name in ("net", "average", "optimizer", "step")}
    Run(tmp_path).save(old)
    trainer = DenoiserTrainer(Run(tmp_path), UNEVEN, UNET, CPU)
    assert (trainer.step, trainer.seconds) == (6, 0.0)
    for name, weight in trainer.average.state_dict().items():
        assert torch.equal(weight, old["average"][name])
    moments = trainer.optimizer.state_dict()["state"]
    assert all(
        torch.equal(moments[i]["exp_avg"], m["exp_avg"])
        for i, m in old["optimizer"]["state"].items()
    )


def test_a_network_is_gathered_block_by_block() -> None:
    net = build(UNET)
    found = list(blocks(net))
    assert len({id(block) for block in found}) == len(found)
    inside = sum(p.numel() for block in found for p in block.parameters())
    all_but_the_first = sum(p.numel() for p in net.parameters()) - net.input.weight.numel()
    assert inside > 0.8 * all_but_the_first
