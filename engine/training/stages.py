"""The stages from nothing to the shipped weights, in one run folder.

run/codec      audio of the codec's pieces, checkpoint, codec.safetensors
run/latents    shards of encoded pieces
run/denoiser   checkpoint and log; run/denoiser-dit those of the other network
"""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

from torch import Tensor

from engine.codecs.house import HouseCodecConfig
from engine.device import choose, prepare_process
from engine.errors import EngineError, InvalidRequest
from engine.models import house
from engine.models.folder import ModelFolder
from engine.models.house import HouseConfig, load_shards, save_model
from engine.models.registry import Registry
from engine.nets.build import Net, NetConfig
from engine.training.codec import CODEC_FILE, CodecTraining, train_codec
from engine.training.denoiser import DenoiserTrainer, DenoiserTraining
from engine.training.latents import Shard, load_codec, load_pieces, make_shards
from engine.training.networks import HOUSE_NETS, run_name
from engine.training.packed import read_weights
from engine.training.runs import Run, default_root

PIECES = 4_096
PIECE_S = 24.0
FIRST_SEED = 2_000_000
WORKERS = 2


def codec_stage(folder: Path | None, minutes: float, steps: int | None, pieces: int | None) -> None:
    prepare_process()
    training = CodecTraining()
    training = replace(training, steps=steps or training.steps, pieces=pieces or training.pieces)
    run = Run((folder or default_root()) / "codec")
    train_codec(run, training, HouseCodecConfig(), minutes)


def latents_stage(folder: Path | None, pieces: int | None) -> list[Shard]:
    root = folder or default_root()
    codec = root / "codec" / CODEC_FILE
    _require(codec, "The codec is not trained yet.", "Run: undertone train codec")
    return make_shards(root / "latents", codec, pieces or PIECES, FIRST_SEED, PIECE_S, WORKERS)


def denoiser_stage(
    folder: Path | None,
    minutes: float,
    steps: int | None,
    pieces: int | None,
    start: str | None = None,
    peak_rate: float | None = None,
    net: str = "unet",
) -> None:
    """Make the latents that are missing, then train the network named `net` on them.

    `start` is the model whose codec and weights a new run begins with; it must be a house model
    of the same widths.
    """
    prepare_process()
    root = folder or default_root()
    weights = _take_over(start, root, HOUSE_NETS[net]) if start else None
    shards = latents_stage(root, pieces)
    training = DenoiserTraining()
    training = replace(
        training, steps=steps or training.steps, peak_rate=peak_rate or training.peak_rate
    )
    codec = load_codec(root / "codec" / CODEC_FILE)
    trainer = DenoiserTrainer(Run(root / run_name(net)), training, HOUSE_NETS[net], choose())
    if weights is not None:
        trainer.start_from(weights)
    trainer.train(load_pieces(shards), codec.sample_rate / codec.hop, minutes)


def _take_over(model_id: str, root: Path, wanted: NetConfig) -> dict[str, Tensor]:
    """A model's denoiser; its codec goes into the run, unless one is there already."""
    model = ModelFolder.open(Registry.default().path(model_id))
    model.check_hashes()
    if type(house.read_config(model).net) is not type(wanted):
        raise InvalidRequest(
            "from",
            f"The model “{model_id}” has a network of another kind.",
            "Give the --net that it was trained with, or no --from.",
        )
    codec = root / "codec" / CODEC_FILE
    if not codec.exists():
        codec.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(model.path / house.CODEC_FILE, codec)
    return load_shards(model.path, model.files)


def pack_stage(
    folder: Path | None, out: Path, pieces: int, python: str, wheels: bool, net: str = "unet"
) -> int:
    """Pack what the denoiser's training needs, with the run's codec; returns the bytes."""
    from engine.training.pack import pack

    codec = (folder or default_root()) / "codec" / CODEC_FILE
    _require(codec, "The codec is not trained yet.", "Run: undertone train codec")
    return pack(codec, out, pieces, FIRST_SEED, PIECE_S, python, wheels, HOUSE_NETS[net])


def export_stage(folder: Path | None, out: Path, weights: Path | None, net: str = "unet") -> None:
    """Write the averaged weights and the codec as a model folder, fp16 in shards.

    `weights` is the folder that a packed run brought back; None takes the run's own
    denoiser, the network named `net`.
    """
    root = folder or default_root()
    codec_path = root / "codec" / CODEC_FILE
    _require(codec_path, "The codec is not trained yet.", "Run: undertone train codec")
    codec = load_codec(codec_path)
    trained = _own_denoiser(root, net) if weights is None else read_weights(weights, codec)
    save_model(out, HouseConfig(trained.config), trained, codec)


def _own_denoiser(root: Path, net: str) -> Net:
    run = Run(root / run_name(net))
    remedy = f"Run: undertone train denoiser --net {net}"
    _require(run.checkpoint_path, "The denoiser is not trained yet.", remedy)
    return DenoiserTrainer(run, DenoiserTraining(), HOUSE_NETS[net], choose("cpu")).average


def _require(path: Path, message: str, remedy: str) -> None:
    if not path.exists():
        raise EngineError(message, remedy)
