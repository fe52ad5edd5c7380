"""Model folders: written, loaded, and refused in every way that they can be broken."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from engine.api import ModelInfo
from engine.codecs.house import HouseCodec
from engine.device import Device
from engine.errors import InvalidRequest, ModelUnavailable
from engine.models import house
from engine.models.folder import ModelFolder
from engine.models.plain import from_plain, to_plain
from engine.models.registry import SHIPPED_ROOT, Registry
from engine.models.told import over_channels, told_channels
from engine.nets.build import build
from engine.nets.unet import UNetConfig
from engine.score import Score
from engine.score_columns import SCORE_CHANNELS, ensemble
from tests.engine.tiny_model import CONFIG, DIT_CONFIG, write_tiny_model

CPU = Device("cpu", torch.float32)
SCORE = Score(tempo_bpm=120.0, beats_per_bar=4)


@pytest.fixture
def root(tiny_root: Path, tmp_path: Path) -> Path:
    """A copy of the tiny model that may be broken."""
    shutil.copytree(tiny_root, tmp_path / "models")
    return tmp_path / "models"


def problem(root: Path) -> ModelInfo:
    (info,) = Registry((root,)).models()
    return info


def test_a_config_survives_json() -> None:
    plain = json.loads(json.dumps(to_plain(CONFIG)))
    assert from_plain(house.HouseConfig, plain) == CONFIG
    limited = replace(CONFIG, guidance_interval=(1.0, 30.0))
    written = json.loads(json.dumps(to_plain(limited)))
    assert from_plain(house.HouseConfig, written) == limited
    with pytest.raises(ValueError, match="guidance_interval"):
        from_plain(house.HouseConfig, written | {"guidance_interval": ["much", 3]})
    with pytest.raises(ValueError, match="nonsense"):
        from_plain(house.HouseConfig, plain | {"nonsense": 1})
    with pytest.raises(ValueError, match="sigma_max: 'high' is not float"):
        from_plain(house.HouseConfig, plain | {"sigma_max": "high"})


def test_a_config_says_which_network_and_without_a_word_means_the_u_net() -> None:
    plain = json.loads(json.dumps(to_plain(DIT_CONFIG)))
    assert plain["net"]["kind"] == "DiTConfig"
    assert from_plain(house.HouseConfig, plain) == DIT_CONFIG
    older = json.loads(json.dumps(to_plain(CONFIG)))
    older["unet"] = older.pop("net")
    del older["unet"]["kind"]
    assert from_plain(house.HouseConfig, older) == CONFIG
    with pytest.raises(ValueError, match="net: 'RNN' is none of UNetConfig, DiTConfig"):
        from_plain(house.HouseConfig, plain | {"net": {"kind": "RNN"}})


def test_the_shipped_config_is_still_read() -> None:
    config = house.read_config(ModelFolder.open(SHIPPED_ROOT / "house"))
    assert isinstance(config.net, UNetConfig)
    assert config.net.channels == (192, 320, 384)


@pytest.mark.parametrize("config", [CONFIG, DIT_CONFIG], ids=["U-Net", "DiT"])
def test_a_model_computes_after_loading_what_it_did_before_saving(
    config: house.HouseConfig, tmp_path: Path
) -> None:
    torch.manual_seed(1)
    net, codec = build(config.net), HouseCodec(config.codec)
    net.half().float()  # the shards' precision
    house.save_model(tmp_path / "own", config, net, codec)
    loaded = Registry((tmp_path,)).load("own", CPU)
    inputs = config.net.fake_inputs(2, 24)
    expected = net.eval()(*inputs)
    torch.testing.assert_close(loaded.denoiser.net(*inputs), expected)


def test_shards_keep_within_their_size_and_old_ones_go(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(house, "SHARD_BYTES", 60_000)
    path = write_tiny_model(tmp_path)
    shards = sorted(path.glob("denoiser-*.safetensors"))
    assert len(shards) > 2
    assert all(shard.stat().st_size < 60_000 + 8_000 for shard in shards)  # data and header
    assert Registry((tmp_path,)).load("house", CPU)
    monkeypatch.setattr(house, "SHARD_BYTES", 2**20)
    write_tiny_model(tmp_path)
    assert len(list(path.glob("denoiser-*.safetensors"))) == 1


def test_weights_that_the_file_cannot_hold_are_refused(tmp_path: Path) -> None:
    net = build(CONFIG.net)
    with torch.no_grad():
        net.output.weight.fill_(1e6)
    with pytest.raises(ValueError, match=r"output\.weight"):
        house.save_model(tmp_path / "own", CONFIG, net, HouseCodec(CONFIG.codec))


def test_a_missing_model_is_listed_with_its_problem(tmp_path: Path) -> None:
    info = problem(tmp_path)
    assert info.id == "house"
    assert "is not there" in info.problem


@pytest.mark.parametrize("name", ["denoiser-00001.safetensors", "codec.safetensors"])
def test_missing_and_truncated_weights_are_seen_without_reading_them(root: Path, name: str) -> None:
    weights = root / "house" / name
    weights.write_bytes(weights.read_bytes()[:-100])
    assert f"{name} has" in problem(root).problem
    weights.unlink()
    assert f"{name} is missing" in problem(root).problem
    with pytest.raises(ModelUnavailable) as refused:
        Registry((root,)).load("house", CPU)
    assert refused.value.remedy


@pytest.mark.parametrize("name", ["denoiser-00001.safetensors", "codec.safetensors"])
def test_one_changed_byte_is_found_when_loading(root: Path, name: str) -> None:
    weights = root / "house" / name
    data = bytearray(weights.read_bytes())
    data[-1] ^= 1
    weights.write_bytes(data)
    assert not problem(root).problem
    with pytest.raises(ModelUnavailable, match="checksum"):
        Registry((root,)).load("house", CPU)


@pytest.mark.parametrize(
    "damage",
    [
        lambda config: "{",
        lambda config: "[]",
        lambda config: json.dumps(config | {"format": 99}),
        lambda config: json.dumps(config | {"files": {"codec.safetensors": {}}}),
        lambda config: json.dumps({k: v for k, v in config.items() if k != "files"}),
        lambda config: json.dumps(config | {"sampler": "magic"}),
        lambda config: json.dumps(config | {"guidance_interval": [5, 1]}),
        lambda config: json.dumps(config | {"guidance_interval": "much"}),
        lambda config: json.dumps(config | {"guidance_rescale": 2}),
        lambda config: json.dumps(config | {"guidance_rescale": "much"}),
        lambda config: json.dumps(config | {"family": "martian"}),
        lambda config: json.dumps(config | {"net": config["net"] | {"channels": [64, 32]}}),
        lambda config: json.dumps(config | {"net": config["net"] | {"concat_channels": 3}}),
    ],
)
def test_a_damaged_config_is_an_error_with_a_remedy(root: Path, damage) -> None:  # type: ignore[no-untyped-def]
    path = root / "house" / "config.json"
    path.write_text(damage(json.loads(path.read_text())))
    with pytest.raises(ModelUnavailable) as refused:
        Registry((root,)).load("house", CPU)
    assert refused.value.remedy


def test_an_unknown_model_is_the_requests_fault(root: Path) -> None:
    with pytest.raises(InvalidRequest, match="no model “fortress”") as refused:
        Registry((root,)).load("fortress", CPU)
    assert "house" in refused.value.remedy


def test_the_first_root_wins_and_every_root_counts(root: Path, tmp_path: Path) -> None:
    write_tiny_model(tmp_path / "own", "house", title="Mine")
    write_tiny_model(tmp_path / "own", "another")
    models = {info.id: info.title for info in Registry((tmp_path / "own", root)).models()}
    assert models == {"house": "Mine", "another": "Tiny"}


def test_guidance_leads_away_from_no_prompt_or_from_the_negative_one(
    tiny_registry: Registry,
) -> None:
    model = tiny_registry.load("house", CPU)
    told, away = model.conditioning("slow jazz", "", SCORE, 10)
    assert told.context is not None
    assert told.context.shape == (1, 4, 384)
    assert told.concat is not None
    assert told.concat.shape == (1, told_channels(16), 10)
    assert away.context is None
    assert away.concat is None
    _, away = model.conditioning("slow jazz", "heavy metal", SCORE, 10)
    assert away.context is not None


def test_the_network_hears_prompts_in_plain_words_unless_it_is_told_not_to(tmp_path: Path) -> None:
    for restate in (True, False):
        write_tiny_model(tmp_path, restate=restate)
        model = Registry((tmp_path,)).load("house", CPU)
        typed, _ = model.conditioning("some chillhop, please", "", SCORE, 10)
        plain, _ = model.conditioning("lo-fi hip hop", "", SCORE, 10)
        assert typed.context is not None
        assert plain.context is not None
        assert torch.equal(typed.context, plain.context) == restate


def test_the_score_may_stay_on_both_sides_of_guidance(tmp_path: Path) -> None:
    write_tiny_model(tmp_path, guide_score=False)
    told, away = Registry((tmp_path,)).load("house", CPU).conditioning("jazz", "", SCORE, 10)
    assert told.concat is not None
    assert away.concat is not None
    assert torch.equal(told.concat, away.concat)


def test_a_network_that_does_not_fit_the_codec_is_refused() -> None:
    with pytest.raises(ValueError, match="takes 16 channels, the codec makes 24"):
        replace(CONFIG, codec=replace(CONFIG.codec, latent_channels=24))
    with pytest.raises(ValueError, match=f"hears {SCORE_CHANNELS + 1} rows beside"):
        replace(CONFIG, net=replace(CONFIG.net, concat_channels=SCORE_CHANNELS + 1))


def test_a_network_that_hears_the_ensemble_is_told_style_and_players(tmp_path: Path) -> None:
    write_tiny_model(tmp_path)
    write_tiny_model(tmp_path, "older", net=replace(CONFIG.net, concat_channels=over_channels(16)))
    score = replace(SCORE, style="jazz", instruments=("piano", "upright bass"))
    registry = Registry((tmp_path,))
    heard = [
        registry.load(id, CPU).conditioning("x", "", score, 10)[0] for id in ("house", "older")
    ]
    new, old = (each.concat for each in heard)
    assert new is not None
    assert old is not None
    assert torch.equal(new[:, : old.shape[1]], old)
    np.testing.assert_array_equal(new[0, old.shape[1] :], ensemble(score, 10))


def test_a_network_older_than_a_row_of_the_score_hears_the_others(tmp_path: Path) -> None:
    write_tiny_model(tmp_path, net=replace(CONFIG.net, concat_channels=48))
    model = Registry((tmp_path,)).load("house", CPU)
    told, _ = model.conditioning("jazz", "", replace(SCORE, drums=True), 10)
    assert told.concat is not None
    assert told.concat.shape == (1, 48, 10)
