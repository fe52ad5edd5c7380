"""What a denoiser is trained on, step by step: crops of latents with score, prompt and noise.

Each condition is left out at random, so that each may be left open later and guidance has its
unconditional branch. An item is a function of the seed and of its place in one endless list, its
noise of the seed and the step: so a resumed run meets what an unbroken one would, and processes
that share a step cut their own items and meet together what one would meet alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from itertools import pairwise

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from engine.diffusion.noise import training_sigmas
from engine.diffusion.parameterisation import Parameterisation
from engine.models.told import over_rows
from engine.nets.conditioning import Conditioning
from engine.score import Score
from engine.score_columns import (
    DRUMS_ROWS,
    HARMONY_ROWS,
    INSTRUMENT_ROWS,
    LOOP_ROWS,
    RHYTHM_ROWS,
    STEM_ROWS,
    STYLE_ROWS,
    columns,
    ensemble,
    program_row,
)
from engine.training.pieces import Pieces

Rows = NDArray[np.float32]  # (rows, frames) of conditioning


@dataclass(frozen=True)
class DenoiserTraining:
    """σ is drawn log-normally, as in Karras et al. 2022, relative to unit-variance data."""

    steps: int = 6_000
    batch: int = 16
    crop_frames: int = 224
    peak_rate: float = 6e-4
    parameterisation: Parameterisation = Parameterisation.V
    sigma_log_mean: float = -0.2
    sigma_log_deviation: float = 1.5
    ema: float = 0.999
    drop_all: float = 0.08
    drop_text: float = 0.08
    drop_rhythm: float = 0.08
    drop_harmony: float = 0.12
    drop_drums: float = 0.12
    drop_stem: float = 0.1
    drop_loop: float = 0.2
    drop_style: float = 0.15
    drop_instruments: float = 0.15
    drop_over: float = 0.15
    over_noise: float = 0.2  # the most that what is written over is off: users bring other sounds
    save_every: int = 200
    loaders: int = 0  # processes that cut batches ahead; a fast GPU would wait for one alone
    accumulate: int = 1  # passes that one step is made of: less memory, the same step


@dataclass(frozen=True, eq=False)
class Batch:
    """Items of one step, and the noise that each is to be found in."""

    x0: Tensor  # (B, C, T)
    noise: Tensor  # (B, C, T)
    sigma: Tensor  # (B,)
    conditioning: Conditioning

    def __len__(self) -> int:
        return len(self.x0)

    def parts(self, count: int) -> list[Batch]:
        """The same items in `count` batches, as views. Raises `ValueError` for too few items."""
        told = self.conditioning
        given = {f.name: getattr(told, f.name) for f in fields(told)}
        return [
            Batch(
                self.x0[items],
                self.noise[items],
                self.sigma[items],
                Conditioning(**{k: None if v is None else v[items] for k, v in given.items()}),
            )
            for items in even_parts(len(self), count)
        ]

    def to(self, device: torch.device) -> Batch:
        told = self.conditioning.to(device, torch.float32)
        return Batch(self.x0.to(device), self.noise.to(device), self.sigma.to(device), told)


class Batches(Sequence[Batch]):
    """One batch of random crops a step, most of them beginning with a bar, as music does.

    Every piece comes once before any comes again. `share` is which of the step's items are
    wanted: (1, 4) the second quarter. What comes is the same whoever asks. Raises `ValueError`
    where there is nothing to crop or less than one item a share.
    """

    def __init__(
        self,
        pieces: Pieces,
        training: DenoiserTraining,
        frame_rate: float,
        seed: int = 0,
        share: tuple[int, int] = (0, 1),
    ) -> None:
        if len(pieces) == 0 or pieces.latents.shape[2] < training.crop_frames:
            raise ValueError(f"no piece of {training.crop_frames} frames to train on")
        self.pieces, self.training, self.frame_rate = pieces, training, frame_rate
        self.seed = seed
        self.wanted = even_parts(training.batch, share[1])[share[0]]
        self._epoch, self._order = -1, np.empty(0, np.int64)

    def __len__(self) -> int:
        return self.training.steps

    def __getitem__(self, step: int) -> Batch:  # type: ignore[override]
        if not 0 <= step < len(self):
            raise IndexError(f"there is no step {step} of {len(self)}")
        first, wanted = step * self.training.batch, self.wanted
        items = [self._item(first + i) for i in range(wanted.start, wanted.stop)]
        latents, told_rows, tokens, keep = (torch.stack(part) for part in zip(*items, strict=True))
        longest = max(1, int(keep.sum(1).max()))
        told = Conditioning(
            context=tokens[:, :longest], context_mask=keep[:, :longest], concat=told_rows
        )
        noise, sigma = self._noise(step)
        return Batch(latents, noise, sigma, told)

    def _noise(self, step: int) -> tuple[Tensor, Tensor]:
        """The wanted items' noise and its levels, drawn for the whole batch: its σ are strata."""
        training = self.training
        generator = torch.Generator().manual_seed(step + (self.seed << 32))
        sigma = training_sigmas(
            training.batch, training.sigma_log_mean, training.sigma_log_deviation, generator
        )
        shape = (training.batch, self.pieces.latents.shape[1], training.crop_frames)
        noise = torch.randn(shape, generator=generator)
        return noise[self.wanted].clone(), sigma[self.wanted]

    def _piece(self, place: int) -> int:
        """The piece at `place` of an endless list of shufflings of them all."""
        epoch, within = divmod(place, len(self.pieces))
        if epoch != self._epoch:
            rng = np.random.default_rng((self.seed, epoch, len(self.pieces)))
            self._epoch, self._order = epoch, rng.permutation(len(self.pieces))
        return int(self._order[within])

    def _item(self, place: int) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """A crop's latents, what is told there, a prompt's token states and its mask."""
        pieces, crop = self.pieces, self.training.crop_frames
        index, rng = self._piece(place), np.random.default_rng((self.seed, place))
        start = self._start(index, rng)
        latents = pieces.latents[index, :, start : start + crop].float()
        score = columns(pieces.score(index), crop, self.frame_rate, start / self.frame_rate)
        self._rest_drums(score, index, start)
        players = self._players(index, start)
        prompt = int(rng.integers(pieces.prompts))
        tokens = pieces.tokens[index, prompt].float()
        keep = torch.arange(len(tokens)) < pieces.lengths[index, prompt]
        self._drop(score, players, keep, rng)
        rows = torch.from_numpy(score), self._over(index, start, rng), torch.from_numpy(players)
        told = torch.cat(rows)
        return latents, told, tokens, keep

    def _over(self, index: int, start: int, rng: np.random.Generator) -> Tensor:
        """`over_rows` of the crop."""
        training, crop = self.training, self.training.crop_frames
        channels = self.pieces.latents.shape[1]
        dropped, amount = rng.random() < training.drop_over, rng.random() * training.over_noise
        if dropped or not self.pieces.has_over(index):
            return over_rows(None, channels, crop)
        assert self.pieces.over is not None
        over = self.pieces.over[index, :, start : start + crop].float()
        noise = rng.standard_normal(over.shape, dtype=np.float32)
        return over_rows(over + amount * torch.from_numpy(noise), channels, crop)

    def _start(self, index: int, rng: np.random.Generator) -> int:
        """A crop's first frame: where everyone plays, the beginning of a bar, or anywhere."""
        last = self.pieces.latents.shape[2] - self.training.crop_frames
        bar_s = self.pieces.score(index).seconds_per_bar
        choice = rng.random()
        if bar_s is None:
            return 0
        if choice < 0.3:  # as generated music begins: with everyone that the prompt names
            return min(round(self.pieces.full_bar(index) * bar_s * self.frame_rate), last)
        if choice < 0.8:
            bars = int(last / self.frame_rate / bar_s)
            return round(float(rng.integers(bars + 1)) * bar_s * self.frame_rate)
        return int(rng.integers(last + 1))

    def _rest_drums(self, score: Rows, index: int, start: int) -> None:
        """Say “without drums” where an intro or a break has none."""
        for bars in self.pieces.drumless_bars(index):
            score[DRUMS_ROWS, self._within(bars, index, start)] = np.array([[0.0], [1.0]])

    def _players(self, index: int, start: int) -> Rows:
        """`ensemble` of the crop: its style, and each instrument in the bars where it plays."""
        pieces, playing = self.pieces, self.pieces.players(index)
        told = Score(style=pieces.style(index), instruments=tuple(playing))
        rows = ensemble(told, self.training.crop_frames)
        if pieces.is_loop(index):  # everyone plays, round after round
            return rows
        for name, parts in playing.items():
            sounds = np.any([self._within(bars, index, start) for bars in parts], axis=0)
            rows[program_row(name)] = sounds
        return rows

    def _within(self, bars: range, index: int, start: int) -> NDArray[np.bool_]:
        """Which frames of the crop lie in these bars; all where the piece has none."""
        crop, bar_s = self.training.crop_frames, self.pieces.score(index).seconds_per_bar
        if bar_s is None:
            return np.ones(crop, bool)
        time_s = (start + np.arange(crop) + 0.5) / self.frame_rate
        return (time_s >= bars.start * bar_s) & (time_s < bars.stop * bar_s)

    def _drop(self, score: Rows, players: Rows, keep: Tensor, rng: np.random.Generator) -> None:
        """Leave conditions out in place: nothing is known where a row or token is silent."""
        training = self.training
        everything = rng.random() < training.drop_all
        if everything or rng.random() < training.drop_text:
            keep[:] = False
        for rows, part, share in (
            (score, RHYTHM_ROWS, training.drop_rhythm),
            (score, HARMONY_ROWS, training.drop_harmony),
            (score, DRUMS_ROWS, training.drop_drums),
            (score, STEM_ROWS, training.drop_stem),
            (score, LOOP_ROWS, training.drop_loop),
            (players, STYLE_ROWS, training.drop_style),
            (players, INSTRUMENT_ROWS, training.drop_instruments),
        ):
            if everything or rng.random() < share:
                rows[part] = 0


def even_parts(items: int, parts: int) -> list[slice]:
    """`items` in a row, dealt in order into `parts` whose sizes differ by one at most.

    Raises `ValueError` where a part would be empty.
    """
    if items < parts:
        raise ValueError(f"a batch of {items} cannot be shared by {parts}")
    bounds = [items * part // parts for part in range(parts + 1)]
    return [slice(a, b) for a, b in pairwise(bounds)]
