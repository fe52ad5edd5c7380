"""The denoiser's training: batches, dropped conditions, resuming, learning."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from engine.models.told import over_channels
from engine.nets.unet import UNet
from engine.score import Score
from engine.score_columns import (
    DRUMS_ROWS,
    HARMONY_ROWS,
    INSTRUMENT_ROWS,
    LOOP_ROWS,
    RHYTHM_ROWS,
    SCORE_CHANNELS,
    STEM_ROWS,
    STYLE_ROWS,
    columns,
    ensemble,
    program_row,
)
from engine.training.batches import Batch, Batches, DenoiserTraining
from engine.training.denoiser import DenoiserTrainer
from engine.training.growth import grown
from tests.engine.training.tiny_training import (
    CHANNELS,
    FRAME_RATE,
    FRAMES,
    SCORE,
    TRAINING,
    UNET,
    pieces,
    trainer,
)

NOTHING_DROPPED = replace(
    TRAINING, steps=100, drop_all=0, drop_text=0, drop_rhythm=0, drop_harmony=0, drop_drums=0,
    drop_stem=0, drop_loop=0, drop_over=0, over_noise=0, drop_style=0, drop_instruments=0,
)  # fmt: skip

OVER_ROWS = over_channels(CHANNELS)


def batches(training: DenoiserTraining) -> Batches:
    return Batches(pieces(), training, FRAME_RATE)


def same(a: Batch, b: Batch) -> bool:
    mine, other = a.conditioning, b.conditioning
    pairs = (
        (a.x0, b.x0),
        (mine.context, other.context),
        (mine.context_mask, other.context_mask),
        (mine.concat, other.concat),
    )
    return all(x is not None and y is not None and torch.equal(x, y) for x, y in pairs)


def test_a_batch_is_a_function_of_its_step() -> None:
    one, another = batches(TRAINING), batches(TRAINING)
    in_order = [one[step] for step in range(6)]
    backwards = [another[step] for step in reversed(range(6))][::-1]
    assert all(same(a, b) for a, b in zip(in_order, backwards, strict=True))
    assert not same(in_order[0], in_order[1])
    with pytest.raises(IndexError):
        one[TRAINING.steps]


def test_every_piece_comes_once_before_any_comes_again() -> None:
    made = batches(replace(NOTHING_DROPPED, batch=2))
    order = torch.cat([made[step].x0[:, 0, 0] for step in range(10)]).tolist()
    rounds = [order[start : start + 5] for start in range(0, 20, 5)]
    assert all(sorted(each) == [0, 1, 2, 3, 4] for each in rounds)
    assert len({tuple(each) for each in rounds}) > 1


def test_a_crop_keeps_its_place_in_the_music() -> None:
    made = batches(NOTHING_DROPPED)
    starts = []
    for step in range(40):
        batch = made[step]
        assert batch.conditioning.concat is not None
        for latents, score in zip(batch.x0, batch.conditioning.concat, strict=True):
            start = int(latents[1, 0])
            expected = columns(SCORE, 16, FRAME_RATE, start / FRAME_RATE)
            np.testing.assert_allclose(score[:SCORE_CHANNELS].numpy(), expected, atol=1e-6)
            starts.append(start)
    assert max(starts) <= FRAMES - 16
    bar = round(2.0 * FRAME_RATE)
    assert 0.6 < np.mean([start % bar == 0 for start in starts]) < 1
    assert len(set(starts)) > 10


def test_drums_that_rest_are_told_so_and_crops_begin_with_everyone() -> None:
    formed = pieces()
    for truth in formed.truths:
        truth["drums"], truth["parts"] = True, {"drums": "drums", "bass": "electric bass"}
        truth["sections"] = [
            {"name": "intro", "first_bar": 0, "bars": 1, "roles": ["bass"]},
            {"name": "groove", "first_bar": 1, "bars": 7, "roles": ["drums", "bass"]},
        ]
    made = Batches(formed, NOTHING_DROPPED, FRAME_RATE)
    bar = round(2.0 * FRAME_RATE)
    starts = []
    for step in range(40):
        batch = made[step]
        assert batch.conditioning.concat is not None
        for latents, score in zip(batch.x0, batch.conditioning.concat, strict=True):
            start = int(latents[1, 0])
            played = (torch.arange(start, start + 16) >= bar).float()
            assert torch.equal(score[DRUMS_ROWS], torch.stack([played, 1 - played]))
            starts.append(start)
    assert 0.4 < np.mean([start == bar for start in starts]) < 0.8


def test_players_are_told_where_they_play() -> None:
    formed = pieces()
    for truth in formed.truths:
        truth["style"], truth["parts"] = "jazz", {"bass": "electric bass", "lead": "flute"}
        truth["sections"] = [
            {"name": "intro", "first_bar": 0, "bars": 1, "roles": ["bass"]},
            {"name": "groove", "first_bar": 1, "bars": 7, "roles": ["bass", "lead"]},
        ]
    made = Batches(formed, NOTHING_DROPPED, FRAME_RATE)
    bar = round(2.0 * FRAME_RATE)
    for step in range(20):
        batch = made[step]
        assert batch.conditioning.concat is not None
        for latents, told in zip(batch.x0, batch.conditioning.concat, strict=True):
            start = int(latents[1, 0])
            score = Score(style="jazz", instruments=("electric bass", "flute"))
            expected = ensemble(score, 16)
            expected[program_row("flute")] = np.arange(start, start + 16) >= bar
            np.testing.assert_array_equal(told[OVER_ROWS:].numpy(), expected)


@pytest.mark.parametrize("dropped", ["drop_style", "drop_instruments", "drop_all"])
def test_style_and_players_may_be_left_out(dropped: str) -> None:
    formed = pieces()
    for truth in formed.truths:
        truth["style"], truth["parts"] = "jazz", {"bass": "electric bass"}
    training = replace(NOTHING_DROPPED, **{dropped: 1.0})
    concat = Batches(formed, training, FRAME_RATE)[0].conditioning.concat
    assert concat is not None
    players, style = (concat[:, OVER_ROWS:][:, rows] for rows in (INSTRUMENT_ROWS, STYLE_ROWS))
    assert bool(players.any()) == (dropped == "drop_style")
    assert bool(style.any()) == (dropped == "drop_instruments")


@pytest.mark.parametrize(
    "dropped",
    [
        "drop_text",
        "drop_rhythm",
        "drop_harmony",
        "drop_drums",
        "drop_stem",
        "drop_loop",
        "drop_all",
    ],
)
def test_what_is_dropped_is_silent_and_the_rest_is_told(dropped: str) -> None:
    batch = batches(replace(NOTHING_DROPPED, **{dropped: 1.0}))[0]
    told = batch.conditioning
    assert told.context_mask is not None
    assert told.concat is not None
    everything = dropped == "drop_all"
    assert bool(told.context_mask.any()) != (everything or dropped == "drop_text")
    assert bool(told.concat[:, RHYTHM_ROWS].any()) != (everything or dropped == "drop_rhythm")
    assert bool(told.concat[:, HARMONY_ROWS].any()) != (everything or dropped == "drop_harmony")
    assert bool(told.concat[:, DRUMS_ROWS].any()) != (everything or dropped == "drop_drums")
    assert bool(told.concat[:, STEM_ROWS].any()) != (everything or dropped == "drop_stem")
    assert bool(told.concat[:, LOOP_ROWS].any()) != (everything or dropped == "drop_loop")


def over_of(training: DenoiserTraining) -> tuple[torch.Tensor, torch.Tensor]:
    """The latents of many items, and the rows of what they are written over."""
    made = [batches(training)[step] for step in range(10)]
    rows = [batch.conditioning.concat for batch in made]
    over = torch.cat([row[:, SCORE_CHANNELS:OVER_ROWS] for row in rows if row is not None])
    return torch.cat([batch.x0 for batch in made]), over


def test_what_a_clip_is_written_over_stands_beside_it() -> None:
    latents, over = over_of(NOTHING_DROPPED)
    written = latents[:, 0, 0] % 2 == 1
    assert written.any()
    assert torch.equal(over[written, 1:], -latents[written])
    assert (over[written, 0] == 1).all()
    assert not over[~written].any()


def test_it_is_a_little_off_and_now_and_then_left_out() -> None:
    latents, over = over_of(replace(NOTHING_DROPPED, over_noise=0.5))
    written = latents[:, 0, 0] % 2 == 1
    off = (over[written, 1:] + latents[written]).std(dim=(1, 2))
    assert 0 < off.min() < 0.2 < off.max() < 0.6
    _, dropped = over_of(replace(NOTHING_DROPPED, drop_over=1.0))
    assert not dropped.any()


def test_each_condition_is_dropped_about_as_often_as_asked() -> None:
    training = replace(
        NOTHING_DROPPED, batch=100, drop_all=0.1, drop_text=0.2, drop_rhythm=0.3, drop_harmony=0.4,
        drop_drums=0.5,
    )  # fmt: skip
    told = [batches(training)[step].conditioning for step in range(4)]
    score = torch.cat([each.concat for each in told if each.concat is not None])
    mask = torch.cat([each.context_mask for each in told if each.context_mask is not None])
    shares = [
        1 - mask.any(1).float().mean(),
        1 - score[:, RHYTHM_ROWS].flatten(1).any(1).float().mean(),
        1 - score[:, HARMONY_ROWS].flatten(1).any(1).float().mean(),
        1 - score[:, DRUMS_ROWS].flatten(1).any(1).float().mean(),
    ]
    assert shares == pytest.approx([0.28, 0.37, 0.46, 0.55], abs=0.08)


def test_dropped_conditions_do_not_reach_the_network(tmp_path: Path) -> None:
    """Whatever a masked token holds, the loss stays."""
    batch = batches(replace(NOTHING_DROPPED, drop_text=1.0))[0]
    told = batch.conditioning
    assert told.context is not None
    other = replace(told, context=torch.randn_like(told.context))
    noisy = replace(batch, conditioning=other)
    assert trainer(tmp_path).advance(batch) == trainer(tmp_path).advance(noisy)


def test_too_short_pieces_are_refused() -> None:
    with pytest.raises(ValueError, match="no piece of 65 frames"):
        batches(replace(TRAINING, crop_frames=FRAMES + 1))


def losses(run: DenoiserTrainer) -> list[float]:
    return [entry["loss"] for entry in run.run.history()]


def test_a_killed_run_goes_on_with_the_loss_it_would_have_had(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    unbroken = trainer(tmp_path / "unbroken")
    expected = unbroken.train(pieces(), FRAME_RATE)
    seen: list[float] = []
    advance = DenoiserTrainer.advance

    def killed_at_five(self: DenoiserTrainer, batch: Batch) -> float:
        if self.step == 5 and len(seen) == 5:
            raise KeyboardInterrupt
        seen.append(advance(self, batch))
        return seen[-1]

    monkeypatch.setattr(DenoiserTrainer, "advance", killed_at_five)
    with pytest.raises(KeyboardInterrupt):
        trainer(tmp_path / "killed").train(pieces(), FRAME_RATE)
    resumed = trainer(tmp_path / "killed")
    assert resumed.step == 4  # save_every is 2
    found = resumed.train(pieces(), FRAME_RATE)
    assert resumed.step == TRAINING.steps
    assert seen[5] == seen[4]  # step 4, before and after the kill
    for a, b in zip(found.parameters(), expected.parameters(), strict=True):
        torch.testing.assert_close(a, b, rtol=0, atol=0)


def test_a_run_may_begin_with_weights_that_heard_less_of_the_score(tmp_path: Path) -> None:
    """The rows they did not hear change nothing, and a run that has begun is left as it is."""
    older = UNet(replace(UNET, concat_channels=UNET.concat_channels - 2, zero_init=False))
    run = trainer(tmp_path)
    run.start_from(older.state_dict())
    x, t, told = UNET.fake_inputs(2, 16)
    assert told.concat is not None
    less = replace(told, concat=told.concat[:, :-2])
    for net in (run.net, run.average):
        torch.testing.assert_close(net(x, t, told), older(x, t, less))
    run.step = 1
    run.start_from(UNet(UNET).state_dict())
    torch.testing.assert_close(run.net(x, t, told), older(x, t, less))


def test_a_run_may_begin_with_weights_that_made_fewer_latents(tmp_path: Path) -> None:
    """What is told of the score follows the latents, wherever those end."""
    small = replace(UNET, in_channels=1, out_channels=1, zero_init=False)
    older = UNet(small)
    run = trainer(tmp_path)
    run.start_from(older.state_dict())
    x, t, told = UNET.fake_inputs(2, 16)
    made = run.net(x, t, told)
    torch.testing.assert_close(made[:, :1], older(x[:, :1], t, told))
    assert not made[:, 1:].any()
    with pytest.raises(ValueError, match="rows"):
        grown(UNet(UNET).state_dict(), small)


def test_minutes_end_a_run_which_is_saved(tmp_path: Path) -> None:
    run = trainer(tmp_path)
    run.train(pieces(), FRAME_RATE, minutes=0)
    assert (run.step, trainer(tmp_path).step) == (0, 0)
    assert run.run.checkpoint_path.exists()


def test_the_loss_goes_down_and_is_logged(tmp_path: Path) -> None:
    training = replace(TRAINING, steps=120, batch=8, peak_rate=4e-3, save_every=1_000)
    made = pieces()
    made.latents[:, 1] /= FRAMES  # to the unit variance that the σ are for
    run = trainer(tmp_path, training)
    run.train(made, FRAME_RATE)
    logged = losses(run)
    assert len(logged) == 6
    assert logged[-1] < 0.8 * logged[0]
