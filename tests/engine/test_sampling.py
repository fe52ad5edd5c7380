"""The names and numbers of how a clip is made; what they do is tested in `diffusion`."""

from __future__ import annotations

import math

import pytest

from engine.api import Projection, Refinement, SamplerName
from engine.errors import InvalidRequest


@pytest.mark.parametrize(
    ("name", "costs"),
    [
        (SamplerName.EULER, (1, 1, 1, 1, 1)),
        (SamplerName.HEUN, (2, 2, 2, 2, 1)),
        (SamplerName.PNDM, (4, 4, 4, 1, 1)),
        (SamplerName.PLMS, (2, 1, 1, 1, 1)),
    ],
)
def test_what_five_steps_cost(name: SamplerName, costs: tuple[int, ...]) -> None:
    assert name.costs(5) == costs
    assert name.evaluations(5) == sum(costs)


@pytest.mark.parametrize("name", SamplerName)
def test_one_step_costs_one(name: SamplerName) -> None:
    assert name.costs(1) == (1,)


@pytest.mark.parametrize(
    ("make", "field"),
    [
        (lambda: Refinement(rescale=1.1), "rescale"),
        (lambda: Refinement(rescale=math.nan), "rescale"),
        (lambda: Refinement(interval=(-1.0, 2.0)), "interval"),
        (lambda: Refinement(interval=(0.5, math.inf)), "interval"),
        (lambda: Refinement(interval=(2.0, 2.0)), "interval"),
        (lambda: Refinement(interval=(5.0, 0.3)), "interval"),
        (lambda: Projection(eta=-0.1), "eta"),
        (lambda: Projection(momentum=1.5), "momentum"),
        (lambda: Projection(threshold=-1.0), "threshold"),
    ],
)
def test_a_refinement_out_of_range_names_its_field(make, field: str) -> None:
    with pytest.raises(InvalidRequest) as refusal:
        make()
    assert refusal.value.field == field
    assert refusal.value.remedy


def test_the_interval_is_open_below_and_closed_above() -> None:
    refinement = Refinement(interval=(0.3, 5.0))
    assert [refinement.guides_at(level) for level in (0.3, 0.31, 5.0, 5.1)] == [
        False, True, True, False
    ]  # fmt: skip
    assert Refinement().guides_at(1e6)
