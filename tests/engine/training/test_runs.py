"""A run on disk: whole checkpoints whatever interrupts, a log that a crash does not spoil."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

from engine.errors import EngineError
from engine.training.runs import Run, cosine_rate


def test_a_run_begins_without_a_checkpoint_and_finds_its_last(tmp_path: Path) -> None:
    run = Run(tmp_path / "run")
    assert run.load() is None
    run.save({"step": 1, "net": {"w": torch.ones(2)}})
    run.save({"step": 2, "net": {"w": torch.zeros(2)}})
    state = run.load()
    assert state is not None
    assert state["step"] == 2
    assert not state["net"]["w"].any()


def test_an_interrupted_save_leaves_the_old_checkpoint(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = Run(tmp_path)
    run.save({"step": 1})

    def cut_off(_: object, file: Any) -> None:
        file.write(b"half a checkpoint")
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(torch, "save", cut_off)
        with pytest.raises(KeyboardInterrupt):
            run.save({"step": 2})
    assert run.load() == {"step": 1}
    run.save({"step": 3})
    assert run.load() == {"step": 3}


def test_a_damaged_checkpoint_says_what_to_do(tmp_path: Path) -> None:
    run = Run(tmp_path)
    run.save({"net": torch.ones(1_000)})
    run.checkpoint_path.write_bytes(run.checkpoint_path.read_bytes()[:2_000])
    with pytest.raises(EngineError, match=r"damaged.*Delete it"):
        run.load()


def test_a_cut_line_costs_only_itself(tmp_path: Path) -> None:
    run = Run(tmp_path)
    assert list(run.history()) == []
    run.log(step=1, loss=0.5)
    run.log(step=2, loss=0.4)
    run.log_path.write_bytes(run.log_path.read_bytes()[:-9])
    run.log(step=3, loss=0.3)
    assert [(line["step"], line["loss"]) for line in run.history()] == [(1, 0.5), (3, 0.3)]


def test_the_rate_rises_then_falls_to_a_fiftieth() -> None:
    rates = [cosine_rate(step, 1_000, 1.0, warm_up=100) for step in range(1_001)]
    assert rates[0] == pytest.approx(0.01, rel=1e-3)
    assert 90 <= rates.index(max(rates)) <= 110
    assert max(rates) == pytest.approx(0.97, abs=0.02)
    assert rates[-1] == pytest.approx(0.02)
