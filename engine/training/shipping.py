"""What becomes of a run: a model's folder, its latents' moments, a package to train elsewhere."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file
from tqdm import tqdm

from engine.codecs.house import HouseCodec
from engine.device import choose, prepare_process
from engine.errors import EngineError, InvalidRequest
from engine.models import house
from engine.models.folder import ModelFolder
from engine.models.house import HouseConfig, load_shards, save_model
from engine.models.registry import Registry
from engine.nets.build import Net
from engine.training.codec import CODEC_FILE
from engine.training.denoiser import HOUSE_UNET, trained
from engine.training.growth import grown
from engine.training.latents import load_codec
from engine.training.moments import SCALES, measure_moments, write_moments
from engine.training.networks import HOUSE_NETS
from engine.training.packed import read_weights
from engine.training.runs import Run, default_root
from engine.training.stages import (
    ADVERSARIAL,
    FIRST_SEED,
    PIECE_S,
    model_like,
    own_denoiser,
    require,
)

FP16 = 1e-3
"""How far apart the same number below 1 may be once it was stored."""
POST_TRAINED: dict[str, Any] = {"guidance": 3.5, "guidance_rescale": 0.0}
"""How a model is asked whose answers are fuller already."""


def pack_stage(
    folder: Path | None, out: Path, pieces: int, python: str, wheels: bool, net: str = "unet"
) -> int:
    """Pack what the denoiser's training needs, with the run's codec; returns the bytes."""
    from engine.training.pack import pack

    codec = (folder or default_root()) / "codec" / CODEC_FILE
    require(codec, "The codec is not trained yet.", "Run: undertone train codec")
    return pack(codec, out, pieces, FIRST_SEED, PIECE_S, python, wheels, HOUSE_NETS[net])


def export_stage(
    folder: Path | None,
    out: Path,
    weights: Path | None,
    net: str = "unet",
    adversarial: bool = False,
    halfway_to: str | None = None,
) -> None:
    """Write the averaged weights and the codec as a model folder, fp16 in shards.

    `weights` is the folder that a packed run brought back; None takes the run's own
    denoiser, the network named `net`, or what became of the U-Net in `adversarial` training.
    With `halfway_to` the mean of those and that model's is written, of denoiser and codec, which
    keeps more of what a model could do before it was trained further (Wortsman et al. 2022,
    "Robust fine-tuning of zero-shot models"); it may have been told fewer rows. Raises
    `InvalidRequest` for one with other latents or of another size.
    """
    root = folder or default_root()
    codec_path = root / "codec" / CODEC_FILE
    require(codec_path, "The codec is not trained yet.", "Run: undertone train codec")
    codec = load_codec(codec_path)
    if weights is not None:
        kept = read_weights(weights, codec)
    else:
        kept = _post_trained(root) if adversarial else own_denoiser(root, net)
    codec = codec.narrowed(kept.config.in_channels)
    if halfway_to is not None:
        _move_halfway(kept, codec, halfway_to)
    settings = POST_TRAINED if adversarial else {}
    save_model(out, HouseConfig(kept.config, codec.config, **settings), kept, codec)


def moments_stage(model_id: str, prompts: int) -> None:
    """Measure the moments of a model's latents and write them into its folder, in place of others.

    Raises what `Registry.load` does.
    """
    prepare_process()
    registry, id = Registry.having(model_id)
    model, folder = registry.load(id, choose()), ModelFolder.open(registry.path(id))
    with tqdm(total=len(SCALES) * prompts, desc="moments") as bar:
        write_moments(folder, measure_moments(model, prompts, tick=bar.update))


@torch.no_grad()
def _move_halfway(net: Net, codec: HouseCodec, model_id: str) -> None:
    """Change the weights of both, in place."""
    model = model_like(net.config, model_id, "halfway-to")
    other_codec = load_file(model.path / house.CODEC_FILE)
    basis = other_codec["basis"].to(codec.basis)
    if basis.shape != codec.basis.shape or not torch.allclose(basis, codec.basis, atol=FP16):
        raise InvalidRequest(
            "halfway-to",
            f"The latents of “{model_id}” tell something else.",
            "Choose the model that this training began with.",
        )
    other_net = grown(load_shards(model.path, model.files), net.config)
    for part, other in ((net, other_net), (codec, other_codec)):
        for name, weight in part.state_dict().items():
            weight.lerp_(other[name].to(weight), 0.5)


def _post_trained(root: Path) -> Net:
    kept = trained(Run(root / ADVERSARIAL), HOUSE_UNET)
    if kept is None:
        remedy = "Run: undertone train adversarial"
        raise EngineError("There was no adversarial training yet.", remedy)
    return kept
