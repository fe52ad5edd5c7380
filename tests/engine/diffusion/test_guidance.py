from __future__ import annotations

from dataclasses import dataclass

import pytest
import torch
from torch import Tensor

from engine.diffusion.guidance import guided
from engine.diffusion.parameterisation import Denoiser, Parameterisation

SIGMA = torch.tensor(1.5)


@dataclass(frozen=True)
class Words:
    """A conditioning of one number an item."""

    value: Tensor

    def repeat(self, batch: int) -> Words:
        return Words(self.value.expand(batch, 1))

    def stack(self, other: Words) -> Words:
        return Words(torch.cat([self.value, other.value]))


PROMPT, NOTHING = Words(torch.tensor([[2.0]])), Words(torch.tensor([[-1.0]]))


class Recorder:
    def __init__(self) -> None:
        self.batches: list[int] = []

    def __call__(self, x: Tensor, t: Tensor, words: Words) -> Tensor:
        self.batches.append(len(x))
        return (x * words.value).sin()


def test_equals_two_separate_passes_in_one_evaluation() -> None:
    net, x = Recorder(), torch.randn(3, 7)
    denoiser = Denoiser(net, Parameterisation.V)
    denoised = guided(denoiser, PROMPT, NOTHING, 4.5)(x, SIGMA)
    assert net.batches == [6]
    with_prompt, without = denoiser(x, SIGMA, PROMPT), denoiser(x, SIGMA, NOTHING)
    assert torch.allclose(denoised, without + 4.5 * (with_prompt - without), atol=1e-5)


@pytest.mark.parametrize(("scale", "words"), [(1.0, PROMPT), (0.0, NOTHING)])
def test_skips_the_half_that_does_not_count(scale: float, words: Words) -> None:
    net, x = Recorder(), torch.randn(3, 7)
    denoiser = Denoiser(net, Parameterisation.V)
    denoised = guided(denoiser, PROMPT, NOTHING, scale)(x, SIGMA)
    assert net.batches == [3]
    assert torch.equal(denoised, denoiser(x, SIGMA, words))


def test_serves_one_conditioning_an_item() -> None:
    net, x = Recorder(), torch.randn(2, 7)
    each = Words(torch.tensor([[2.0], [0.5]]))
    denoised = guided(Denoiser(net, Parameterisation.X0), each, NOTHING.repeat(2), 3.0)(x, SIGMA)
    for i in range(2):
        alone = guided(Denoiser(net, Parameterisation.X0), Words(each.value[i : i + 1]), NOTHING, 3)
        assert torch.allclose(denoised[i : i + 1], alone(x[i : i + 1], SIGMA), atol=1e-6)
