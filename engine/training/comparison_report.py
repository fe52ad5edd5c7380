"""A comparison, told: a table in Markdown, the same and more in JSON, and curves as pictures."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from engine.models.plain import to_plain
from engine.training.chart import Curve, line_chart
from engine.training.comparison import LEVELS, Entry, Result

TABLE_FILE, JSON_FILE = "comparison.md", "comparison.json"
COMPUTE_FILE, TIME_FILE = "loss-by-compute.svg", "loss-by-time.svg"


def as_markdown(entries: Sequence[Entry], results: Mapping[str, Result]) -> str:
    """The networks side by side; what music can be measured on, beside real renders of it."""
    pairs = [(entry, results[entry.name]) for entry in entries]
    verdicts = [result.verdict for _, result in pairs]
    rows = [(what, [tell(*pair) for pair in pairs]) for what, tell in _ROWS.items()]
    for level in LEVELS:
        losses = [f"{result.held_out[level]:.4f}" for _, result in pairs]
        rows.append((f"held-out loss at σ = {level:g}", losses))
    for what, real in verdicts[0].real.items():
        told = [_share(verdict.generated.get(what)) for verdict in verdicts]
        rows.append((what, [*told, _share(real)]))
    names = [entry.name for entry in entries]
    columns = [*names, "real renders"] if verdicts[0].real else names
    lines = [_row("", columns), _row("---", ["---:"] * len(columns))]
    lines += [_row(what, cells + [""] * (len(columns) - len(cells))) for what, cells in rows]
    remarks = [f"\n{e.name}: {r.verdict.remark}" for e, r in pairs if r.verdict.remark]
    return "\n".join([*lines, *remarks]) + "\n"


_ROWS: dict[str, Callable[[Entry, Result], str]] = {
    "parameters": lambda e, _: f"{e.cost.parameters / 1e6:.2f} M",
    "FLOPs, one item forward": lambda e, _: f"{e.cost.forward_flops / 1e9:.3f} G",
    "FLOPs, one training step": lambda e, _: f"{e.cost.step_flops / 1e9:.1f} G",
    "training steps": lambda e, _: f"{e.steps:,}",
    "FLOPs in all": lambda e, _: f"{e.flops / 1e12:,.1f} T",
    "seconds": lambda _, r: f"{r.seconds:,.0f}",
    "seconds a step": lambda e, r: f"{r.seconds / e.steps:.3f}",
    "GFLOP/s reached": lambda e, r: f"{e.flops / max(r.seconds, 1e-9) / 1e9:,.0f}",
    "training loss, last tenth, each of its own target": lambda _, r: f"{r.train_loss:.4f}",
    "held-out loss, mean of all levels": lambda _, r: f"{r.held_out_mean:.4f}",
}


def _row(what: str, cells: Sequence[str]) -> str:
    return f"| {' | '.join([what, *cells])} |"


def _share(value: float | None) -> str:
    return "–" if value is None else f"{value:.1%}"


def as_json(entries: Sequence[Entry], results: Mapping[str, Result]) -> dict[str, Any]:
    return {
        entry.name: {
            **to_plain(entry.cost),
            "steps": entry.steps,
            "flops": entry.flops,
            "training": to_plain(entry.candidate.training),
            "config": to_plain(entry.candidate.config),
            "seconds": results[entry.name].seconds,
            "train_loss": results[entry.name].train_loss,
            "held_out": {f"{k:g}": v for k, v in results[entry.name].held_out.items()},
            "figures": dict(results[entry.name].verdict.generated),
            "figures_of_renders": dict(results[entry.name].verdict.real),
            "remark": results[entry.name].verdict.remark,
            "curve": [list(point) for point in results[entry.name].curve],
        }
        for entry in entries
    }


def curves(
    entries: Sequence[Entry], results: Mapping[str, Result]
) -> tuple[list[Curve], list[Curve]]:
    """Training loss against TFLOPs and against minutes."""
    by_compute, by_time = [], []
    for entry in entries:
        curve = results[entry.name].curve
        unit = entry.cost.step_flops / 1e12
        by_compute.append(Curve(entry.name, [(step * unit, loss) for step, _, loss in curve]))
        by_time.append(Curve(entry.name, [(seconds / 60, loss) for _, seconds, loss in curve]))
    return by_compute, by_time


def write_report(
    folder: Path, entries: Sequence[Entry], results: Mapping[str, Result]
) -> list[Path]:
    """Returns the files written."""
    by_compute, by_time = curves(entries, results)
    title = "Training loss at equal parameters and compute"
    texts = {
        TABLE_FILE: as_markdown(entries, results),
        JSON_FILE: json.dumps(as_json(entries, results), indent=2, ensure_ascii=False) + "\n",
        COMPUTE_FILE: line_chart(by_compute, title, "TFLOPs spent", "loss"),
        TIME_FILE: line_chart(by_time, title, "minutes", "loss"),
    }
    for name, text in texts.items():
        (folder / name).write_text(text, "utf-8")
    return [folder / name for name in texts]
