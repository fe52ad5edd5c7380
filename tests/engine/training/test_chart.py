"""Curves as SVG: well formed, inside the plot, in proportion."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest

from engine.training.chart import HEIGHT, WIDTH, Curve, line_chart, ticks

SVG = "{http://www.w3.org/2000/svg}"


def polylines(text: str) -> list[list[tuple[float, float]]]:
    lines = ElementTree.fromstring(text).findall(f"{SVG}polyline")
    return [
        [(float(x), float(y)) for x, y in (p.split(",") for p in line.attrib["points"].split())]
        for line in lines
    ]


def test_a_curve_is_drawn_in_proportion_and_the_higher_is_above() -> None:
    text = line_chart(
        [Curve("a < b", [(1, 3.0), (2, 2.0), (3, 1.0)]), Curve("c", [(1, 1.0), (3, 1.0)])],
        "Loss & time", "minutes", "loss",
    )  # fmt: skip
    first, second = polylines(text)
    assert first[1][0] - first[0][0] == pytest.approx(first[2][0] - first[1][0], abs=0.2)
    assert first[1][1] - first[0][1] == pytest.approx(first[2][1] - first[1][1], abs=0.2)
    assert first[0][1] < first[2][1]
    assert first[2] == second[1]
    assert all(0 < x < WIDTH and 0 < y < HEIGHT for x, y in first + second)
    words = {each.text for each in ElementTree.fromstring(text).iter(f"{SVG}text")}
    assert {"Loss & time", "minutes", "loss", "a < b", "c", "0", "3"} <= words


def test_nothing_to_draw_and_nothing_that_changes_are_still_pictures() -> None:
    assert polylines(line_chart([Curve("none", [])], "t", "x", "y")) == []
    (flat,) = polylines(line_chart([Curve("flat", [(0, 1.0), (1, 1.0)])], "t", "x", "y"))
    assert flat[0][1] == flat[1][1]


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        (0, 10, [0, 2, 4, 6, 8, 10]),
        (0.3, 1.1, [0.4, 0.6, 0.8, 1.0]),
        (0, 0.00031, [0, 1e-4, 2e-4, 3e-4]),
        (2, 2, [2]),
    ],
)
def test_ticks_are_round_numbers_within(low: float, high: float, expected: list[float]) -> None:
    assert ticks(low, high) == pytest.approx(expected)
