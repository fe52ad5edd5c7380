from __future__ import annotations

import pytest
import torch
from torch import Tensor

from engine.diffusion.parameterisation import Denoiser, Parameterisation

LEVELS = torch.tensor([0.02, 0.5, 3.0, 60.0])
every_target = pytest.mark.parametrize("kind", list(Parameterisation))
every_spread = pytest.mark.parametrize("sigma_data", [1.0, 0.5, 3.0])


def ideal(kind: Parameterisation, sigma_data: float):
    """The network that, for x0 ~ N(0, sigma_data²), predicts the mean of its target.

    It must find sigma from c_noise and x from the scaled input, as a trained one does.
    """

    def net(scaled: Tensor, c_noise: Tensor, conditioning: object) -> Tensor:
        flow = kind is Parameterisation.FLOW
        unit = c_noise / (1 - c_noise) if flow else (4 * c_noise).exp()
        sigma = (unit * sigma_data)[:, None]
        x = scaled / kind.scalings(sigma, sigma_data).into
        x0 = sigma_data**2 / (sigma_data**2 + sigma**2) * x
        return kind.target(x0, (x - x0) / sigma, sigma, sigma_data)

    return net


@every_target
@every_spread
def test_every_target_gives_the_same_denoised(kind: Parameterisation, sigma_data: float) -> None:
    denoiser = Denoiser(ideal(kind, sigma_data), kind, sigma_data)
    x = torch.randn(4, 50) * (sigma_data**2 + LEVELS[:, None] ** 2).sqrt()
    expected = sigma_data**2 / (sigma_data**2 + LEVELS[:, None] ** 2) * x
    assert torch.allclose(denoiser(x, LEVELS), expected, atol=2e-4 * sigma_data, rtol=2e-3)


@every_target
@every_spread
def test_a_network_that_hits_its_target_denoises_perfectly(
    kind: Parameterisation, sigma_data: float
) -> None:
    x0, noise = sigma_data * torch.randn(4, 3, 8), torch.randn(4, 3, 8)
    level = LEVELS[:, None, None]

    def knows(scaled: Tensor, c_noise: Tensor, conditioning: object) -> Tensor:
        return kind.target(x0, noise, level, sigma_data)

    denoiser = Denoiser(knows, kind, sigma_data)
    assert torch.allclose(denoiser(x0 + level * noise, LEVELS), x0, atol=1e-4)
    assert torch.equal(denoiser.loss(x0, noise, LEVELS), torch.zeros(4))


@every_target
@every_spread
def test_input_and_target_have_unit_size_at_every_level(
    kind: Parameterisation, sigma_data: float
) -> None:
    generator = torch.Generator().manual_seed(0)
    x0 = sigma_data * torch.randn(4, 40_000, generator=generator)
    noise = torch.randn(4, 40_000, generator=generator)
    level = LEVELS[:, None]
    scaled = kind.scalings(LEVELS, sigma_data).into[:, None] * (x0 + level * noise)
    target = kind.target(x0, noise, level, sigma_data)
    straight = kind is Parameterisation.FLOW  # its path is straight, not of constant size
    sizes = torch.cat([scaled.std(dim=1), target.std(dim=1)])
    assert ((sizes > (0.65 if straight else 0.98)) & (sizes < (1.45 if straight else 1.02))).all()


def test_v_is_edm_up_to_the_sign_of_the_network() -> None:
    """Karras et al. 2022, table 1, with sigma_data 1."""
    c = Parameterisation.V.scalings(LEVELS)
    assert torch.allclose(c.skip, 1 / (LEVELS**2 + 1))
    assert torch.allclose(-c.out, LEVELS / (LEVELS**2 + 1).sqrt())
    assert torch.allclose(c.into, 1 / (LEVELS**2 + 1).sqrt())
    assert torch.allclose(c.noise, LEVELS.log() / 4)


@every_target
def test_loss_is_the_error_of_the_denoised_over_c_out(kind: Parameterisation) -> None:
    def net(scaled: Tensor, c_noise: Tensor, conditioning: object) -> Tensor:
        return (scaled + c_noise[:, None, None]).tanh()

    x0, noise = torch.randn(4, 3, 8), torch.randn(4, 3, 8)
    denoiser = Denoiser(net, kind)
    error = denoiser(x0 + LEVELS[:, None, None] * noise, LEVELS) - x0
    weight = kind.scalings(LEVELS).out ** -2
    expected = weight * error.square().flatten(1).mean(1)
    assert torch.allclose(denoiser.loss(x0, noise, LEVELS), expected, rtol=1e-2)


def test_keeps_fp32_around_a_bf16_network() -> None:
    seen = []

    def net(scaled: Tensor, c_noise: Tensor, conditioning: object) -> Tensor:
        seen.extend([scaled.dtype, c_noise.dtype])
        return scaled.bfloat16()

    denoiser = Denoiser(net, Parameterisation.V)
    assert denoiser(torch.randn(4, 3, 8), LEVELS.bfloat16()).dtype == torch.float32
    loss = denoiser.loss(torch.randn(4, 3, 8).bfloat16(), torch.randn(4, 3, 8), LEVELS)
    assert loss.dtype == torch.float32
    assert loss.shape == (4,)
    assert set(seen) == {torch.float32}
