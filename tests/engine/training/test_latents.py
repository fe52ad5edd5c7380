"""The corpus as latents: shards that survive interruption, made again only where missing."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from engine.device import Device
from engine.score import Score
from engine.text.minilm import MiniLM
from engine.training import latents
from engine.training.corpus.composer import compose
from engine.training.corpus.dataset import render_seed
from engine.training.latents import (
    PROJECTION,
    PROMPTS_PER_PIECE,
    TOKENS,
    Shard,
    load_pieces,
    load_projection,
    make_shards,
    piece_prompts,
)
from engine.training.pieces import score_from_json
from engine.training.rewording import reworded
from tests.engine.training.tiny_training import CHANNELS, fitted_codec

SEEDS = (50, 51)
PIECE_S = 1.5

pytestmark = pytest.mark.xdist_group("latents")  # one worker makes what all share


@pytest.fixture(scope="module")
def shard(tmp_path_factory: pytest.TempPathFactory) -> Shard:
    """Two pieces, encoded by a small codec."""
    folder = tmp_path_factory.mktemp("latents")
    save_file(fitted_codec().state_dict(), folder / "codec.safetensors")
    shard = Shard(folder / "50.safetensors", SEEDS, PIECE_S, folder / "codec.safetensors")
    assert not shard.done
    latents._make_shard(shard)
    return shard


def test_a_shard_holds_what_its_seeds_say(shard: Shard) -> None:
    assert shard.done
    pieces = load_pieces([shard])
    frames = fitted_codec().frames(round(PIECE_S * 44_100))
    assert pieces.latents.shape == (2, CHANNELS, frames)
    assert pieces.tokens.shape == (2, PROMPTS_PER_PIECE, TOKENS, 384)
    for index, seed in enumerate(SEEDS):
        piece, audio = render_seed(seed, PIECE_S)
        assert pieces.score(index) == piece.told
        assert pieces.truths[index]["prompts"] == piece_prompts(piece)
        quieter = torch.from_numpy(audio.T) * 10 ** (-3 / 20)
        expected = fitted_codec().encode(quieter[None])[0]
        torch.testing.assert_close(pieces.latents[index].float(), expected, atol=0.01, rtol=0.01)


def test_truths_tell_stem_loop_and_form(shard: Shard) -> None:
    pieces = load_pieces([shard])
    for index, seed in enumerate(SEEDS):
        piece, _ = render_seed(seed, PIECE_S)
        assert (pieces.stem(index), pieces.is_loop(index)) == (piece.stem, piece.loop)
        assert pieces.full_bar(index) == 0
        assert pieces.drumless_bars(index) == []
    formed = {
        "drums": True,
        "parts": {"drums": "drums", "pad": "strings"},
        "sections": [
            {"first_bar": 0, "bars": 4, "roles": ["pad"]},
            {"first_bar": 4, "bars": 8, "roles": ["drums", "pad"]},
        ],
    }
    told = replace(pieces, truths=[formed, {}])
    assert told.full_bar(0) == 4
    assert told.drumless_bars(0) == [range(4)]
    assert (told.stem(1), told.is_loop(1), told.full_bar(1)) == ("mix", False, 0)


def test_token_states_end_where_the_lengths_say(shard: Shard) -> None:
    pieces = load_pieces([shard])
    counted = torch.arange(TOKENS) < pieces.lengths[..., None]
    assert (pieces.tokens.abs().sum(-1) > 0).equal(counted)


def test_the_first_latents_can_be_had_alone(shard: Shard) -> None:
    pieces, few = load_pieces([shard]), load_pieces([shard], 2)
    assert few.over is not None
    assert pieces.over is not None
    assert torch.equal(few.latents, pieces.latents[:, :2])
    assert torch.equal(few.over, pieces.over[:, :2])


def test_more_prompts_stand_beside_those_that_there_are(shard: Shard) -> None:
    pieces, text = load_pieces([shard]), MiniLM.load(Device("cpu", torch.float32))
    more = reworded(pieces, PROMPTS_PER_PIECE + 3, PIECE_S, text)
    assert (pieces.prompts, more.prompts) == (PROMPTS_PER_PIECE, PROMPTS_PER_PIECE + 3)
    assert torch.equal(more.tokens[:, :PROMPTS_PER_PIECE], pieces.tokens)
    assert torch.equal(more.tokens, reworded(pieces, more.prompts, PIECE_S, text).tokens)
    counted = torch.arange(TOKENS) < more.lengths[..., None]
    assert (more.tokens.abs().sum(-1) > 0).equal(counted)
    first, second = more.tokens[:, PROMPTS_PER_PIECE:].flatten(1)
    assert not torch.equal(first, second)
    assert reworded(pieces, PROMPTS_PER_PIECE, PIECE_S, text) is pieces


def test_what_is_done_is_not_made_again_and_what_was_cut_off_is(shard: Shard) -> None:
    folder, written = shard.path.parent, shard.path.stat().st_mtime_ns
    (again,) = make_shards(folder, shard.codec, len(SEEDS), SEEDS[0], PIECE_S, workers=1)
    assert again == shard
    assert shard.path.stat().st_mtime_ns == written
    truths = shard.truth_path.read_text()
    shard.truth_path.unlink()
    assert not shard.done
    shard.truth_path.write_text(truths)
    longer = Shard(shard.path, (*SEEDS, 52), PIECE_S, shard.codec)
    assert not longer.done


def test_encoding_needs_the_projection_alone(shard: Shard, tmp_path: Path) -> None:
    codec = fitted_codec()
    save_file({name: getattr(codec, name) for name in PROJECTION}, tmp_path / "part.safetensors")
    sound = 0.1 * torch.randn(1, 2, 10_000)
    part, whole = load_projection(tmp_path / "part.safetensors"), load_projection(shard.codec)
    assert torch.equal(part.encode(sound), codec.encode(sound))
    assert torch.equal(whole.encode(sound), codec.encode(sound))


def test_a_score_survives_json() -> None:
    from dataclasses import asdict

    for score in (compose(1, duration_s=1.0).score, Score(), Score(tempo_bpm=90.0)):
        assert score_from_json(asdict(score)) == score
