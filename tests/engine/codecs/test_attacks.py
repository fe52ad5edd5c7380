"""Sound ahead of an attack is turned down; everything else stays."""

import pytest
import torch

from engine.codecs.attacks import log_envelope, without_pre_echo
from engine.codecs.windows import Circle, Line

STEP, COUNT = 16, 128
LINE, CIRCLE = Line(2 * STEP, STEP, COUNT), Circle(2 * STEP, STEP * COUNT, COUNT)
ATTACK = 64  # the step at which it begins


def stroke(smeared: bool) -> torch.Tensor:
    """(1, 2, samples) of noise that begins at the attack, or as loud 12 steps before it."""
    sound = 0.2 * torch.randn(1, 2, STEP * COUNT, generator=torch.Generator().manual_seed(0))
    begin = ATTACK - (12 if smeared else 0)
    return sound * (torch.arange(STEP * COUNT) >= begin * STEP) + 1e-3 * sound


@pytest.mark.parametrize("windows", [LINE, CIRCLE])
def test_what_comes_before_an_attack_is_turned_down(windows):
    made = without_pre_echo(stroke(True), log_envelope(stroke(False), windows), windows, 16)
    before, after = slice((ATTACK - 11) * STEP, (ATTACK - 3) * STEP), slice(ATTACK * STEP, None)
    ahead = made[..., before].square().mean() / stroke(True)[..., before].square().mean()
    assert float(ahead) < 0.01  # 20 dB
    torch.testing.assert_close(made[..., after], stroke(True)[..., after], rtol=0.05, atol=0.02)


def test_sound_that_is_as_told_stays():
    sound = stroke(False)
    made = without_pre_echo(sound, log_envelope(sound, LINE), LINE, 16)
    torch.testing.assert_close(made, sound)


def test_without_an_attack_nothing_is_turned_down_however_loud():
    sound = stroke(False)[..., ATTACK * STEP + STEP :]
    line = Line(2 * STEP, STEP, sound.shape[-1] // STEP)
    quieter = log_envelope(sound, line).mean().expand(1, line.count) - 2
    torch.testing.assert_close(without_pre_echo(sound, quieter, line, 16), sound)


def test_a_loop_hears_its_beginning_coming():
    """The attack is the loop's first step; what is smeared ahead of it lies at its end."""
    turn = ATTACK * STEP
    smeared, clean = stroke(True).roll(-turn, -1), stroke(False).roll(-turn, -1)
    made = without_pre_echo(smeared, log_envelope(clean, CIRCLE), CIRCLE, 16)
    ends = made[..., -11 * STEP : -3 * STEP].square().mean()
    assert float(ends / smeared[..., -11 * STEP : -3 * STEP].square().mean()) < 0.01
