"""`undertone train compare`: who meets, on which pieces, and how they are heard.

Networks meet, or one network trained in several ways: `vary` names a setting of the training and
the values that it is to take.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from engine.api import ModelInfo
from engine.codecs.house import HouseCodec
from engine.device import Device, choose, prepare_process
from engine.errors import EngineError, InvalidRequest
from engine.models.house import HouseConfig, HouseModel
from engine.models.plain import from_plain
from engine.nets.build import Net, NetConfig
from engine.training.batches import DenoiserTraining
from engine.training.codec import CODEC_FILE
from engine.training.comparison import Candidate, Comparison, Judge, Verdict
from engine.training.comparison_report import write_report
from engine.training.latents import load_codec, load_pieces, made_shards
from engine.training.networks import COMPARED_NETS, HOUSE_NETS
from engine.training.runs import default_root
from engine.training.stages import PIECE_S

FOLDER = "comparison"
VARIED = ("parameterisation", "sigma_log_mean", "sigma_log_deviation", "ema", "peak_rate")
"""Settings of `DenoiserTraining` that change nothing of what a step costs."""


def compare_stage(
    folder: Path | None,
    names: list[str],
    minutes: float,
    pieces: int | None,
    prompts: int,
    vary: list[str] | None = None,
    **settings: int | None,
) -> list[Path]:
    """Train those networks of `COMPARED_NETS` on the latents that are made; returns the report.

    Each is trained in every way that `vary` tells, a setting of `VARIED` and its values, and heard
    on the first `prompts` of the evaluation's. Empty where `minutes` were not enough; the same
    call goes on. `settings` are as in `denoiser_stage`.
    """
    prepare_process()
    root = folder or default_root()
    made = made_shards(root / "latents", root / "codec" / CODEC_FILE, PIECE_S, pieces)
    codec, device = load_codec(root / "codec" / CODEC_FILE), choose()
    changes: dict[str, Any] = {name: value for name, value in settings.items() if value is not None}
    training = replace(DenoiserTraining(), **changes)
    candidates = _candidates(names or list(HOUSE_NETS), training, *(vary or ()))
    latents = min(each.config.in_channels for each in candidates.values())
    comparison = Comparison(
        root / (f"{FOLDER}-{vary[0]}" if vary else FOLDER),
        candidates,
        load_pieces(made, latents),
        codec.sample_rate / codec.hop,
        device,
    )
    results = comparison.run(minutes, judge_by_ear(codec.narrowed(latents), device, prompts))
    return write_report(comparison.folder, comparison.entries, results) if results else []


def _candidates(
    names: list[str], training: DenoiserTraining, setting: str = "", *values: str
) -> dict[str, Candidate]:
    """Every network in every way, by names that tell both. Raises `InvalidRequest`."""
    if setting and not values:
        remedy = f"Write some after it: --vary {setting} VALUE VALUE."
        raise InvalidRequest("vary", f"No values of {setting} are given.", remedy)
    ways = {f"-{value}": _varied(training, setting, value) for value in values} or {"": training}
    return {
        name + said: Candidate(_network(name), way) for name in names for said, way in ways.items()
    }


def _network(name: str) -> NetConfig:
    if name not in COMPARED_NETS:
        known = ", ".join(COMPARED_NETS)
        raise InvalidRequest("nets", f"There is no network “{name}”.", f"Known: {known}.")
    return COMPARED_NETS[name]


def _varied(training: DenoiserTraining, setting: str, word: str) -> DenoiserTraining:
    if setting not in VARIED:
        known = ", ".join(VARIED)
        raise InvalidRequest("vary", f"“{setting}” cannot be varied.", f"Known: {known}.")
    try:
        value = word if setting == "parameterisation" else float(word)
        read = from_plain(DenoiserTraining, {setting: value})
    except ValueError as error:
        raise InvalidRequest("vary", f"“{word}” is no {setting}: {error}", "See --help.") from error
    return replace(training, **{setting: getattr(read, setting)})


def judge_by_ear(codec: HouseCodec, device: Device, prompts: int) -> Judge:
    """Generates and measures as `undertone evaluate` does, where its instruments are there."""

    def judge(net: Net, candidate: Candidate) -> Verdict:
        if prompts == 0:
            return Verdict()
        try:
            return _evaluated(net, candidate, codec, device, prompts)
        except (EngineError, ModuleNotFoundError) as error:
            return Verdict(remark=f"not evaluated: {error}")

    return judge


def _evaluated(
    net: Net, candidate: Candidate, codec: HouseCodec, device: Device, prompts: int
) -> Verdict:
    from engine.text.minilm import MiniLM
    from engine.training.asking import generator
    from engine.training.report import evaluate_on, number

    predicted = candidate.training.parameterisation
    house = HouseConfig(candidate.config, codec.config, parameterisation=predicted)
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
