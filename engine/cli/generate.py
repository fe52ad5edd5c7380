"""`undertone generate PROMPT`: one clip, with a progress bar, into one file."""

from __future__ import annotations

import argparse
import json
import math
import queue
from dataclasses import fields
from enum import StrEnum
from pathlib import Path
from typing import Any

from engine.api import (
    Cancelled,
    Clip,
    Event,
    Failed,
    Finished,
    GenerationRequest,
    JobId,
    Loading,
    ModelInfo,
    Progress,
    Projection,
    Refinement,
    SamplerName,
    ScheduleName,
)
from engine.audio.export import ExportPlan, Normalise
from engine.audio.files import FileFormat
from engine.audio.settings import request_to_json
from engine.cli.destination import Destination
from engine.cli.output import print_json, print_notice
from engine.errors import InvalidRequest
from engine.instruments import parse_instruments
from engine.models.registry import DEFAULT, Registry
from engine.score import Key, Score, Stem, parse_chords
from engine.styles import parse_style
from engine.worker import EngineWorker

_LEVELS = {"as-is": Normalise.OFF, "peak": Normalise.PEAK, "loudness": Normalise.LOUDNESS}


def add_commands(subparsers: Any) -> None:
    parser = subparsers.add_parser("generate", help="make a clip from a prompt")
    parser.add_argument("prompt", help='the music in words: "slow jazz, 80 bpm"')
    music = parser.add_argument_group("the music")
    music.add_argument("--negative", default="", metavar="WORDS", help="what to stay away from")
    music.add_argument(
        "--seconds", type=float, default=10.0, help="length (default: 10); a loop lasts its bars"
    )
    music.add_argument("--bpm", type=float, help="tempo")
    music.add_argument("--key", help='"F# minor", "Bb"')
    music.add_argument("--chords", help='one a bar: "Am F C G"')
    music.add_argument("--style", help='"jazz", "deep house", "lo-fi"')
    music.add_argument(
        "--instruments", metavar="NAMES", help='who plays, and nobody else: "piano, upright bass"'
    )
    music.add_argument("--beats-per-bar", type=int, metavar="N")
    music.add_argument(
        "--drums", action=argparse.BooleanOptionalAction, help="with or without them"
    )
    music.add_argument(
        "--stem",
        type=str.lower,
        choices=[str(s) for s in Stem],
        metavar="NAME",
        help=f"who plays: {', '.join(Stem)}",
    )
    music.add_argument("--bars", type=int, metavar="N", help="how long a loop is")
    music.add_argument(
        "--loop", action=argparse.BooleanOptionalAction, help="its end leads to its beginning"
    )
    music.add_argument("--over", default="", metavar="FILE", help="a sound file to play along with")
    music.add_argument("--seed", type=int, help="the same seed makes the same clip")
    making = parser.add_argument_group("the making (defaults are the model's own)")
    making.add_argument("--model", default=DEFAULT, help=f"see: undertone models ({DEFAULT})")
    making.add_argument("--steps", type=int)
    making.add_argument("--guidance", type=float, help="how strictly to follow the prompt")
    _add_names(making, "--sampler", SamplerName)
    _add_names(making, "--schedule", ScheduleName)
    making.add_argument("--device", choices=["cuda", "mps", "cpu"], help="(the fastest there is)")
    _add_refinements(parser.add_argument_group("guidance, refined (default: as the model asks)"))
    file = parser.add_argument_group("the file")
    file.add_argument("--out", metavar="FILE", help="a .wav or .flac (named by the prompt)")
    file.add_argument("--format", choices=[str(name) for name in FileFormat])
    file.add_argument("--level", choices=list(_LEVELS), default="as-is", help="(as-is)")
    file.add_argument("--force", action="store_true", help="overwrite an existing file")
    parser.add_argument("--json", action="store_true", help="print the result as JSON")
    parser.set_defaults(run=run)


def _add_names(group: Any, option: str, names: type[StrEnum]) -> None:
    listed = [str(name) for name in names]
    group.add_argument(option, choices=listed, metavar="NAME", help=", ".join(listed))


def _add_refinements(group: Any) -> None:
    apg = Projection()
    group.add_argument(
        "--rescale", type=float, metavar="N",
        help="0 to 1: tame what guidance widens (the model's own)",
    )  # fmt: skip
    group.add_argument(
        "--guidance-interval", type=float, nargs=2, metavar=("LOW", "HIGH"),
        help="guide only at noise levels between these (the model's own; 0 1000 for all)",
    )  # fmt: skip
    group.add_argument("--apg", action="store_true", help="adaptive projected guidance")
    for name, help in (
        ("eta", "how much stays of what only makes it louder"),
        ("momentum", "how much of earlier guidance is added; negative takes away"),
        ("threshold", "the greatest difference the prompt may make; 0 for any"),
    ):
        usual = getattr(apg, name)
        group.add_argument(
            f"--apg-{name}", type=float, metavar="N", help=f"with --apg: {help} ({usual:g})"
        )


def run(arguments: argparse.Namespace) -> int:
    """Raises `EngineError`; returns 130 when it was stopped by Ctrl-C."""
    format = FileFormat(arguments.format) if arguments.format else None
    destination = Destination.check(
        arguments.out, format, _LEVELS[arguments.level], arguments.force
    )
    registry = Registry.default()
    request = build_request(arguments, registry.info(arguments.model))
    clip = _generate(request, registry, arguments.device)
    if clip is None:
        return 130
    path, plan, notices = destination.write(clip)
    notices = (*clip.notices, *notices)
    if arguments.json:
        print_json(_described(clip, plan, notices) | {"path": str(path.resolve())})
        return 0
    for notice in notices:
        print_notice(notice)
    print(f"{path}  ({_summary(clip)})")
    return 0


def build_request(arguments: argparse.Namespace, model: ModelInfo) -> GenerationRequest:
    """What was given, the rest as the model recommends. Raises `InvalidRequest`."""
    steps, guidance = arguments.steps, arguments.guidance
    return GenerationRequest(
        prompt=arguments.prompt,
        negative_prompt=arguments.negative,
        duration_s=arguments.seconds,
        steps=model.steps if steps is None else steps,
        guidance=model.guidance if guidance is None else guidance,
        refinement=_refinement(arguments, model),
        sampler=SamplerName(arguments.sampler or model.sampler),
        schedule=ScheduleName(arguments.schedule or model.schedule),
        score=Score(
            tempo_bpm=arguments.bpm,
            beats_per_bar=arguments.beats_per_bar,
            key=Key.parse(arguments.key) if arguments.key else None,
            chords=(parse_chords(arguments.chords) or None) if arguments.chords else None,
            bars=arguments.bars,
            drums=arguments.drums,
            stem=Stem(arguments.stem) if arguments.stem else None,
            loop=arguments.loop,
            style=parse_style(arguments.style) if arguments.style else None,
            instruments=parse_instruments(arguments.instruments or "") or None,
        ),
        seed=arguments.seed,
        model=model.id,
        over=str(Path(arguments.over).resolve()) if arguments.over else "",
        previews=False,
    )


def _refinement(arguments: argparse.Namespace, model: ModelInfo) -> Refinement:
    """Raises `InvalidRequest`, also for numbers of --apg without it."""
    given = {
        each.name: value
        for each in fields(Projection)
        if (value := getattr(arguments, f"apg_{each.name}")) is not None
    }
    if given and not arguments.apg:
        raise InvalidRequest(
            "apg", "There are numbers for projected guidance, but it is off.", "Add --apg."
        )
    own = model.refinement
    rescale = own.rescale if arguments.rescale is None else arguments.rescale
    interval = arguments.guidance_interval or own.interval
    return Refinement(
        rescale=rescale,
        projection=Projection(**given) if arguments.apg else None,
        interval=None if interval is None else (interval[0], interval[1]),
    )


def _generate(
    request: GenerationRequest, registry: Registry, device_kind: str | None
) -> Clip | None:
    """The clip, or None after Ctrl-C. Raises `EngineError`."""
    events: queue.SimpleQueue[Event] = queue.SimpleQueue()
    with EngineWorker(events.put, registry=registry, device_kind=device_kind) as engine:
        job_id = engine.submit(request)
        try:
            return _follow(events, request.steps)
        except KeyboardInterrupt:
            _stop(engine, job_id, events)
            return None


def _stop(engine: EngineWorker, job_id: JobId, events: queue.SimpleQueue[Event]) -> None:
    """Cancel in good order; a second Ctrl-C leaves at once."""
    engine.cancel(job_id)
    while not isinstance(_next(events), Cancelled | Finished | Failed):
        pass
    print_notice("stopped; nothing was written.")


def _follow(events: queue.SimpleQueue[Event], steps: int) -> Clip | None:
    from tqdm import tqdm

    with tqdm(total=steps, unit="step", disable=None, leave=False) as bar:
        while True:
            match _next(events):
                case Loading(what=what):
                    bar.reset()
                    bar.set_description(what)
                case Progress(step=step, evaluations=evaluations):
                    bar.set_description("denoising" if step < steps else "decoding")
                    if evaluations != step:
                        bar.set_postfix_str(f"{evaluations} evaluations", refresh=False)
                    bar.update(step - bar.n)
                case Finished(clip=clip):
                    return clip
                case Failed(error=error):
                    raise error
                case Cancelled():
                    return None


def _next(events: queue.SimpleQueue[Event]) -> Event:
    """Waits in short turns, because Windows hears no Ctrl-C during a long one."""
    while True:
        try:
            return events.get(timeout=0.2)
        except queue.Empty:
            continue


def _described(clip: Clip, plan: ExportPlan, notices: tuple[str, ...]) -> dict[str, Any]:
    return {
        "ok": True,
        "seconds": clip.duration_s,
        "sample_rate": plan.sample_rate,
        "channels": clip.audio.shape[1],
        "format": str(plan.choice.format),
        "peak_db": plan.after.peak_db if math.isfinite(plan.after.peak_db) else None,
        "gain_db": plan.gain_db,
        "elapsed_s": clip.elapsed_s,
        "evaluations": clip.request.sampler.evaluations(clip.request.steps),
        "notices": list(notices),
        "request": json.loads(request_to_json(clip.request))["request"],
    }


def _summary(clip: Clip) -> str:
    score = clip.request.score
    music = [f"{clip.duration_s:.1f} s"]
    if score.loop:
        music = [f"a loop of {score.bars_told}, {clip.duration_s:.3f} s"]
    if score.stem not in (None, Stem.MIX):
        music.append(f"{score.stem} alone")
    if score.tempo_bpm is not None:
        music.append(f"{score.tempo_bpm:g} bpm")
    if score.key is not None:
        music.append(str(score.key))
    return ", ".join([*music, f"seed {clip.request.seed}", f"made in {clip.elapsed_s:.1f} s"])
