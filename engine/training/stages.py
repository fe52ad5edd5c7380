"""The stages from nothing to the shipped weights, in one run folder.

run/codec      audio of the codec's pieces, checkpoint, codec.safetensors
run/latents    shards of encoded pieces
run/denoiser   checkpoint and log; run/denoiser-dit those of the other network
run/adversarial  the same of the denoiser's post-training
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from safetensors.torch import load_file
from torch import Tensor

from engine.codecs.house import HouseCodecConfig
from engine.device import choose, prepare_process
from engine.errors import EngineError, InvalidRequest
from engine.models import house
from engine.models.folder import ModelFolder
from engine.models.house import load_shards
from engine.models.registry import Registry
from engine.nets.build import Net, NetConfig
from engine.training.adversarial import AdversarialTrainer, AdversarialTraining
from engine.training.batches import DenoiserTraining
from engine.training.codec import CODEC_FILE, HOUSE_CODEC, CodecTraining, train_codec
from engine.training.denoiser import HOUSE_UNET, DenoiserTrainer, check_batch, trained
from engine.training.latents import (
    PROMPTS_PER_PIECE,
    Shard,
    load_codec,
    load_pieces,
    make_shards,
    plan_shards,
)
from engine.training.networks import HOUSE_NETS, run_name
from engine.training.processes import launch, launched
from engine.training.rewording import reworded
from engine.training.runs import Run, default_root

PIECES = 4_096
PIECE_S = 24.0
FIRST_SEED = 2_000_000
WORKERS = 2
ADVERSARIAL = "adversarial"


@dataclass(frozen=True)
class Music:
    """What a denoiser learns from: `pieces` from each of the seeds on, each with its prompts."""

    pieces: int = PIECES
    first_seeds: tuple[int, ...] = (FIRST_SEED,)
    prompts: int = PROMPTS_PER_PIECE


def codec_stage(
    folder: Path | None,
    minutes: float,
    steps: int | None,
    pieces: int | None,
    start: str | None = None,
    rate: float | None = None,
    latents: int | None = None,
) -> None:
    """`start` is the model whose codec a new run goes on training; its latents stay as they are.

    A judge listens to it from the first step, and to one that begins with nothing in the second
    half.
    """
    prepare_process()
    config, weights, training = HOUSE_CODEC, None, CodecTraining()
    if start is not None:
        own, weights = _codec_of(start, latents)
        training = replace(training, judged_share=1.0)
        if latents == own.latent_channels:  # a denoiser makes them all
            config, training = own, replace(training, narrow_share=0.0)
    training = replace(
        training,
        steps=steps or training.steps,
        pieces=pieces or training.pieces,
        peak_rate=rate or training.peak_rate,
    )
    config = replace(config, latent_channels=latents or config.latent_channels)
    train_codec(Run((folder or default_root()) / "codec"), training, config, minutes, weights)


def _codec_of(word: str, latents: int | None) -> tuple[HouseCodecConfig, dict[str, Tensor]]:
    """The codec of the model of this name or folder; `InvalidRequest` for fewer `latents`."""
    model = _opened(word)
    own = house.read_config(model).codec
    if latents is not None and latents < own.latent_channels:
        raise InvalidRequest(
            "latents",
            f"The codec of “{word}” has {own.latent_channels}, and keeps them.",
            "Ask for as many or more.",
        )
    return own, load_file(model.path / house.CODEC_FILE)


def _opened(word: str) -> ModelFolder:
    """The model of this name or folder, its files as they were written."""
    registry, id = Registry.having(word)
    model = ModelFolder.open(registry.path(id))
    model.check_hashes()
    return model


def latents_stage(folder: Path | None, music: Music) -> list[Shard]:
    root = folder or default_root()
    codec = root / "codec" / CODEC_FILE
    require(codec, "The codec is not trained yet.", "Run: undertone train codec")
    made = (
        make_shards(root / "latents", codec, music.pieces, seed, PIECE_S, WORKERS)
        for seed in music.first_seeds
    )
    return [shard for shards in made for shard in shards]


def denoiser_stage(
    folder: Path | None,
    minutes: float,
    music: Music,
    start: str | None = None,
    processes: int = 1,
    shard: bool = False,
    net: str = "unet",
    **settings: float | None,
) -> None:
    """Make the latents that are missing, then train the network named `net` on them.

    `processes` are started here. Where a launcher has started them, it decided their number, and
    the latents must be there.
    `start` is the model whose codec and weights a new run begins with; it must be a house model
    of the same widths. `settings` are those of `DenoiserTraining`; None leaves one as it is.
    """
    training = replace(DenoiserTraining(), **given(settings))
    check_batch(training, processes)
    root = folder or default_root()
    weights = _take_over(start, root, HOUSE_NETS[net]) if start else None
    made = _finished_latents if launched() else latents_stage
    told = root, net, made(root, music), music.prompts, training, weights, shard, minutes
    if processes > 1 and not launched():
        launch(_train_denoiser, processes, *told)
    else:
        _train_denoiser(*told)


def adversarial_stage(
    folder: Path | None,
    minutes: float,
    music: Music,
    start: str | None = None,
    **settings: float | None,
) -> None:
    """Post-train the run's own U-Net, or the one of the model `start`, on the same latents."""
    prepare_process()
    root = folder or default_root()
    weights = (
        _take_over(start, root, HOUSE_UNET) if start else own_denoiser(root, "unet").state_dict()
    )
    training = replace(AdversarialTraining(), **given(settings))
    trainer = AdversarialTrainer(Run(root / ADVERSARIAL), training, HOUSE_UNET, choose())
    trainer.start_from(weights)
    _learn(trainer, latents_stage(root, music), music.prompts, root, minutes)


def given(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Those of the settings that are not left as they are."""
    return {name: value for name, value in settings.items() if value is not None}


def _learn(
    trainer: DenoiserTrainer, shards: list[Shard], prompts: int, root: Path, minutes: float
) -> None:
    codec = load_codec(root / "codec" / CODEC_FILE)
    pieces = load_pieces(shards, trainer.config.in_channels)
    if prompts > pieces.prompts:
        from engine.text.minilm import MiniLM

        pieces = reworded(pieces, prompts, PIECE_S, MiniLM.load(trainer.device))
    trainer.train(pieces, codec.sample_rate / codec.hop, minutes)


def _train_denoiser(
    root: Path,
    net: str,
    shards: list[Shard],
    prompts: int,
    training: DenoiserTraining,
    weights: dict[str, Tensor] | None,
    shard: bool,
    minutes: float,
) -> None:
    """What each process does."""
    prepare_process()
    device = choose()
    run = Run(root / run_name(net))
    trainer = DenoiserTrainer(run, training, HOUSE_NETS[net], device, shard)
    if weights is not None:
        trainer.start_from(weights)
    _learn(trainer, shards, prompts, root, minutes)


def _finished_latents(root: Path, music: Music) -> list[Shard]:
    """All shards, which must be there: several processes would make each several times."""
    codec = root / "codec" / CODEC_FILE
    planned = (
        plan_shards(root / "latents", codec, music.pieces, seed, PIECE_S)
        for seed in music.first_seeds
    )
    shards = [shard for some in planned for shard in some]
    if not all(shard.done for shard in shards):
        raise EngineError(
            "The latents are not all made yet, which one process must do.",
            "Run once, without a launcher: undertone train latents",
        )
    return shards


def _take_over(model_id: str, root: Path, wanted: NetConfig) -> dict[str, Tensor]:
    """A model's denoiser; its codec goes into the run, unless one is there already."""
    model = model_like(wanted, model_id, "from", same_size=False)
    codec = root / "codec" / CODEC_FILE
    if not codec.exists():
        codec.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(model.path / house.CODEC_FILE, codec)
    return load_shards(model.path, model.files)


def model_like(wanted: NetConfig, model_id: str, field: str, same_size: bool = True) -> ModelFolder:
    """The model of this name or folder, its network of the kind `wanted`, as large where asked.

    One as large may have been told fewer rows.
    """
    model = _opened(model_id)
    found = house.read_config(model).net
    if type(found) is not type(wanted):
        raise InvalidRequest(
            field,
            f"The model “{model_id}” has a network of another kind.",
            f"Give the --net that it was trained with, or no --{field}.",
        )
    fewer = found.concat_channels <= wanted.concat_channels
    alike = replace(found, concat_channels=wanted.concat_channels) == wanted
    if same_size and not (fewer and alike):
        raise InvalidRequest(
            field, f"The model “{model_id}” has a network of another size.", "Choose another model."
        )
    return model


def own_denoiser(root: Path, net: str) -> Net:
    kept = trained(Run(root / run_name(net)), HOUSE_NETS[net])
    if kept is None:
        remedy = f"Run: undertone train denoiser --net {net}"
        raise EngineError("The denoiser is not trained yet.", remedy)
    return kept


def require(path: Path, message: str, remedy: str) -> None:
    if not path.exists():
        raise EngineError(message, remedy)
