from __future__ import annotations

from dataclasses import dataclass

import pytest
import torch
from diffusers.guiders.adaptive_projected_guidance import MomentumBuffer, normalized_guidance
from torch import Tensor

from engine.api import Projection, Refinement
from engine.diffusion.guidance import Combine, combination, guided, rescaled
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


def test_two_passes_give_what_one_gives() -> None:
    net, x = Recorder(), torch.randn(3, 7)
    denoiser = Denoiser(net, Parameterisation.V)
    together = guided(denoiser, PROMPT, NOTHING, 4.5)(x, SIGMA)
    apart = guided(denoiser, PROMPT, NOTHING, 4.5, batched=False)(x, SIGMA)
    assert net.batches == [6, 3, 3]
    assert torch.allclose(together, apart, atol=1e-6)


@pytest.mark.parametrize("batched", [True, False])
def test_outside_its_interval_only_the_prompts_half_is_computed(batched: bool) -> None:
    net, x = Recorder(), torch.randn(3, 7)
    denoiser = Denoiser(net, Parameterisation.V)
    within = Refinement(interval=(0.5, 2.0))
    denoise = guided(denoiser, PROMPT, NOTHING, 4.5, within, batched=batched)
    plain = guided(denoiser, PROMPT, NOTHING, 4.5)
    for level, is_guided in ((2.01, False), (2.0, True), (0.51, True), (0.5, False), (0.1, False)):
        net.batches.clear()
        denoised = denoise(x, torch.tensor(level))
        assert net.batches == (([6] if batched else [3, 3]) if is_guided else [3])
        sigma = torch.tensor(level)
        alone = denoiser(x, sigma, PROMPT)
        assert torch.allclose(denoised, plain(x, sigma) if is_guided else alone, atol=1e-6)


def test_an_interval_around_everything_is_none() -> None:
    x, denoiser = torch.randn(3, 7), Denoiser(Recorder(), Parameterisation.V)
    everywhere = guided(denoiser, PROMPT, NOTHING, 3, Refinement(interval=(0.0, 1_000.0)))
    for level in (0.001, 1.5, 500.0):
        sigma = torch.tensor(level)
        expected = guided(denoiser, PROMPT, NOTHING, 3)(x, sigma)
        assert torch.equal(everywhere(x, sigma), expected)


def test_scale_0_may_be_limited_too() -> None:
    """Without the prompt within the interval, with it outside."""
    net, x = Recorder(), torch.randn(2, 7)
    denoiser = Denoiser(net, Parameterisation.X0)
    denoise = guided(denoiser, PROMPT, NOTHING, 0, Refinement(interval=(1.0, 9.0)))
    for level, words in ((0.5, PROMPT), (2.0, NOTHING)):
        sigma = torch.tensor(level)
        assert torch.allclose(denoise(x, sigma), denoiser(x, sigma, words), atol=1e-6)


C, U = torch.tensor([[1.0, 2.0]]), torch.tensor([[3.0, 4.0]])


def test_rescaling_by_hand() -> None:
    """std of (0, 4) is four times that of (1, 2)."""
    wide = torch.tensor([[0.0, 4.0]])
    assert torch.allclose(rescaled(wide, C, 1.0), torch.tensor([[0.0, 1.0]]))
    assert torch.allclose(rescaled(wide, C, 0.5), torch.tensor([[0.0, 2.5]]))
    assert torch.equal(rescaled(wide, C, 0.0), wide)


def test_rescaling_is_of_each_item_and_keeps_silence() -> None:
    guided_ones, C = torch.randn(3, 2, 9), torch.randn(3, 2, 9)
    guided_ones[1] = 0
    whole = rescaled(guided_ones, C, 0.7)
    assert torch.equal(whole[1], torch.zeros(2, 9))
    for i in range(3):
        one = slice(i, i + 1)
        assert torch.allclose(whole[one], rescaled(guided_ones[one], C[one], 0.7))
    assert torch.allclose(rescaled(guided_ones, C, 1.0)[0].std(), C[0].std())


def test_rescale_0_is_plain_and_1_has_the_prompts_spread() -> None:
    C, U = torch.randn(2, 3, 8), torch.randn(2, 3, 8)
    plain = combination(6.0)(C, U)
    assert torch.equal(plain, U + 6 * (C - U))
    assert torch.equal(combination(6.0, Refinement(rescale=0.0))(C, U), plain)
    narrow = combination(6.0, Refinement(rescale=1.0))(C, U)
    assert torch.allclose(narrow.flatten(1).std(1), C.flatten(1).std(1))
    assert (plain.flatten(1).std(1) > 2 * C.flatten(1).std(1)).all()


def projected(scale: float, **numbers: float) -> Combine:
    return combination(scale, Refinement(projection=Projection(**numbers)))


def test_projection_by_hand() -> None:
    """C − U = (−2, −2); along C = (1, 2) it is −6/5·C, across (−0.8, 0.4)."""
    none = {"momentum": 0.0, "threshold": 0.0}
    assert torch.allclose(projected(3, eta=0, **none)(C, U), C + 2 * torch.tensor([-0.8, 0.4]))
    half = torch.tensor([-0.8, 0.4]) - 0.6 * C
    assert torch.allclose(projected(3, eta=0.5, **none)(C, U), C + 2 * half)


def test_the_threshold_limits_the_root_mean_square() -> None:
    """(−2, −2) has 2: a threshold of 0.5 leaves a quarter, one of 3 everything."""
    whole = {"eta": 1.0, "momentum": 0.0}
    assert torch.allclose(projected(3, **whole, threshold=0.5)(C, U), C - 2 * 0.5)
    assert torch.allclose(projected(3, **whole, threshold=3)(C, U), C - 2 * 2)


def test_momentum_by_hand() -> None:
    """Differences −2, then −2 + ½·2 = −1, then −2 + ½·1 = −1.5."""
    lead = projected(2, eta=1.0, momentum=-0.5, threshold=0.0)
    for difference in (-2.0, -1.0, -1.5):
        assert torch.allclose(lead(C, U), C + difference)


def test_projection_at_its_limits_is_plain() -> None:
    C, U = torch.randn(2, 3, 8), torch.randn(2, 3, 8)
    limits = projected(5, eta=1.0, momentum=0.0, threshold=0.0)
    for _ in range(3):
        assert torch.allclose(limits(C, U), combination(5)(C, U), atol=1e-5)


def test_projection_follows_diffusers() -> None:
    """Which limits the norm; over n values ours is its threshold over √n."""
    generator = torch.Generator().manual_seed(0)
    buffer, r = MomentumBuffer(-0.75), 3.0
    lead = projected(7.5, eta=0.3, momentum=-0.75, threshold=r / 24**0.5)
    for _ in range(4):
        C, U = torch.randn(2, 2, 3, 8, generator=generator)
        theirs = normalized_guidance(C, U, 6.5, buffer, 0.3, r, use_original_formulation=True)
        assert torch.allclose(lead(C, U), theirs, atol=1e-5)


def test_projection_of_silence_is_finite() -> None:
    nothing = torch.zeros(1, 2, 4)
    lead = projected(4, eta=0.0, momentum=-0.5, threshold=0.2)
    assert torch.equal(lead(nothing, nothing), nothing)


def test_each_walk_remembers_only_itself() -> None:
    x, denoiser = torch.randn(1, 7), Denoiser(Recorder(), Parameterisation.V)
    refinement = Refinement(projection=Projection(momentum=-0.5, threshold=0.0))
    first = guided(denoiser, PROMPT, NOTHING, 4, refinement)
    second = guided(denoiser, PROMPT, NOTHING, 4, refinement)
    begun = first(x, SIGMA)
    assert not torch.allclose(begun, first(x, SIGMA))
    assert torch.equal(begun, second(x, SIGMA))


def test_refinements_combine() -> None:
    C, U = torch.randn(2, 3, 8), torch.randn(2, 3, 8)
    projection = Projection(eta=0.2, momentum=0.0, threshold=0.5)
    led = combination(5, Refinement(projection=projection))(C, U)
    both = combination(5, Refinement(rescale=0.7, projection=projection))(C, U)
    assert torch.allclose(both, rescaled(led, C, 0.7))
