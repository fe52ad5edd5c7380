"""The estimate of the seconds left, on a clock turned by hand."""

from engine.pace import SLOW_DECODING, Pace


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_slow_first_step_does_not_count_once_others_are_known() -> None:
    clock = Clock()
    pace = Pace(clock)
    pace.start(10.0)
    clock.now += 5.0
    assert pace.step_done(1, 4) == 15.0
    clock.now += 1.0
    assert pace.step_done(2, 4) == 2.0
    clock.now += 3.0
    assert pace.step_done(3, 4) == 2.0


def test_a_step_counts_by_its_evaluations() -> None:
    """Four in the first step, two in the second, one in the last."""
    clock = Clock()
    pace = Pace(clock)
    pace.start(10.0)
    clock.now += 8.0
    assert pace.step_done(4, 7) == 6.0
    clock.now += 2.0
    assert pace.step_done(6, 7) == 1.0


def test_the_next_pause_is_a_step_or_the_decoding() -> None:
    clock = Clock()
    pace = Pace(clock)
    pace.start(10.0)
    clock.now += 3.0
    pace.step_done(1, 3)
    clock.now += 1.0
    pace.step_done(2, 3)
    assert pace.pause_s(2) == 2.0
    assert pace.pause_s(0) == 10.0 * SLOW_DECODING
    clock.now += 2.0
    pace.decoded()
    assert pace.pause_s(0) == 2.0


def test_decoding_is_expected_to_take_what_it_took_before() -> None:
    clock = Clock()
    pace = Pace(clock)
    pace.start(10.0)
    assert pace.step_done(1, 1) == 0.0
    clock.now += 2.0
    pace.decoded()
    pace.start(30.0)
    assert pace.step_done(1, 1) == 6.0
