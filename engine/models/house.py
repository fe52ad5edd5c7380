"""The house model: MiniLM, a network with the score concatenated, and the house codec.

Its folder holds `config.json`, the codec's weights, and the network's in shards small enough for
any place that keeps a repository. Training writes it by `save_model`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatch
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from engine.api import ModelInfo, SamplerName, ScheduleName
from engine.codecs.house import HouseCodec, HouseCodecConfig
from engine.device import Device, is_out_of_memory
from engine.diffusion.parameterisation import Denoiser, Parameterisation
from engine.errors import InvalidRequest, ModelUnavailable
from engine.models.folder import ModelFolder, write_config
from engine.models.moments import MOMENTS_FILE, Moments
from engine.models.plain import FORMERLY, from_plain, to_plain
from engine.models.told import over_channels, over_rows, told_channels
from engine.nets.build import Net, NetConfig, build
from engine.nets.conditioning import Conditioning
from engine.nets.inference import ready
from engine.nets.layers import make_circular
from engine.nets.unet import UNetConfig
from engine.restating import restated
from engine.sampling import SIGMA
from engine.score import Score, Stem
from engine.score_columns import SCORE_CHANNELS, STEM_ROWS, columns, ensemble
from engine.text.minilm import MiniLM

FAMILY = "house"
SHARD_BYTES = 15 * 2**20
CODEC_FILE = "codec.safetensors"
_SHARD = "denoiser-{}.safetensors"
_NOT_SETTINGS = {"format", "family", "files", "sample_rate", "channels"}


@dataclass(frozen=True)
class HouseConfig:
    """All that is not a weight. The noise levels are in units of the (unit-variance) latents."""

    net: NetConfig = field(metadata={FORMERLY: "unet"})
    codec: HouseCodecConfig = field(default_factory=HouseCodecConfig)
    title: str = "House"
    licence: str = "MIT"
    parameterisation: Parameterisation = Parameterisation.V
    sigma_data: float = 1.0
    sigma_min: float = 0.06
    """The last step but one. 0.02 took a step of 8 for what cannot be heard: the latents of 8
    steps were 0.13 of their norm from those of 64, with this one 0.10; of 25, 0.015 and 0.013."""
    sigma_max: float = 80.0
    steps: int = 25
    guidance: float = 3.0
    guidance_interval: tuple[float, float] | None = (1.0, SIGMA[1])
    """Below, guidance takes a fifth of the network's time, and `evaluate choices` hears nothing
    lost without it."""
    guidance_rescale: float = 0.7
    """Plain guidance makes silences deeper and attacks harder than the renders'. Rescaled, clips
    are nearer to them by Fréchet distance, a little further off the grid, and styles no surer."""
    sampler: SamplerName = SamplerName.UNIPC
    schedule: ScheduleName = ScheduleName.EXPONENTIAL
    guide_score: bool = True
    """Whether guidance acts on the score too: its other side is then without a score."""
    restate: bool = True
    """Whether the network hears prompts in plain words, see `engine.restating`."""

    def __post_init__(self) -> None:
        if self.net.in_channels != self.codec.latent_channels:
            raise ValueError(
                f"the network takes {self.net.in_channels} channels, "
                f"the codec makes {self.codec.latent_channels}"
            )
        rows, latents = self.net.concat_channels, self.codec.latent_channels
        whole = over_channels(latents), told_channels(latents)
        if rows > SCORE_CHANNELS and rows not in whole:
            raise ValueError(
                f"the network hears {rows} rows beside the latents: there are {SCORE_CHANNELS} of "
                f"the score, {whole[0]} with an accompaniment, {whole[1]} with the ensemble"
            )

    @property
    def hears_over(self) -> bool:
        """Whether the network was trained to fit an accompaniment."""
        return self.net.concat_channels >= over_channels(self.codec.latent_channels)


class HouseModel:
    """Implements `engine.models.base.Model`."""

    def __init__(
        self,
        info: ModelInfo,
        config: HouseConfig,
        net: Net,
        codec: HouseCodec,
        text: MiniLM,
        device: Device,
        moments: Moments | None = None,
    ) -> None:
        self.info = info
        self.bytes_a_second = info.bytes_a_second
        self.device = device
        self.codec = codec.eval().requires_grad_(False).to(device.torch)
        self.sigma_range = (config.sigma_min, config.sigma_max)
        self._net = ready(net, device)
        self.denoiser = Denoiser(self._net, config.parameterisation, config.sigma_data)
        self._text = text
        self._moments = moments
        self._guide_score = config.guide_score
        self._restates = config.restate
        self._rows = config.net.concat_channels
        self._hears_over = config.hears_over
        self.loop_frames = loop_frames(config.net)

    def turn_around(self, loop: bool) -> None:
        make_circular(self._net, loop)

    def conditioning(
        self,
        prompt: str,
        negative_prompt: str,
        score: Score,
        frames: int,
        over: Tensor | None = None,
    ) -> tuple[Conditioning, Conditioning]:
        """The other side of guidance has the negative prompt's tokens; without one, no token.

        It has the accompaniment too: guidance is to make the music more like what is asked for,
        not louder in its answer. A network trained before there were the last rows hears the
        first ones.
        """
        if over is not None and not self._hears_over:
            raise InvalidRequest(
                "over",
                f"The model “{self.info.title}” cannot write over other sound.",
                "Choose another model, or take the sound away.",
            )
        beside = over_rows(None if over is None else over[0], self.codec.latent_channels, frames)
        rows, away = self._concat(score, frames, beside), None
        if over is not None or not self._guide_score:
            away = self._concat(Score(), frames, beside) if self._guide_score else rows
        told = restated(prompt, score) if self._restates else prompt
        return self._told(told, rows), self._told(negative_prompt, away)

    def _score_rows(self, score: Score, frames: int) -> Tensor:
        """(SCORE_CHANNELS, frames); a loop's frames stand as close as its length asks for."""
        frame_rate, haste = self.codec.sample_rate / self.codec.hop, 1.0
        if score.loop_s is not None:
            haste = frames / frame_rate / score.loop_s
            frame_rate *= haste
        rows = columns(score, frames, frame_rate, haste=haste)
        return torch.from_numpy(rows).to(self.device.torch)

    def _concat(self, score: Score, frames: int, over: Tensor) -> Tensor:
        """(1, rows, frames): as many rows of `engine.models.told` as the network hears."""
        rows = self._score_rows(score, frames)
        players = torch.from_numpy(ensemble(score, frames)).to(rows)
        return torch.cat([rows, over.to(rows), players])[None, : self._rows]

    def _told(self, text: str, concat: Tensor | None) -> Conditioning:
        if not text.strip():
            return Conditioning(concat=concat)
        tokens = self._text.encode([text])
        return Conditioning(tokens.states, tokens.mask, concat)

    def finished(self, latents: Tensor, guidance: float) -> Tensor:
        return self._moments.matched(latents, guidance) if self._moments else latents

    def notices(self, prompt: str, negative_prompt: str, score: Score) -> tuple[str, ...]:
        said = self._text.read(prompt).notices()
        about_negative = self._text.read(negative_prompt).notices() if negative_prompt else ()
        about_score = self._about(score)
        return (
            *said, *(f"In the negative prompt: {each}" for each in about_negative), *about_score
        )  # fmt: skip

    def _about(self, score: Score) -> Iterator[str]:
        if self._rows < STEM_ROWS.stop and score.stem not in (None, Stem.MIX):
            yield "This model knows of stems only what the prompt says."


def loop_frames(net: NetConfig) -> int:
    """What a loop's frames are a multiple of, so that the network is round: its total stride."""
    return 2 ** (len(net.channels) - 1) if isinstance(net, UNetConfig) else net.patch


def load(folder: ModelFolder, device: Device) -> HouseModel:
    """Check every file's hash and build the model. Raises `ModelUnavailable`."""
    folder.check_hashes()
    try:
        config = read_config(folder)
        net = _load_net(config.net, folder)
        codec = HouseCodec(config.codec)
        codec.load_state_dict(load_file(folder.path / CODEC_FILE))
        moments = None
        if MOMENTS_FILE in folder.files:
            moments = Moments.load(folder.path / MOMENTS_FILE, config.codec.latent_channels)
    except (OSError, KeyError, ValueError, RuntimeError, SafetensorError) as error:
        if is_out_of_memory(error):
            raise
        raise ModelUnavailable(
            f"The model “{folder.path.name}” does not fit its config: {error}",
            "Restore the folder, or pack the training run again.",
        ) from error
    return HouseModel(folder.info(), config, net, codec, MiniLM.load(device), device, moments)


def read_config(folder: ModelFolder) -> HouseConfig:
    """The settings among what `config.json` holds. Raises `ValueError`."""
    plain = {k: v for k, v in folder.config.items() if k not in _NOT_SETTINGS}
    return from_plain(HouseConfig, plain)


def _load_net(config: NetConfig, folder: ModelFolder) -> Net:
    """The network from its shards, without drawing random weights first."""
    with torch.device("meta"):
        net = build(config)
    net.to_empty(device="cpu")
    net.load_state_dict(load_shards(folder.path, folder.files))
    return net


def save_model(
    path: Path,
    config: HouseConfig,
    net: nn.Module,
    codec: HouseCodec,
    dtype: torch.dtype = torch.float16,
) -> None:
    """Write the model's folder: the network in shards and the codec, both in `dtype`.

    Moments that lie there were another network's, and are removed.
    Raises `ValueError` for weights that `dtype` cannot hold.
    """
    path.mkdir(parents=True, exist_ok=True)
    (path / MOMENTS_FILE).unlink(missing_ok=True)
    save_file(
        {name: _stored(name, w, dtype) for name, w in codec.state_dict().items()},
        path / CODEC_FILE,
    )
    files = [CODEC_FILE, *save_shards(path, net, dtype)]
    audio = {"sample_rate": codec.sample_rate, "channels": codec.channels}
    write_config(path, {"family": FAMILY, **to_plain(config), **audio}, files)


def save_shards(path: Path, net: nn.Module, dtype: torch.dtype = torch.float16) -> list[str]:
    """Write the network's weights in place of older shards in `path`; returns the files' names."""
    path.mkdir(parents=True, exist_ok=True)
    for old in path.glob(_SHARD.format("*")):
        old.unlink()
    weights = {name: _stored(name, w, dtype) for name, w in net.state_dict().items()}
    files = []
    for number, shard in enumerate(_shards(weights), 1):
        files.append(_SHARD.format(f"{number:05}"))
        save_file(shard, path / files[-1])
    return files


def load_shards(path: Path, files: Iterable[str]) -> dict[str, Tensor]:
    """The network's weights from those of `files` in `path` that are its shards."""
    weights: dict[str, Tensor] = {}
    for name in files:
        if fnmatch(name, _SHARD.format("*")):
            weights |= load_file(path / name)
    return weights


def _stored(name: str, weight: Tensor, dtype: torch.dtype) -> Tensor:
    stored = weight.detach().cpu().to(dtype).contiguous()
    if not stored.isfinite().all():
        raise ValueError(f"{name} holds values that {dtype} cannot")
    return stored


def _shards(weights: Mapping[str, Tensor]) -> Iterator[dict[str, Tensor]]:
    """Consecutive weights, each group at most `SHARD_BYTES`. Raises `ValueError`."""
    shard: dict[str, Tensor] = {}
    size = 0
    for name, weight in weights.items():
        if weight.nbytes > SHARD_BYTES:
            raise ValueError(f"{name} alone has {weight.nbytes:,} bytes; a shard {SHARD_BYTES:,}")
        if shard and size + weight.nbytes > SHARD_BYTES:
            yield shard
            shard, size = {}, 0
        shard[name] = weight
        size += weight.nbytes
    if shard:
        yield shard
