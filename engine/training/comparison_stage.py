"""`undertone train compare`: which networks meet, on which pieces, and how they are heard."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from engine.api import ModelInfo
from engine.codecs.house import HouseCodec
from engine.device import Device, choose, prepare_process
from engine.errors import EngineError, InvalidRequest
from engine.models.house import HouseConfig, HouseModel
from engine.nets.build import Net, NetConfig
from engine.training.batches import DenoiserTraining
from engine.training.codec import CODEC_FILE
from engine.training.comparison import Comparison, Judge, Verdict
from engine.training.comparison_report import write_report
from engine.training.latents import load_codec, load_pieces, plan_shards
from engine.training.networks import HOUSE_NETS
from engine.training.runs import default_root
from engine.training.stages import FIRST_SEED, PIECE_S, PIECES


def compare_stage(
    folder: Path | None,
    names: list[str],
    minutes: float,
    pieces: int | None,
    prompts: int,
    **settings: int | None,
) -> list[Path]:
    """Train those networks of `HOUSE_NETS` on the latents that are made; returns the report.

    Each is heard on the first `prompts` of the evaluation's. Empty where `minutes` were not
    enough; the same call goes on. `settings` are as in `denoiser_stage`.
    """
    prepare_process()
    root = folder or default_root()
    shards = plan_shards(
        root / "latents", root / "codec" / CODEC_FILE, pieces or PIECES, FIRST_SEED, PIECE_S
    )
    made = [shard for shard in shards if shard.done]
    if not made:
        raise EngineError("There are no latents yet.", "Run: undertone train latents")
    codec, device = load_codec(root / "codec" / CODEC_FILE), choose()
    candidates = {name: _candidate(name) for name in names or HOUSE_NETS}
    latents = min(config.in_channels for config in candidates.values())
    comparison = Comparison(
        root / "comparison",
        candidates,
        replace(DenoiserTraining(), **{k: v for k, v in settings.items() if v is not None}),
        load_pieces(made).narrowed(latents),
        codec.sample_rate / codec.hop,
        device,
    )
    results = comparison.run(minutes, judge_by_ear(codec.narrowed(latents), device, prompts))
    return write_report(comparison.folder, comparison.entries, results) if results else []


def _candidate(name: str) -> NetConfig:
    if name not in HOUSE_NETS:
        raise InvalidRequest(
            "nets", f"There is no network “{name}”.", f"Known: {', '.join(HOUSE_NETS)}."
        )
    return HOUSE_NETS[name]


def judge_by_ear(codec: HouseCodec, device: Device, prompts: int) -> Judge:
    """Generates and measures as `undertone evaluate` does, where its instruments are there."""

    def judge(net: Net, config: NetConfig) -> Verdict:
        if prompts == 0:
            return Verdict()
        try:
            return _evaluated(net, config, codec, device, prompts)
        except (EngineError, ModuleNotFoundError) as error:
            return Verdict(remark=f"not evaluated: {error}")

    return judge


def _evaluated(
    net: Net, config: NetConfig, codec: HouseCodec, device: Device, prompts: int
) -> Verdict:
    from engine.text.minilm import MiniLM
    from engine.training.asking import generator
    from engine.training.report import evaluate_on, number

    house = HouseConfig(config, codec.config)
    info = ModelInfo(
        "candidate", "Candidate", house.licence, codec.sample_rate, codec.channels,
        house.steps, house.guidance, house.sampler, house.schedule,
    )  # fmt: skip
    model = HouseModel(info, house, net, codec, MiniLM.load(device), device)
    rows = evaluate_on(generator(model), count=prompts).rows()
    return Verdict(
        {what: number(generated) for what, generated, _ in rows},
        {what: number(real) for what, _, real in rows},
    )
