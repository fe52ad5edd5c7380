"""What a codec leaves of a piece: of the same length, about as loud, and the same music."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from engine.device import choose
from engine.models.base import Model
from engine.models.registry import Registry
from engine.training.corpus.clips import clip_for
from engine.training.latents import HEADROOM_DB
from engine.training.listening import studio
from engine.training.listening.heard import SAMPLE_RATE, Sound, hear
from engine.training.listening.studio import coded, through


@pytest.fixture(scope="module")
def house() -> Model:
    return Registry.default().load("house", choose("cpu"))


@pytest.fixture(scope="module")
def arpeggio() -> Sound:
    """Plucked notes, a quarter of a second each, left of the middle."""
    time_s = np.arange(SAMPLE_RATE // 4) / SAMPLE_RATE
    notes = [np.exp(-6 * time_s) * np.sin(2 * np.pi * hz * time_s) for hz in (220, 330, 440, 550)]
    one = 0.4 * np.concatenate(notes * 2)
    return np.stack([one, 0.5 * one], axis=1).astype(np.float32)


@pytest.mark.parametrize("loop", [False, True])
def test_a_codec_keeps_length_loudness_and_music(house: Model, arpeggio: Sound, loop: bool) -> None:
    found = through(house.codec, arpeggio, loop)
    assert found.shape == arpeggio.shape
    rms_db = [10 * np.log10(np.square(each).mean()) for each in (arpeggio, found)]
    assert rms_db[0] - rms_db[1] == pytest.approx(HEADROOM_DB, abs=1)
    pictures = [hear(each).picture.astype(np.float64).ravel() for each in (arpeggio, found)]
    heard = [np.maximum(each, each.max() - 50) for each in pictures]  # dB
    assert np.corrcoef(heard)[0, 1] > 0.9


def test_every_piece_is_coded_and_keeps_its_score(
    house: Model, arpeggio: Sound, monkeypatch: pytest.MonkeyPatch
) -> None:
    pieces, ticks = [clip_for(seed, 2.0) for seed in (1, 2)], list[int]()
    monkeypatch.setattr(studio, "_renderer", lambda: SimpleNamespace(render=lambda _: arpeggio))
    made = coded(pieces, house.codec, lambda: ticks.append(1))
    assert [each.score for each in made] == [piece.score for piece in pieces]
    assert len(ticks) == 2
    assert {each.heard.frames for each in made} == {len(arpeggio)}
