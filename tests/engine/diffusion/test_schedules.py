from __future__ import annotations

import pytest
import torch

from engine.api import ScheduleName
from engine.diffusion.schedules import sigmas


@pytest.mark.parametrize("name", list(ScheduleName))
@pytest.mark.parametrize("steps", [1, 2, 25, 1000])
def test_falls_from_max_through_min_to_zero(name: ScheduleName, steps: int) -> None:
    levels = sigmas(name, steps, 0.01, 80)
    assert levels.shape == (steps + 1,)
    assert levels.dtype == torch.float32
    assert levels[0].item() == pytest.approx(80, rel=1e-5)
    assert levels[-1] == 0
    assert (levels.diff() < 0).all()
    if steps > 1:
        assert levels[-2].item() == pytest.approx(0.01, rel=1e-4)


def test_is_even_in_its_own_scale() -> None:
    def spread(name: ScheduleName) -> torch.Tensor:
        return sigmas(name, 9, 0.01, 80).double()[:-1]

    scales = {
        ScheduleName.KARRAS: spread(ScheduleName.KARRAS) ** (1 / 7),
        ScheduleName.EXPONENTIAL: spread(ScheduleName.EXPONENTIAL).log(),
        ScheduleName.COSINE: spread(ScheduleName.COSINE).atan(),
        ScheduleName.LINEAR: 1 - 1 / (1 + spread(ScheduleName.LINEAR)),
    }
    for name, scale in scales.items():
        steps = scale.diff()
        assert torch.allclose(steps, steps.mean().expand_as(steps), rtol=1e-3), name


@pytest.mark.parametrize(
    ("steps", "low", "high"), [(0, 0.1, 1.0), (5, 0.0, 1.0), (5, 2.0, 1.0), (5, float("nan"), 1.0)]
)
def test_refuses_what_is_no_schedule(steps: int, low: float, high: float) -> None:
    with pytest.raises(ValueError, match=r"step|noise levels"):
        sigmas(ScheduleName.KARRAS, steps, low, high)
