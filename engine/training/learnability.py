"""`undertone train learnability`: which latents a small denoiser makes the most of.

Latents that tell more keep more of a sound, and ask more of the network that is to dream them up.
The first N of a codec's are a codec of their own, so one run's latents serve every candidate: the
same small network, the same steps, and then `undertone evaluate`, which hears what comes out.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from engine.codecs.house import HouseCodec
from engine.device import Device, choose, prepare_process
from engine.errors import InvalidRequest
from engine.models.house import HouseConfig, save_model
from engine.training.batches import DenoiserTraining
from engine.training.codec import CODEC_FILE
from engine.training.denoiser import DenoiserTrainer
from engine.training.latents import load_codec, load_pieces, made_shards
from engine.training.networks import small_unet
from engine.training.pieces import Pieces
from engine.training.runs import Run, default_root
from engine.training.stages import PIECE_S

FOLDER = "learnability"


def learnability_stage(
    folder: Path | None,
    latents: Sequence[int],
    steps: int,
    minutes: float,
    pieces: int | None,
) -> list[Path]:
    """A model folder for each count of `latents`; less where `minutes` were not enough.

    `minutes` are each candidate's. The same call goes on. Raises `InvalidRequest` for more latents
    than the codec has, and `EngineError` where none are made yet.
    """
    prepare_process()
    root = folder or default_root()
    codec_path = root / "codec" / CODEC_FILE
    made = made_shards(root / "latents", codec_path, PIECE_S, pieces)
    codec, heard, device = load_codec(codec_path), load_pieces(made), choose()
    if max(latents) > codec.latent_channels:
        raise InvalidRequest(
            "latents",
            f"The codec has {codec.latent_channels} latents, not {max(latents)}.",
            f"Give numbers up to {codec.latent_channels}.",
        )
    training = DenoiserTraining(steps=steps)
    found = (
        _candidate(root / FOLDER / str(count), codec.narrowed(count), heard.narrowed(count),
                   training, device, minutes)
        for count in latents
    )  # fmt: skip
    return [path for path in found if path is not None]


def _candidate(
    folder: Path,
    codec: HouseCodec,
    pieces: Pieces,
    training: DenoiserTraining,
    device: Device,
    minutes: float,
) -> Path | None:
    """Train and write one model; None where the time was not enough."""
    config = small_unet(codec.latent_channels)
    trainer = DenoiserTrainer(Run(folder), training, config, device)
    net = trainer.train(pieces, codec.sample_rate / codec.hop, minutes)
    if trainer.step < training.steps:
        return None
    model = folder / "model"
    house = HouseConfig(config, codec.config, title=f"{codec.latent_channels} latents")
    save_model(model, house, net, codec)
    return model
