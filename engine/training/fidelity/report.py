"""The codec's table, for people and for programs; bars stand beside the house codec's figures."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from engine.benchmarks.table import Figure, plain
from engine.training.fidelity.evaluation import FidelityReport, Row


def figures(report: FidelityReport, coder: str) -> list[Figure]:
    """One coder's column, with the bars."""
    return [_figure(report, row, coder) for row in report.values]


def _figure(report: FidelityReport, row: Row, coder: str) -> Figure:
    values = report.values[row]
    bar = row.bar if row.bar_of is None else values.get(row.bar_of)
    value = values[coder]
    known = None if math.isnan(value) else value
    return Figure(row.name, known, row.unit, bar, at_least=row.at_least)


def table(report: FidelityReport) -> Iterator[str]:
    """The first coder is the one that the bars are for."""
    heads = "".join(f"{name:>9}" for name in report.coders)
    yield f"{'means over ' + str(report.clips) + ' clips':<42}{heads}  {'bar':>9}"
    columns = [figures(report, coder) for coder in report.coders]
    for row in zip(*columns, strict=True):
        own = row[0]
        cells = "".join(f"{_told(figure):>9}" for figure in row)
        name = f"{own.name}, {own.unit}" if own.unit else own.name
        yield f"{name:<42}{cells}  {own.bar_told:>9}  {own.verdict}".rstrip()


def _told(figure: Figure) -> str:
    return "–" if figure.value is None else plain(figure.value)


def as_json(report: FidelityReport) -> dict[str, Any]:
    return {
        "clips": report.clips,
        "coders": {
            coder: [figure.to_json() for figure in figures(report, coder)]
            for coder in report.coders
        },
    }
